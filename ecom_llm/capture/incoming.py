"""Makes events of what a browser or another system sends; what cannot be one is dropped and counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from ecom_llm import conf
from ecom_llm.capture import counters
from ecom_llm.capture.queries import normalise_query
from ecom_llm.capture.repeats import bits_of, id_unless_repeat
from ecom_llm.capture.scope import active_language
from ecom_llm.capture.visitors import Visitor
from ecom_llm.entities import EventKind, EventRecord
from ecom_llm.ids import first_moment_of_day, id_of, time_of

# A browser's clock is believed this far back and never ahead.
OLDEST = timedelta(days=1)


def make_records(visitor: Visitor, rows: Sequence[Mapping[str, Any]]) -> list[EventRecord]:
    """Turn validated rows into events. Runs no query: products are looked up when the events are stored.

    Args:
        visitor: whose they are.
        rows: each with ``kind`` and, as the kind needs, ``id`` (a UUID; the same one again is the same event),
            ``product_id``, ``query``, ``quantity``, ``value``, ``currency``, ``order_id``, ``language``,
            ``engagement_ms``, and when it happened: ``ago_ms``, milliseconds before now, or ``occurred_at``.

    Returns:
        The events. Left out and counted: rows that say nothing, and pages seen just before.
    """
    now = timezone.now()
    made = (_make_record(visitor, row, now) for row in rows)
    return [record for record in made if record is not None]


def believable(given: datetime | None, now: datetime) -> datetime:
    """When an event happened: as given if that lies within the last day, else the nearest time that does."""
    return now if given is None else min(max(given, now - OLDEST), now)


def own_id(visitor: str, kind: str, given: UUID, now: datetime) -> UUID:
    """The id under which an event is kept whose sender gave it one.

    The same id and kind from the same visitor is the same event; from another visitor it is another, so nobody can
    take the place of somebody else's events. A version 7 UUID keeps its time if that is within a day; a sender with a
    wrong clock, or with another version, gets the day's first moment, so that a second try on that day meets the first.
    """
    moment = time_of(given)
    if moment is None or abs(moment - now) > OLDEST:
        moment = first_moment_of_day(now)
    return id_of(moment, bits_of(visitor, kind, given.hex))


def _make_record(visitor: Visitor, row: Mapping[str, Any], now: datetime) -> EventRecord | None:
    kind = EventKind(row["kind"])
    product_id = str(row.get("product_id") or "")
    query = normalise_query(str(row.get("query") or ""), conf.get_settings().capture.query_max_characters)
    if not product_id and not (kind is EventKind.SEARCH and query):
        counters.count("events.dropped.empty")
        return None
    identifier = _identifier(visitor.key, kind, product_id or query, row.get("id"), now)
    if identifier is None:
        counters.count("events.skipped.repeat")
        return None
    ago = row.get("ago_ms")
    given = row.get("occurred_at") if ago is None else now - min(timedelta(milliseconds=int(ago)), OLDEST)
    return EventRecord(
        id=identifier,
        kind=kind.value,
        occurred_at=believable(given, now),
        visitor=visitor.key,
        consent=visitor.consent.value,
        product_id=product_id,
        query=query,
        quantity=row.get("quantity") or 1,
        value=row.get("value"),
        currency=str(row.get("currency") or "")[:3],
        order_id=str(row.get("order_id") or "")[:64],
        language=str(row.get("language") or active_language())[:16],
        engagement_ms=row.get("engagement_ms"),
        is_known=not product_id,
    )


def _identifier(visitor: str, kind: EventKind, subject: str, given: Any, now: datetime) -> UUID | None:
    if not given:
        return id_unless_repeat(visitor, kind, subject, now)
    return own_id(visitor, kind, given if isinstance(given, UUID) else UUID(str(given)), now)
