"""An event comes out of the stream as it went in; anything else is refused, whatever it is."""

from __future__ import annotations

import json
import sys
import uuid
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from django.utils.safestring import SafeString
from hypothesis import given
from hypothesis import strategies as st

from ecom_llm.capture import wire
from ecom_llm.capture.wire import FORMAT, decode, encode, text_of, visitor_of
from ecom_llm.entities import Consent, EventKind, EventRecord
from ecom_llm.exceptions import StreamAwayError
from tests.capture.streams import VISITOR, make_record

# Each field with a value of its own, so that none can be taken for another.
FULL = EventRecord(
    id=uuid.UUID("01890a5d-ac96-774b-bcce-b302099a8057"),
    kind="purchase",
    occurred_at=datetime(2026, 7, 4, 12, 30, 1, 234567, tzinfo=UTC),
    visitor="p:" + "1" * 32,
    consent="personal",
    product_id="lamp-1",
    query="brass “lamp” \U0001f4a1",
    quantity=3,
    value=Decimal("59.90"),
    currency="EUR",
    order_id="A-1001",
    language="de",
    visit="visit-7",
    engagement_ms=1200,
    is_known=False,
)


def test_every_field_comes_back() -> None:
    assert decode(encode(FULL)) == FULL
    assert decode(encode(make_record(value=None, engagement_ms=None))).value is None


def test_value_keeps_its_digits() -> None:
    # Equal numbers may differ in digits, and so in what a statement of the database is sent.
    assert str(decode(encode(FULL)).value) == "59.90"


def test_time_of_another_zone_is_the_same_moment() -> None:
    there = FULL.occurred_at.astimezone(timezone(timedelta(hours=-7)))
    back = decode(encode(FULL._replace(occurred_at=there))).occurred_at
    assert back == FULL.occurred_at
    assert back.utcoffset() == timedelta(0)


def test_members_of_enumerations_travel_as_their_values() -> None:
    back = decode(encode(make_record(kind=EventKind.SEARCH, consent=Consent.PERSONAL)))
    assert (type(back.kind), back.kind, back.consent) == (str, "search", "personal")


def test_text_of_a_template_travels_as_text() -> None:
    back = decode(encode(make_record(SafeString("lamp-1"))))
    assert (type(back.product_id), back.product_id) == (str, "lamp-1")


@given(query=st.text(alphabet=st.characters(codec="utf-8"), max_size=40))
def test_any_text_comes_back(query: str) -> None:
    # NUL too; storing is who refuses it.
    assert decode(encode(make_record(query=query))).query == query


@pytest.mark.parametrize(
    "values",
    [
        {"occurred_at": datetime(2026, 7, 4)},  # noqa: DTZ001
        {"occurred_at": "today"}, {"query": "half \ud800"}, {"quantity": 10**40},
        {"value": object()}, {"occurred_at": datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=5)))},
    ],
)  # fmt: skip
def test_what_cannot_be_sent_is_refused_in_words_of_our_own(values: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"^An event cannot be sent: [\w ]+\.$"):
        encode(make_record(**values))


def changed(place: int, value: Any) -> bytes:
    """An event with another value in a field."""
    row = list(FULL)
    row[place] = value
    return raw(row)


def raw(row: Any, version: int = FORMAT) -> bytes:
    return bytes((version,)) + msgspec.msgpack.encode(row)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"\xff\xfe", b"null", encode(FULL)[:1], encode(FULL)[:-9], encode(FULL) + b"x", encode(FULL)[1:],
        raw(FULL, FORMAT - 1), raw(FULL, FORMAT + 1), raw(None), raw(7), raw("text"), raw({}), raw([]), raw([1, 2, 3]),
        raw([*FULL, 1]), raw(FULL._asdict()), bytes((FORMAT,)) + b"\x91" * 100_000, bytes((FORMAT,)) + b"\xdd" * 5,
        changed(0, 5), changed(0, "xyz"), changed(0, b"f" * 17), changed(1, None), changed(2, 10**12),
        changed(2, "today"), changed(2, "2026-07-04T12:30:01"), changed(6, b"lamp"), changed(6, ["a"]),
        changed(7, "3"), changed(7, True), changed(7, 2.0), changed(8, "much"), changed(8, [1]), changed(13, "long"),
        changed(14, 1), encode(FULL).replace(b"brass", b"bra\xff\xfe"),
    ],
)  # fmt: skip
def test_whatever_is_no_event_is_refused_in_words_of_our_own(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"^The entry cannot be read: [\w ]+\.$"):
        decode(body)


@given(st.binary(max_size=200))
def test_bytes_of_any_kind_are_refused_and_belong_to_somebody_or_nobody(body: bytes) -> None:
    for entry in (body, bytes((FORMAT,)) + body):
        with pytest.raises(ValueError, match="cannot be read"):
            decode(entry)
        assert isinstance(visitor_of(entry), str)


def test_visitor_is_found_in_an_event_and_in_its_remains() -> None:
    other = "p:" + "2" * 32
    assert visitor_of(encode(make_record())) == VISITOR
    assert visitor_of(encode(make_record(query=other))[:-5]) == VISITOR
    assert visitor_of(raw(FULL, FORMAT + 1)) == FULL.visitor
    assert visitor_of(changed(3, 5)) == ""
    # Whose event it is and what was searched for are two things, also where another field is wrong.
    assert visitor_of(encode(make_record(visitor="", query=VISITOR))) == ""
    assert visitor_of(raw([*make_record(visitor="", query=VISITOR)[:-1], "no"])) == ""
    assert visitor_of(b'"a text"') == ""


def test_what_holds_no_event_can_still_be_read_by_a_person() -> None:
    told = json.loads(text_of(raw([*FULL[:-1], "no"])))
    assert told[:4] == [str(FULL.id), "purchase", str(FULL.occurred_at), FULL.visitor]
    assert (told[6], told[8], told[-1]) == (FULL.query, "59.90", "no")
    # As erasing looks for it.
    assert f'"{FULL.visitor}"' in text_of(raw([*FULL[:-1], "no"]))
    assert text_of(raw([{b"key": 1}])) != ""
    assert text_of(b"nobody's") == "nobody's"


@given(st.binary(max_size=200))
def test_bytes_of_any_kind_have_a_text(body: bytes) -> None:
    for entry in (body, bytes((FORMAT,)) + body):
        assert isinstance(text_of(entry), str)


def test_without_the_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    body = encode(FULL)
    monkeypatch.setitem(sys.modules, "msgspec", None)
    wire._codec.cache_clear()
    for work in (lambda: encode(FULL), lambda: decode(body), lambda: visitor_of(body), lambda: text_of(body)):
        with pytest.raises(StreamAwayError, match=r"pip install 'ecom-llm\[redis\]'"):
            work()
