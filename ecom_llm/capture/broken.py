"""Recognises events that no table can hold, and keeps them aside with the reason."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from itertools import product
from types import NoneType
from typing import Any
from uuid import UUID

from django.db import router

from ecom_llm.capture.boundary import isolated
from ecom_llm.entities import Consent, EventKind, EventRecord
from ecom_llm.models import BrokenEvent, Event

REASON_CHARACTERS = 300
BODY_CHARACTERS = 10_000
_KINDS = frozenset(EventKind)
_LEVELS = frozenset(Consent)
_TEXTS = ("visitor", "visit", "product_id", "query", "currency", "order_id", "language")
_WIDTHS = tuple((name, getattr(Event._meta.get_field(name), "max_length", None) or 0) for name in _TEXTS)
# The types of an `EventRecord`'s fields, which a shop's own code may have given otherwise. All are compared at once, as
# there are many; only one that looks odd, with a text of some kind of its own say, is looked at field by field.
_TYPES: dict[str, tuple[type, ...]] = {
    "id": (UUID,), "kind": (str,), "occurred_at": (datetime,), "visitor": (str,), "consent": (str,),
    "product_id": (str,), "query": (str,), "quantity": (int,), "value": (Decimal, NoneType), "currency": (str,),
    "order_id": (str,), "language": (str,), "visit": (str,), "engagement_ms": (int, NoneType), "is_known": (bool,),
}  # fmt: skip
_SHAPES = frozenset(product(*(_TYPES[name] for name in EventRecord._fields)))
# PostgreSQL's and the field's; SQLite would take more and then fail to sort or sum it.
MAX_INTEGER = 2_147_483_647
MAX_VALUE = 10**12


def problem_of(record: EventRecord) -> str:
    """Why a record cannot be stored; empty when it can. The same on every database: SQLite itself takes anything."""
    if tuple(map(type, record)) not in _SHAPES and (problem := _wrong_type(record)):
        return problem
    if record.kind not in _KINDS:
        return f"kind {record.kind[:40]!r} is not known"
    if record.consent not in _LEVELS:
        return f"consent {record.consent[:40]!r} is not known"
    if record.occurred_at.tzinfo is None:
        return "occurred_at has no time zone"
    for name, width in _WIDTHS:
        text = getattr(record, name)
        if len(text) > width:
            return f"{name} has {len(text)} characters, more than {width}"
        # The quick question first: most texts are plain.
        if (not text.isascii() or "\0" in text) and (problem := _unstorable(name, text)):
            return problem
    return _problem_of_numbers(record)


def _wrong_type(record: EventRecord) -> str:
    for name, types in _TYPES.items():
        value = getattr(record, name)
        if not isinstance(value, types):
            return f"{name} is of the type {type(value).__name__}"
    return ""


def _problem_of_numbers(record: EventRecord) -> str:
    if not 0 < record.quantity <= MAX_INTEGER:
        return f"quantity {record.quantity} is not between 1 and {MAX_INTEGER}"
    if record.engagement_ms is not None and not 0 <= record.engagement_ms <= MAX_INTEGER:
        return f"engagement_ms {record.engagement_ms} is not between 0 and {MAX_INTEGER}"
    if record.value is not None and not (record.value.is_finite() and abs(record.value) < MAX_VALUE):
        return "value is not a number of at most twelve digits before the point"
    return ""


def _unstorable(name: str, text: str) -> str:
    if "\0" in text:
        return f"{name} holds a NUL character"
    try:
        text.encode()
    except UnicodeEncodeError:
        return f"{name} holds half of a surrogate pair"
    return ""


def keep_all_aside(broken: Sequence[tuple[EventRecord, str]]) -> None:
    """Keep events that cannot be stored, all or none.

    Args:
        broken: each with the reason, for people.

    Raises:
        DatabaseError: the database is away.
    """
    if broken:
        _keep([_row(_as_text(record), reason, record.visitor) for record, reason in broken])


def keep_text_aside(body: Any, reason: str, *, visitor: str = "") -> None:
    """Keep what should have been an event and cannot even be read.

    Args:
        body: as it came.
        reason: for people.
        visitor: whose it is, if that can be told.

    Raises:
        DatabaseError: the database is away.
    """
    _keep([_row(str(body), reason, visitor)])


def _keep(rows: list[BrokenEvent]) -> None:
    with isolated(BrokenEvent):
        BrokenEvent.objects.using(router.db_for_write(BrokenEvent)).bulk_create(rows)


def _row(body: str, reason: str, visitor: str) -> BrokenEvent:
    return BrokenEvent(
        reason=_storable(reason)[:REASON_CHARACTERS],
        visitor=_storable(visitor)[:64],
        body=_storable(body)[:BODY_CHARACTERS],
    )


def _as_text(record: EventRecord) -> str:
    return json.dumps(record._asdict(), default=str)


def _storable(text: str) -> str:
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()
