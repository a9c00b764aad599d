"""The one way into the table of events: what sinks, the stream's drain and imports hand over is stored here."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import DatabaseError, ProgrammingError, router, transaction
from django.utils import timezone

from ecom_llm.capture import counters
from ecom_llm.capture.boundary import boundary, isolated
from ecom_llm.capture.broken import keep_all_aside, problem_of
from ecom_llm.capture.erased import take_back, without_erased
from ecom_llm.capture.inserting import insert
from ecom_llm.catalog.registry import get_catalog
from ecom_llm.entities import EventRecord
from ecom_llm.exceptions import DATABASE_AWAY, DATABASE_UNREADY
from ecom_llm.models import Event
from ecom_llm.signals import event_recorded
from ecom_llm.traces import trace_of

logger = logging.getLogger("ecom_llm.capture")


@dataclass(slots=True)
class Stored:
    """What became of a batch; the numbers add up to its length.

    Attributes:
        inserted: new in the table.
        duplicates: were there already.
        unknown: about a product that the catalogue does not have.
        erased: of visitors who have asked to be forgotten since.
        broken: kept aside, see `BrokenEvent`.
    """

    inserted: int = 0
    duplicates: int = 0
    unknown: int = 0
    erased: int = 0
    broken: int = 0


def store(records: Sequence[EventRecord], *, is_fresh: bool = False) -> Stored:
    """Store events, each once however often it comes.

    Args:
        records: a batch; thousands at a time are quickest.
        is_fresh: they happened within this very request. Its visitor may still have asked to be forgotten in another
            one meanwhile, which is looked for when they are there: at the commit, if a transaction is open.

    Returns:
        What became of them; drops are counted by reason.

    Raises:
        DatabaseError: the database is away, read-only or not migrated (one of `exceptions.DATABASE_UNREADY`); nothing
            is lost by handing over the same batch again.
    """
    stored = Stored()
    started = timezone.now()
    wanted = records if is_fresh else without_erased(records)
    stored.erased = len(records) - len(wanted)
    broken: list[tuple[EventRecord, str]] = []
    known = _resolved(wanted, broken)
    stored.unknown = len(wanted) - len(known) - len(broken)
    sound = []
    for record in known:
        if problem := problem_of(record):
            broken.append((record, problem))
        else:
            sound.append(record)
    _insert(sound, stored, broken)
    # Last, and all or none: should the database go away now, the same batch again keeps none of them aside twice.
    keep_all_aside(broken)
    stored.broken = len(broken)
    if stored.inserted or stored.broken:
        if is_fresh:
            using = router.db_for_write(Event)
            transaction.on_commit(lambda: _take_back_fresh(wanted, started), using=using, robust=True)
        else:
            _take_back(wanted, started, stored)
    _count(stored)
    _announce(sound)
    return stored


def resolve_ids(product_ids: set[str]) -> dict[str, str]:
    """Map ids to their products' ids, a variant's to its parent's; unknown ids are left out."""
    if not product_ids:
        return {}
    # A direct sink asks within the shop's transaction.
    with isolated(Event):
        return get_catalog().parent_ids(product_ids)


def _resolved(records: Sequence[EventRecord], broken: list[tuple[EventRecord, str]]) -> Sequence[EventRecord]:
    """The events about known products; those on whose product the shop's catalogue fails go to the broken ones."""
    open_ids = {record.product_id for record in records if not record.is_known}
    if not open_ids:
        return records
    failed: dict[str, str] = {}
    try:
        parents = resolve_ids(open_ids)
    except DATABASE_UNREADY:
        raise
    except Exception as error:
        counters.count("failures.catalogue")
        # Its words are the shop's, and may hold anything.
        logger.error("The catalogue fails; products are looked up one by one: %s", trace_of(error))  # noqa: TRY400
        parents, failed = _resolve_one_by_one(open_ids)
    if failed:
        broken += [
            (record, failed[record.product_id])
            for record in records
            if not record.is_known and record.product_id in failed
        ]
    resolved = []
    for record in records:
        parent = record.product_id if record.is_known else parents.get(record.product_id)
        if parent is not None:
            # Only a variant's is copied; to copy each would take longer than all else here.
            resolved.append(record if parent == record.product_id else record._replace(product_id=parent))
    return resolved


def _resolve_one_by_one(product_ids: set[str]) -> tuple[dict[str, str], dict[str, str]]:
    """What the catalogue makes of each id, and why it makes nothing of some: one must not hold up all the others."""
    parents: dict[str, str] = {}
    failed: dict[str, str] = {}
    for product_id in product_ids:
        try:
            parents |= resolve_ids({product_id})
        except DATABASE_UNREADY:
            raise
        except Exception as error:
            failed[product_id] = f"the catalogue fails on its product: {type(error).__name__}"
    return parents, failed


def _insert(records: Sequence[EventRecord], stored: Stored, broken: list[tuple[EventRecord, str]]) -> None:
    """Insert a batch; one that the database refuses is halved until what breaks it stands alone."""
    if not records:
        return
    try:
        with isolated(Event):
            inserted = insert(records)
    except DATABASE_AWAY:
        raise
    except (DatabaseError, ValueError, TypeError, ArithmeticError) as error:
        if len(records) == 1:
            if isinstance(error, ProgrammingError):
                # Of a batch, it may have been the right to copy that is missing; of one event it is the table.
                raise
            broken.append((records[0], f"{type(error).__name__}: {error}"))
            return
        middle = len(records) // 2
        _insert(records[:middle], stored, broken)
        _insert(records[middle:], stored, broken)
        return
    stored.inserted += inserted
    stored.duplicates += len(records) - inserted


def _take_back(records: Sequence[EventRecord], started: datetime, stored: Stored) -> None:
    events, broken = take_back(records, started)
    stored.erased += events + broken
    # Of events that were there already, none is counted as new.
    stored.inserted = max(stored.inserted - events, 0)
    stored.broken = max(stored.broken - broken, 0)


def _take_back_fresh(records: Sequence[EventRecord], started: datetime) -> None:
    # They are stored by now, and so nothing here is the caller's affair.
    with boundary("take_back", events=len(records)):
        if taken_back := sum(take_back(records, started)):
            counters.count("events.dropped.erased", taken_back)


def _count(stored: Stored) -> None:
    for reason, amount in (
        ("unknown_product", stored.unknown),
        ("erased", stored.erased),
        ("broken", stored.broken),
    ):
        if amount:
            counters.count(f"events.dropped.{reason}", amount)
    if stored.inserted:
        counters.count("events.stored", stored.inserted)
    if stored.duplicates:
        counters.count("events.duplicates", stored.duplicates)


def _announce(records: Sequence[EventRecord]) -> None:
    """Tell whoever listens; rows are made for them only."""
    if event_recorded.has_listeners(Event):
        for record in records:
            event_recorded.send_robust(sender=Event, event=Event(**row_of(record)))


def row_of(record: EventRecord) -> dict[str, object]:
    """The columns of an event."""
    row = record._asdict()
    del row["is_known"]
    return row
