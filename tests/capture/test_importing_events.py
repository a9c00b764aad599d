"""What a row says is read as people mean it, or refused with a reason that holds none of its values."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ecom_llm.capture.importing.columns import COLUMNS
from ecom_llm.capture.importing.events import Clock, EventMaker
from ecom_llm.capture.importing.moments import moment_reader
from ecom_llm.capture.importing.people import People
from ecom_llm.capture.importing.rejected import RowRejectedError
from ecom_llm.entities import Consent, EventRecord

NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
PURCHASE = {"occurred_at": "2025-05-01", "kind": "purchase", "product_id": "kettle", "visitor": "ann"}


def event_of(**values: str) -> EventRecord:
    row = PURCHASE | values
    maker = EventMaker(People(Consent.ANONYMOUS, b"salt"), Clock(BERLIN, NOW))
    return maker.event_of(tuple(row.get(name, "") for name in COLUMNS))


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2025-05-01T10:00:00Z", datetime(2025, 5, 1, 10, tzinfo=UTC)),
        ("2025-05-01T10:00:00.25+02:00", datetime(2025, 5, 1, 8, 0, 0, 250_000, tzinfo=UTC)),
        ("2025-05-01 10:00", datetime(2025, 5, 1, 8, tzinfo=UTC)),
        ("20250501", datetime(2025, 4, 30, 22, tzinfo=UTC)),
        ("1746093600", datetime(2025, 5, 1, 10, tzinfo=UTC)),
        ("1746093600.5", datetime(2025, 5, 1, 10, 0, 0, 500_000, tzinfo=UTC)),
        ("1746093600123", datetime(2025, 5, 1, 10, 0, 0, 123_000, tzinfo=UTC)),
        ("1746093600123456", datetime(2025, 5, 1, 10, 0, 0, 123_456, tzinfo=UTC)),
        # Shown twice: the earlier. Skipped: an hour behind the skip's beginning.
        ("2024-10-27 02:30", datetime(2024, 10, 27, 0, 30, tzinfo=UTC)),
        ("2025-03-30 02:30", datetime(2025, 3, 30, 1, 30, tzinfo=UTC)),
        # Tomorrow, by a clock that is ahead.
        ("2025-06-02T11:00:00Z", datetime(2025, 6, 2, 11, tzinfo=UTC)),
    ],
)
def test_times_are_read(text: str, moment: datetime) -> None:
    assert moment_reader(BERLIN, NOW)(text).at == moment


def test_day_is_the_shops() -> None:
    assert moment_reader(BERLIN, NOW)("2025-05-01T23:00:00Z").day == "2025-05-02"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "missing: give 2026-10-01T10:05 or seconds"),
        ("yesterday", "not a time: give 2026-10-01T10:05 or seconds"),
        ("01/05/2025", "no guess is made: give 2026-10-01T10:05"),
        ("01.10.2024 10:05", "which number is the month"),
        ("1.10.24 10:05:00", "which number is the month"),
        ("1746093600e3", "not a time"),
        ("\uff19" * 10, "not a time"),
        ("0001-01-01T00:00:00+14:00", "not a time"),
        ("1999-12-31", "before the year 2000"),
        ("2025-06-02T13:00:00Z", "in the future"),
        ("9999999999999", "in the future"),
    ],
)
def test_other_times_are_refused(text: str, reason: str) -> None:
    with pytest.raises(RowRejectedError, match=reason):
        moment_reader(BERLIN, NOW)(text)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"kind": ""}, "kind is missing: one of view_item, "),
        ({"kind": "page_view"}, "kind is not known: one of .*purchase"),
        ({"product_id": " "}, "product_id is missing"),
        ({"kind": "view_item", "product_id": ""}, "product_id is missing"),
        ({"product_id": "x" * 101}, "product_id is longer"),
        ({"product_id": "a\x07b"}, "control character"),
        ({"kind": "search", "query": " "}, "query is missing"),
        ({"quantity": "0"}, "quantity is not positive"),
        ({"quantity": "-3"}, "quantity is not positive"),
        ({"quantity": "1.5"}, "quantity is not a whole number such as 2"),
        ({"quantity": "9999999999"}, "quantity is more than"),
        ({"value": "-1"}, "value is negative"),
        ({"value": "1,50"}, "value is not a number"),
        ({"value": "NaN"}, "value is not a number"),
        ({"value": "1e9"}, "value is not a number"),
        ({"value": "1_0"}, "value is not a number"),
        ({"value": "9" * 13}, "twelve digits"),
        ({"currency": "Euro"}, "three letters such as EUR"),
        ({"language": "Deutsch, bitte"}, "code such as de"),
        ({"order_id": "x" * 65}, "order_id"),
        ({"id": "x" * 201}, "id is longer"),
        ({"kind": "user_engagement", "engagement_ms": "-1"}, "engagement_ms"),
    ],
)
def test_what_no_event_can_hold_is_refused(values: dict[str, str], reason: str) -> None:
    with pytest.raises(RowRejectedError, match=reason) as told:
        event_of(**values)
    value = next(iter(values.values())).strip()
    assert len(value) < 3 or value not in str(told.value)


@pytest.mark.parametrize(
    ("values", "name", "wanted"),
    [
        ({}, "quantity", 1),
        ({"quantity": "3.0"}, "quantity", 3),
        ({"currency": "eur"}, "currency", "EUR"),
        ({"language": "pt_BR"}, "language", "pt-br"),
        ({"kind": "user_engagement", "engagement_ms": "1500"}, "engagement_ms", 1500),
        ({"engagement_ms": "1500"}, "engagement_ms", None),
        ({"product_id": " kettle "}, "product_id", "kettle"),
        ({"query": "kettle"}, "query", ""),
        ({"kind": "search", "query": "kettle"}, "product_id", ""),
        ({"visitor": ""}, "visitor", ""),
    ],
)
def test_values_are_kept_as_meant(values: dict[str, str], name: str, wanted: Any) -> None:
    assert getattr(event_of(**values), name) == wanted


def test_id_is_made_of_what_the_row_says_in_one_spelling() -> None:
    first = event_of(value="10", quantity="2")
    assert first.id == event_of(value="10.00", quantity="2.0", occurred_at="2025-04-30T22:00:00Z").id
    others = [
        event_of(**{"value": "10", "quantity": "2"} | change).id
        for change in (
            {"visitor": "bob"}, {"visit": "s"}, {"product_id": "x"}, {"value": "11"}, {"quantity": "3"},
            {"order_id": "o"}, {"currency": "EUR"}, {"kind": "add_to_cart"}, {"language": "de"},
            {"visitor": "", "visit": "ann"},
        )
    ]  # fmt: skip
    assert len({first.id, *others}) == 11


def test_own_id_alone_decides_within_a_moment() -> None:
    assert event_of(id="7", value="1").id == event_of(id="7", value="2").id != event_of(id="8", value="1").id


def test_another_secret_gives_other_ids(settings: Any) -> None:
    first = event_of()
    settings.SECRET_KEY = "another"
    assert event_of().id != first.id
