"""Remembers who asked to be forgotten, and leaves out events of theirs that were on their way meanwhile."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from django.db import router
from django.db.models import Q, QuerySet
from django.utils import timezone

from ecom_llm.capture.boundary import isolated
from ecom_llm.entities import EventRecord
from ecom_llm.ids import EPOCH
from ecom_llm.models import BrokenEvent, Erasure, Event

# Machines' clocks differ by a little.
CLOCK_SLACK = timedelta(seconds=5)
# How long a key is refused that its browser was told to drop: requests were on their way. Where the answer was lost it
# keeps coming, and may begin anew afterwards.
DROPPED = timedelta(days=1)
# As good as for ever, and far enough from the last moment there is to be reckoned with.
_FOREVER = datetime(9000, 1, 1, tzinfo=UTC)
# Below every database's limit on the parameters of a statement.
CHUNK_VISITORS = 500
# Above it, asking for a batch's visitors is less to read than all who asked.
MANY_ERASURES = 5_000

_Asked = tuple[str, bool, datetime, datetime | None]


def hash_of(visitor: str) -> str:
    """By which an erased visitor is known: it tells nothing to whoever does not have the key."""
    return hashlib.sha256(visitor.encode("utf-8", "surrogatepass")).hexdigest()


def ask_to_forget(visitors: Iterable[str], asked_at: datetime | None = None, *, dropped: Collection[str] = ()) -> None:
    """Write down that visitors are to be forgotten. Nothing that happens before they are is stored from now on.

    This is the one way to ask: `privacy.erasing` then deletes, at once where it is called, else at a worker's sweep.

    Args:
        visitors: their keys.
        asked_at: when they asked; now when left out.
        dropped: those of the keys that the visitor's browser is told to drop, so that nothing is stored under them for
            a while afterwards either. Any other may go on at once: one that changes daily, or another browser's.

    Raises:
        DatabaseError: it could not be written down, so nothing will be forgotten.
    """
    moment = asked_at or timezone.now()
    table = Erasure.objects.using(router.db_for_write(Erasure))
    hashes = {hash_of(visitor): visitor for visitor in visitors if visitor}
    if not hashes:
        return
    with isolated(Erasure):
        # A browser that objects says so with each of its requests.
        waiting = table.filter(visitor_hash__in=hashes, done_at__isnull=True)
        waiting.filter(asked_at__lt=moment).update(asked_at=moment)
        waiting.filter(visitor_hash__in=map(hash_of, dropped)).update(is_dropped=True)
        known = set(waiting.values_list("visitor_hash", flat=True))
        table.bulk_create(
            Erasure(visitor_hash=hashed, visitor=visitor, is_dropped=visitor in dropped, asked_at=moment)
            for hashed, visitor in hashes.items()
            if hashed not in known
        )


def without_erased(records: Sequence[EventRecord]) -> Sequence[EventRecord]:
    """The events that happened after their visitors were forgotten, or of visitors who have not asked for it.

    While a visitor is being forgotten none of theirs passes: other tabs may go on with the id that is given up, for as
    long as that takes. One query, unless very many have asked of late.
    """
    visitors = {record.visitor for record in records if record.visitor}
    if len(visitors) <= CHUNK_VISITORS:
        forgotten = _forgotten(visitors)
    else:
        forgotten = _forgotten_since(_earliest(records) - CLOCK_SLACK, visitors)
    if not forgotten:
        return records
    return [record for record in records if not _is_late(record, forgotten)]


def take_back(records: Sequence[EventRecord], since: datetime) -> tuple[int, int]:
    """Delete what was stored of visitors who asked while their events were between `without_erased` and the tables.

    Their erasure may have looked for events just before these were there; it finds the ones that come after this.

    Args:
        records: as stored, or kept aside, and committed.
        since: when storing them began.

    Returns:
        How many events were deleted, and how many that had been kept aside. One query when nobody has asked.
    """
    visitors = {record.visitor for record in records if record.visitor}
    few = len(visitors) <= CHUNK_VISITORS
    forgotten = _forgotten(visitors) if few else _forgotten_since(since - CLOCK_SLACK, visitors)
    late = [record for record in records if _is_late(record, forgotten)]
    events = Event.objects.using(router.db_for_write(Event))
    broken = BrokenEvent.objects.using(router.db_for_write(BrokenEvent)).filter(kept_at__gte=since)
    deleted, kept_aside = 0, 0
    for start in range(0, len(late), CHUNK_VISITORS):
        chunk = late[start : start + CHUNK_VISITORS]
        deleted += events.filter(pk__in=[record.id for record in chunk]).delete()[0]
        kept_aside += broken.filter(visitor__in={record.visitor for record in chunk}).delete()[0]
    return deleted, kept_aside


def was_erased(visitor: str) -> bool:
    """Whether a visitor has asked to be forgotten, ever since we know of it."""
    if not visitor:
        return False
    # It is asked while the shop may have a transaction open.
    with isolated(Erasure):
        return bool(_forgotten([visitor]))


def is_forgotten(visitor: str) -> bool:
    """Whether nothing of a visitor may be kept now: they are being forgotten, or gave this key up a while ago."""
    with isolated(Erasure):
        until = _forgotten([visitor]).get(visitor)
    return until is not None and timezone.now() <= until + CLOCK_SLACK


def forgotten_until(asked_at: datetime, done_at: datetime | None, *, is_dropped: bool) -> datetime:
    """Up to when nothing of a visitor is stored or used; clocks may differ by `CLOCK_SLACK` besides.

    Args:
        asked_at: when they asked.
        done_at: when all of theirs was deleted; None while it is not.
        is_dropped: whether their browser was told to drop the key.
    """
    return _FOREVER if done_at is None else max(asked_at, done_at + DROPPED if is_dropped else done_at)


def _earliest(records: Iterable[EventRecord]) -> datetime:
    """When the first of them happened, as far as their times are any; those that are none are broken events soon."""
    return max(EPOCH, min((record.occurred_at for record in records if record.occurred_at.tzinfo), default=EPOCH))


def _is_late(record: EventRecord, forgotten: Mapping[str, datetime]) -> bool:
    """Whether it happened before its visitor was forgotten, or cannot be told to have happened after."""
    moment = forgotten.get(record.visitor)
    if moment is None:
        return False
    return record.occurred_at.tzinfo is None or record.occurred_at <= moment + CLOCK_SLACK


def _forgotten(visitors: Iterable[str]) -> dict[str, datetime]:
    """Until when each of these visitors is forgotten; those who never asked are left out."""
    by_hash = {hash_of(visitor): visitor for visitor in visitors}
    hashes = list(by_hash)
    until: dict[str, datetime] = {}
    for start in range(0, len(hashes), CHUNK_VISITORS):
        until |= _until(_asked().filter(visitor_hash__in=hashes[start : start + CHUNK_VISITORS]))
    return {by_hash[hashed]: moment for hashed, moment in until.items()}


def _forgotten_since(moment: datetime, visitors: Iterable[str]) -> dict[str, datetime]:
    """The same for many visitors, of whom those are left out who were forgotten before a moment.

    Far fewer are forgotten in a while than a batch has visitors.
    """
    done = Q(done_at__gte=moment) | Q(is_dropped=True, done_at__gte=moment - DROPPED)
    lately = _asked().filter(Q(done_at__isnull=True) | done | Q(asked_at__gte=moment))
    # Whoever asks twice has two rows, so that it is these that are counted.
    rows = list(lately[: MANY_ERASURES + 1])
    if len(rows) > MANY_ERASURES:
        return _forgotten(visitors)
    until = _until(rows)
    return {visitor: until[hashed] for visitor in visitors if until and (hashed := hash_of(visitor)) in until}


def _asked() -> QuerySet[Erasure, _Asked]:
    """Who asked, by their hash, whether their browser was told to drop the key, when, and when all was done."""
    table = Erasure.objects.using(router.db_for_write(Erasure))
    return table.values_list("visitor_hash", "is_dropped", "asked_at", "done_at")


def _until(rows: Iterable[_Asked]) -> dict[str, datetime]:
    """Until when nothing of visitors is stored: until what they asked for is done, or a while longer."""
    until: dict[str, datetime] = {}
    for hashed, is_dropped, asked_at, done_at in rows:
        moment = forgotten_until(asked_at, done_at, is_dropped=is_dropped)
        until[hashed] = max(moment, until.get(hashed, moment))
    return until
