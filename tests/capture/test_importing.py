"""Events of another system are imported once, with nobody recognisable, and a run that stops goes on."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError

from ecom_llm.capture import erased
from ecom_llm.capture.importing import running
from ecom_llm.capture.importing.moments import HOW
from ecom_llm.capture.importing.people import imported_key
from ecom_llm.capture.importing.state import ImportOptions
from ecom_llm.entities import Consent
from ecom_llm.exceptions import ImportFileError
from ecom_llm.ids import time_of
from ecom_llm.models import Event, EventImport

pytestmark = pytest.mark.django_db

HEADER = "occurred_at,visitor,visit,kind,product_id,query,value,currency,order_id\n"
ORDER = "2024-05-01T10:00:00Z,ann@shop.test,s1,purchase,lantern,,12.5,gbp,A-1\n"
VIEW = "2024-05-01T09:59:00Z,ann@shop.test,s1,view_item,lantern-red,,,,\n"
SEARCH = "2024-05-01T09:58:00Z,ann@shop.test,s1,search,,Storm  LANTERN,,,\n"

Run = Callable[..., dict[str, Any]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Of the file to be imported."""
    return tmp_path / "events.csv"


@pytest.fixture
def run(path: Path) -> Run:
    """Import the file, all of it or so many batches; returns the counts."""

    def run(batches: int = 1_000_000, **options: Any) -> dict[str, Any]:
        chosen = ImportOptions(path, path.with_name("rejected.jsonl"))
        with running.file_import(replace(chosen, **options)) as work:
            assert work is not None
            for _ in range(batches):
                if not work.step():
                    break
            return work.counts

    return run


def orders(first: int, last: int) -> str:
    """Lines of orders that differ."""
    return "".join(ORDER.replace("A-1", f"A-{number}") for number in range(first, last + 1))


def rejected(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.with_name("rejected.jsonl").read_text().splitlines()]


def test_lines_become_events(path: Path, run: Run) -> None:
    path.write_text(HEADER + ORDER + VIEW + SEARCH)
    assert run()["accepted"] == 3
    purchase, view, search = Event.objects.order_by("-occurred_at")
    assert (purchase.kind, purchase.product_id, purchase.quantity) == ("purchase", "lantern", 1)
    assert (purchase.value, purchase.currency) == (Decimal("12.50"), "GBP")
    assert purchase.occurred_at == datetime(2024, 5, 1, 10, tzinfo=UTC) == time_of(purchase.id)
    assert view.product_id == "lantern"
    assert (search.query, search.product_id) == ("storm lantern", "")


def test_anonymous_visitors_orders_and_visits_are_hashed_and_the_salt_is_thrown_away(path: Path, run: Run) -> None:
    path.write_text(HEADER + ORDER + VIEW + ORDER.replace("05-01", "05-02"))
    run()
    later, purchase, view = Event.objects.order_by("-occurred_at")
    assert purchase.visitor == view.visitor != later.visitor
    assert purchase.visit == view.visit != later.visit
    assert purchase.visitor.startswith("a:")
    assert len(purchase.visitor) == 34
    assert purchase.consent == "anonymous"
    assert not {"ann@shop.test", "s1", "A-1"} & {purchase.visitor, purchase.visit, purchase.order_id}
    assert bytes(EventImport.objects.get().salt) == b""


def test_personal_visitors_are_the_same_in_every_file_and_can_be_found(path: Path, run: Run) -> None:
    path.write_text(HEADER + ORDER)
    run(consent=Consent.PERSONAL)
    path.write_text(HEADER + SEARCH + ORDER.replace("05-01", "06-01"))
    run(consent=Consent.PERSONAL)
    assert {event.visitor for event in Event.objects.all()} == {imported_key("ann@shop.test")}
    assert set(Event.objects.values_list("order_id", flat=True)) == {"A-1", ""}
    assert imported_key("ann@shop.test").startswith("p:")


def test_same_lines_count_once_in_whatever_file_they_come(path: Path, run: Run) -> None:
    path.write_text(HEADER + ORDER + ORDER + VIEW)
    counts = run()
    assert (counts["accepted"], counts["duplicates"]) == (2, 1)
    path.write_text(HEADER + VIEW + ORDER.replace("12.5,", "12.50,"))
    counts = run(consent=Consent.PERSONAL)
    assert (counts["accepted"], counts["duplicates"]) == (0, 2)


def test_ids_tell_apart_lines_that_are_alike(path: Path, run: Run) -> None:
    path.write_text("id," + HEADER + "1," + ORDER + "2," + ORDER + "2," + ORDER)
    counts = run()
    assert (counts["accepted"], counts["duplicates"]) == (2, 1)


def test_unknown_products_are_kept_unless_refused(path: Path, run: Run) -> None:
    path.write_text(HEADER + ORDER + VIEW.replace("lantern-red", "discontinued"))
    counts = run()
    assert (counts["accepted"], counts["unknown_products"]) == (2, 1)
    assert Event.objects.filter(product_id="discontinued").exists()
    counts = run(is_known_only=True)
    assert (counts["duplicates"], counts["rejected"]) == (1, {running.UNKNOWN_PRODUCT: 1})
    assert rejected(path)[0]["record"]["product_id"] == "discontinued"


def test_stopped_import_goes_on_and_counts_each_line_once(
    path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "BATCH_ROWS", 3)
    path.write_text(HEADER + orders(1, 3) + "no time,v,,purchase,lantern,,,,\n" + orders(4, 8))
    assert run(batches=1)["accepted"] == 3
    assert EventImport.objects.get().lines == 4
    counts = run()
    assert (counts["accepted"], counts["duplicates"]) == (8, 0)
    assert [line["line"] for line in rejected(path)] == [5]
    assert Event.objects.values("visitor").distinct().count() == 1
    assert run() == counts


def test_batch_that_the_database_did_not_take_comes_again(
    path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between storing and saving, a run has stored nothing."""
    monkeypatch.setattr(running, "BATCH_ROWS", 2)
    path.write_text(HEADER + orders(1, 2) + "no time,v,,purchase,lantern,,,,\n" + orders(3, 4))
    run(batches=1)
    with monkeypatch.context() as broken:

        def fail(*_: Any) -> None:
            raise OperationalError("gone")

        broken.setattr(running.FileImport, "_save", fail)
        with pytest.raises(OperationalError):
            run()
    assert Event.objects.count() == 2
    assert [line["line"] for line in rejected(path)] == [4]
    counts = run()
    assert (counts["accepted"], counts["duplicates"]) == (4, 0)
    assert counts["rejected"] == {f"occurred_at is not a time: {HOW}": 1}
    assert [line["line"] for line in rejected(path)] == [4]


def test_file_that_has_grown_goes_on(path: Path, run: Run) -> None:
    path.write_text(HEADER + orders(1, 2).rstrip("\n"))
    run()
    with path.open("a") as file:
        file.write("\n" + orders(3, 3))
    with running.file_import(ImportOptions(path, path.with_name("rejected.jsonl"))) as work:
        assert work is not None
        work.step()
        assert work.rows == 1
        assert work.counts["accepted"] == 3


def test_last_line_that_goes_on_later_is_told(path: Path, run: Run) -> None:
    path.write_text(HEADER + orders(1, 2).rstrip("\n"))
    run()
    with path.open("a") as file:
        file.write("23\n")
    with pytest.raises(ImportFileError, match=r"not complete.*--restart"):
        run()


def test_file_that_has_changed_is_told_and_can_be_offered_again(path: Path, run: Run) -> None:
    path.write_text(HEADER + orders(1, 3))
    run()
    path.write_text(HEADER + orders(1, 1) + orders(7, 8))
    with pytest.raises(ImportFileError, match=r"has changed.*--restart"):
        run()
    counts = run(is_restart=True)
    assert (counts["accepted"], counts["duplicates"]) == (2, 1)


def test_two_runs_of_one_file_do_not_undo_each_other(path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "BATCH_ROWS", 1)
    path.write_text(HEADER + orders(1, 3))
    with running.file_import(ImportOptions(path, path.with_name("rejected.jsonl"))) as work:
        assert work is not None
        work.step()
        run()
        with pytest.raises(ImportFileError, match="Another run"):
            work.step()
    assert Event.objects.count() == 3


def test_truncated_archive_gives_what_it_holds_and_the_whole_one_the_rest(path: Path, run: Run) -> None:
    # Nearly every place is within a record; the archive must not be so small that one read takes it all.
    order = ORDER.replace("ann@shop.test", '"ann\n\n\n\n\n\n@shop.test"')
    rows = "".join(order.replace("A-1", f"A-{n}-{n * 7919**3 % 10**9}") for n in range(3000))
    whole = gzip.compress((HEADER + rows).encode())
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ImportFileError, match=r"cannot be read behind line .* not copied whole; .* goes on from there"):
        run()
    stored = Event.objects.count()
    assert 0 < stored < 3000
    path.write_bytes(whole)
    counts = run()
    assert (counts["accepted"], counts["duplicates"], counts["rejected"]) == (3000, 0, {})


def test_erased_visitor_does_not_come_back_by_an_import(path: Path, run: Run) -> None:
    erased.ask_to_forget([imported_key("ann@shop.test")])
    path.write_text(HEADER + ORDER + ORDER.replace("ann@", "bob@"))
    counts = run(consent=Consent.PERSONAL)
    assert (counts["accepted"], counts["erased"]) == (1, 1)


def test_other_files_are_not_overwritten_with_rejected_lines(path: Path, run: Run) -> None:
    path.write_text(HEADER + "no time,v,,purchase,lantern,,,,\n")
    other = path.with_name("rejected.jsonl")
    other.write_text("my notes\n")
    with pytest.raises(ImportFileError, match="no file of rejected lines"):
        run()
    with pytest.raises(ImportFileError, match="no file of rejected lines"):
        run(rejected_path=path)
    assert other.read_text() == "my notes\n"


def test_times_without_offset_are_the_shops(path: Path, run: Run) -> None:
    path.write_text("occurred_at;kind;product_id\n2024-07-01 00:30;view_item;kettle\n")
    run(zone_name="Europe/Berlin")
    assert Event.objects.get().occurred_at == datetime(2024, 6, 30, 22, 30, tzinfo=UTC)
    with pytest.raises(ImportFileError, match="no time zone"):
        run(zone_name="Berlin/Europe")


def test_searches_are_kept_as_shoppers_searches_are(path: Path, run: Run) -> None:
    path.write_text(HEADER + SEARCH.replace("Storm  LANTERN", "lantern for ann@shop.test"))
    run()
    assert "ann@shop.test" not in Event.objects.get().query


def test_visitor_who_asks_while_a_batch_is_stored_is_forgotten(
    path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the erasure looked for was not committed yet when it looked."""
    save = running.FileImport._save

    def save_late(*arguments: Any) -> None:
        erased.ask_to_forget([imported_key("ann@shop.test")])
        save(*arguments)

    monkeypatch.setattr(running.FileImport, "_save", save_late)
    path.write_text(HEADER + ORDER)
    run(consent=Consent.PERSONAL)
    assert not Event.objects.exists()


def test_json_lines_say_the_same_as_csv(path: Path, run: Run) -> None:
    names = HEADER.strip().split(",")
    lines = [dict(zip(names, line.strip().split(","), strict=True)) for line in (ORDER, VIEW, SEARCH)]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert run(format="jsonl")["accepted"] == 3
    path.write_text(HEADER + ORDER + VIEW + SEARCH)
    assert run()["duplicates"] == 3


def test_mended_copy_of_the_rejected_lines_is_a_file_of_its_own(path: Path, run: Run, tmp_path: Path) -> None:
    header, order = (line.replace(",", ";") for line in (HEADER, ORDER))
    first = order.replace("purchase", "sale").replace("12.5", "1.012,5")
    path.write_text(header + first + order.replace("purchase", ""))
    assert sum(run()["rejected"].values()) == 2
    mended = tmp_path / "mended.jsonl"
    # The second one is still not mended.
    mended.write_text(path.with_name("rejected.jsonl").read_text().replace("sale", "purchase"))
    counts = run(path=mended, rejected_path=tmp_path / "again.jsonl")
    assert (counts["accepted"], sum(counts["rejected"].values())) == (1, 1)
    assert Event.objects.get().value == Decimal("1012.50")
