"""A file's lines become visits as an import's become events."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ecom_llm.catalog.adapters.memory import MemoryCatalog
from ecom_llm.exceptions import ImportFileError
from ecom_llm.models import Event, EventImport
from ecom_llm.recommend.measuring.visits_in_file import EventFile, FileVisits, read_visits

pytestmark = pytest.mark.django_db

HEADER = "occurred_at,visitor,visit,kind,product_id,order_id"

Read = Callable[..., FileVisits]


@pytest.fixture
def read(shop: MemoryCatalog, tmp_path: Path) -> Read:
    def read(*lines: str, header: str = HEADER) -> FileVisits:
        path = tmp_path / "visits.csv"
        path.write_text("\n".join([header, *lines]) + "\n")
        return read_visits(EventFile(path, UTC))

    return read


def line(minute: int, product_id: str, visitor: str = "ann", visit: str = "", kind: str = "view_item") -> str:
    return f"2024-05-01T{10 + minute // 60}:{minute % 60:02},{visitor},{visit},{kind},{product_id},"


def test_a_long_gap_ends_a_visit(read: Read) -> None:
    found = read(line(0, "pot"), line(20, "pan"), line(51, "bag"), line(52, "quay"))
    assert found.visits == [["pot", "pan"], ["bag", "quay"]]
    assert (found.events, found.is_orders, found.unknown_products) == (4, False, 0)
    assert found.first_at == datetime(2024, 5, 1, 10, tzinfo=UTC)


def test_a_search_keeps_a_visit_going_and_is_no_product(read: Read) -> None:
    found = read(
        f"{line(0, 'pot')}", "2024-05-01T10:25,ann,,search,,", line(50, "pan"), header=HEADER
    )  # fmt: skip
    assert found.rejected == {"query is missing": 1}
    header = HEADER + ",query"
    found = read(f"{line(0, 'pot')},", "2024-05-01T10:25,ann,,search,,,tent", f"{line(50, 'pan')},", header=header)
    assert found.visits == [["pot", "pan"]]


def test_a_visit_is_what_the_file_says(read: Read) -> None:
    found = read(line(0, "pot", visit="1"), line(100, "pan", visit="1"), line(101, "bag", visit="2"))
    assert found.visits == [["pot", "pan"], ["bag"]]


def test_a_visit_goes_on_over_midnight(read: Read) -> None:
    found = read("2024-05-01T23:55,ann,,view_item,pot,", "2024-05-02T00:05,ann,,view_item,pan,")
    assert found.visits == [["pot", "pan"]]


def test_visitors_are_told_apart_and_nobodys_events_predict_nothing(read: Read) -> None:
    found = read(line(0, "pot"), line(1, "bag", "bob"), line(2, "pan"), line(3, "quay", "bob"), line(4, "fell", ""))
    assert sorted(found.visits) == [["bag", "quay"], ["pot", "pan"]]
    assert found.events == 5


def test_an_unsorted_file_is_sorted_and_lines_of_one_moment_keep_their_order(read: Read) -> None:
    found = read(line(5, "bag"), line(0, "quay"), line(0, "fell"), line(0, "pot"))
    assert found.visits == [["quay", "fell", "pot", "bag"]]


def test_a_reload_and_putting_what_is_looked_at_into_the_cart_are_no_step(read: Read) -> None:
    found = read(line(0, "pot"), line(1, "pot"), line(2, "pot", kind="add_to_cart"), line(3, "pan"), line(4, "pot"))
    assert found.visits == [["pot", "pan", "pot"]]


def test_cards_and_purchases_are_no_steps_of_a_visit(read: Read) -> None:
    found = read(line(0, "pot"), line(1, "bag", kind="view_item_list"), line(2, "pot", kind="purchase"), line(3, "pan"))
    assert found.visits == [["pot", "pan"]]


def test_a_file_of_purchases_is_one_of_orders(read: Read) -> None:
    found = read(
        "2024-05-01,ann,,purchase,pot,1", "2024-05-01,ann,,purchase,pan,1", "2024-05-01,ann,,purchase,bag,2",
        "2024-05-01,ann,,purchase,pot,1", "2024-05-01,ann,,purchase,quay,2",
    )  # fmt: skip
    assert found.is_orders
    assert found.visits == [["pot", "pan"], ["bag", "quay"]]


def test_purchases_without_an_order_are_grouped_by_time(read: Read) -> None:
    found = read(line(0, "pot", kind="purchase"), line(1, "pan", kind="purchase"), line(90, "bag", kind="purchase"))
    assert found.visits == [["pot", "pan"], ["bag"]]


def test_a_variant_stands_for_its_product(read: Read) -> None:
    found = read(line(0, "harbour-l"), line(1, "harbour-m"), line(2, "fell-s"))
    assert found.visits == [["harbour", "fell"]]


def test_unknown_products_are_counted_and_stay_what_they_are(read: Read) -> None:
    found = read(line(0, "pot"), line(1, "no-such"), line(2, "no-such"), line(3, "pan"))
    assert found.visits == [["pot", "no-such", "pan"]]
    assert found.unknown_products == 2


def test_bad_lines_are_counted_by_reason_and_the_rest_is_read(read: Read) -> None:
    found = read(line(0, "pot"), "yesterday,ann,,view_item,bag,", line(1, "bag", kind="stare"), "a,b", line(2, "pan"))
    assert found.visits == [["pot", "pan"]]
    assert [reason.split(":")[0] for reason in found.rejected] == [
        "occurred_at is not a time", "kind is not known", "has another number of values than the header",
    ]  # fmt: skip
    assert found.rejected.total() == 3


def test_json_lines_and_archives_are_read(shop: MemoryCatalog, tmp_path: Path) -> None:
    path = tmp_path / "visits.jsonl.gz"
    events = [
        {"occurred_at": 1714557600 + place, "visitor": "ann", "kind": "view_item", "product_id": product_id}
        for place, product_id in enumerate(["pot", "pan"])
    ]
    path.write_bytes(gzip.compress("\n".join(map(json.dumps, events)).encode()))
    assert read_visits(EventFile(path, UTC)).visits == [["pot", "pan"]]


def test_an_archive_that_is_cut_off_is_told(shop: MemoryCatalog, tmp_path: Path) -> None:
    path = tmp_path / "visits.csv.gz"
    whole = gzip.compress("\n".join([HEADER, *(line(minute, "pot") for minute in range(500))]).encode())
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ImportFileError, match="cannot be read"):
        read_visits(EventFile(path, UTC))


def test_an_empty_file_holds_nothing(shop: MemoryCatalog, tmp_path: Path) -> None:
    path = tmp_path / "visits.csv"
    path.write_text("")
    assert read_visits(EventFile(path, UTC)) == FileVisits()
    path.write_text(HEADER + "\n")
    assert read_visits(EventFile(path, UTC)).visits == []


def test_reading_stops_when_told(read: Read, tmp_path: Path) -> None:
    read(line(0, "pot"))
    found = read_visits(EventFile(tmp_path / "visits.csv", UTC), lambda source: False)
    assert not found.is_complete


def test_nothing_is_written(read: Read) -> None:
    read(line(0, "pot"), line(1, "pan"), "broken")
    assert not Event.objects.exists()
    assert not EventImport.objects.exists()
