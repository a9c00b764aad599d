"""Forgets visitors: all that was recorded of them, and what was made from it alone.

Whoever asks, `capture.erased.ask_to_forget` writes it down first. From that moment storing refuses what is still on its
way, and whatever ends this process, a worker's sweep or `ecom_llm_prune` goes on from there.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from datetime import datetime

from django.db import router
from django.db.models import Q, QuerySet
from django.utils import timezone

from ecom_llm.capture import stream
from ecom_llm.capture.boundary import isolated
from ecom_llm.capture.erased import ask_to_forget
from ecom_llm.entities import Kind
from ecom_llm.exceptions import StreamAwayError
from ecom_llm.generate import interrupted
from ecom_llm.models import BrokenEvent, Erasure, Event, NotInterested, VisitorAccount
from ecom_llm.privacy import derived
from ecom_llm.privacy.chunks import ShouldStop, delete_in_chunks, never, until
from ecom_llm.recommend import forgetting
from ecom_llm.traces import trace_of

logger = logging.getLogger(__name__)

# An erasure in a hurry leaves a longer stream to the next sweep: it has to be read from its beginning.
QUICK_STREAM_ENTRIES = 20_000


@dataclass(slots=True)
class Erased:
    """What was deleted, by table.

    Attributes:
        visitors: of whom nothing is left.
        events: recorded actions.
        broken_events: events that had been kept aside.
        pairs: item pairs that nobody else's visits or orders support.
        texts: reasons of such pairs, and copy for searches that nobody else made, with all their versions.
        jobs: of such texts.
        accounts: links to an account.
        not_interested: products that they did not want to be recommended.
        stream_entries: events that waited in Redis.
        is_complete: whether nothing is left to a later sweep.
    """

    visitors: int = 0
    events: int = 0
    broken_events: int = 0
    pairs: int = 0
    texts: int = 0
    jobs: int = 0
    accounts: int = 0
    not_interested: int = 0
    stream_entries: int = 0
    is_complete: bool = True

    @property
    def rows(self) -> int:
        """Of all tables together, and of the stream."""
        return sum(number for name, number in asdict(self).items() if name not in ("visitors", "is_complete"))


def erase(
    visitors: Iterable[str],
    *,
    asked_at: datetime | None = None,
    should_stop: ShouldStop = never,
    seconds: float | None = None,
) -> Erased:
    """Forget visitors.

    Args:
        visitors: their keys. One that is not known is written down all the same, for what may be on its way.
        asked_at: when they asked, now when left out. What happens until all is done is never stored again.
        should_stop: asked between chunks; what is left is done by `resume`.
        seconds: the time it may take, as `should_stop`.

    Returns:
        What was deleted.

    Raises:
        DatabaseError: it could not even be written down, or the database went away.
    """
    keys = {visitor for visitor in visitors if visitor}
    ask_to_forget(keys, asked_at)
    return finish(keys, should_stop=should_stop, seconds=seconds)


def finish(visitors: Iterable[str], *, should_stop: ShouldStop = never, seconds: float | None = None) -> Erased:
    """Carry out what was asked for some visitors; see `erase`."""
    return _carry_out(_waiting().filter(visitor__in=set(visitors)), should_stop, seconds)


def resume(*, should_stop: ShouldStop = never, seconds: float | None = None) -> Erased:
    """Carry out whatever was asked and is not done yet, oldest first; see `erase`. One query when there is nothing."""
    return _carry_out(_waiting(), should_stop, seconds)


def broken_events_of(visitor: str) -> QuerySet[BrokenEvent]:
    """The events of a visitor that were kept aside, also those of which nothing but their text is known."""
    table = BrokenEvent.objects.using(router.db_for_write(BrokenEvent))
    # Between quotes, as JSON has it.
    return table.filter(Q(visitor=visitor) | Q(body__contains=f'"{visitor}"'))


def number_waiting() -> int:
    """How many visitors are still to be forgotten."""
    return _waiting().count()


def _waiting() -> QuerySet[Erasure]:
    return Erasure.objects.using(router.db_for_write(Erasure)).filter(done_at__isnull=True).order_by("pk")


def _carry_out(erasures: QuerySet[Erasure], should_stop: ShouldStop, seconds: float | None) -> Erased:
    erased = Erased()
    stop = until(should_stop, seconds)
    # Keys that were asked for together are one person's, in the order in which they asked.
    together: dict[datetime, list[str]] = {}
    waiting = list(erasures)
    for erasure in waiting:
        together.setdefault(erasure.asked_at, []).append(erasure.visitor)
    for erasure in waiting:
        # What only several of them support is found while the events of all are there, and so with the first.
        person = together.pop(erasure.asked_at, [erasure.visitor])
        try:
            with isolated(Event):
                is_done = _forget(erasure, person, erased, stop, is_hurried=seconds is not None)
        except Exception as error:
            if interrupted.is_away(error):
                raise
            # One that fails keeps no other waiting, and stays for the next time.
            logger.error("A visitor could not be forgotten yet: %s", trace_of(error))  # noqa: TRY400 - says no words
            is_done = False
        erased.visitors += is_done
        erased.is_complete &= is_done
    return erased


def _forget(
    erasure: Erasure, person: Collection[str], erased: Erased, should_stop: ShouldStop, *, is_hurried: bool
) -> bool:
    """Delete all of one visitor. What is made from events goes before them: without them it cannot be told.

    Args:
        erasure: the visitor's.
        person: all keys of the same person whose events are still there.
        erased: is added to.
        should_stop: asked between steps.
        is_hurried: leaves a long stream alone.

    Returns:
        Whether all is done.
    """
    visitor = erasure.visitor
    # Another key of the same person's may have brought it about.
    is_unlearned = _waiting().filter(pk=erasure.pk, is_unlearned=True).exists()
    if not is_unlearned and not _unlearn(person, erased, should_stop):
        return False
    for step, keys in ((_forget_search_copy, person), (_forget_rows, [visitor])):
        if should_stop():
            return False
        step(keys, erased, should_stop)
    if should_stop() or not _forget_stream(visitor, erased, is_hurried=is_hurried):
        return False
    # Who asks again meanwhile is looked for again.
    done = _waiting().filter(pk=erasure.pk, asked_at=erasure.asked_at)
    return bool(done.update(done_at=timezone.now(), visitor=""))


def _forget_stream(visitor: str, erased: Erased, *, is_hurried: bool) -> bool:
    if is_hurried and (stream.backlog() or 0) > QUICK_STREAM_ENTRIES:
        return False
    try:
        erased.stream_entries += stream.forget({visitor})
    except StreamAwayError as error:
        # What is deleted already stays deleted, also within a transaction of the shop's.
        logger.warning("%s What it holds of a visitor who is to be forgotten is deleted later.", error)
        return False
    return True


def _unlearn(person: Collection[str], erased: Erased, should_stop: ShouldStop) -> bool:
    """Take back what was learned from a person, and the reasons that rest on them alone; whether that is done."""
    subjects = derived.own_reasons(person)
    for chunk in derived.chunked(subjects, derived.CHUNK_VALUES):
        if should_stop():
            return False
        _forget_texts(Kind.REASON, [subject.key for subject in chunk], erased)
    if should_stop():
        return False
    forgetting.unlearn(person, lambda: _waiting().filter(visitor__in=person).update(is_unlearned=True))
    erased.pairs += len(subjects)
    return True


def _forget_search_copy(person: Collection[str], erased: Erased, should_stop: ShouldStop) -> None:
    for chunk in derived.chunked(derived.sole_queries(person), derived.CHUNK_VALUES):
        if should_stop():
            return
        _forget_texts(Kind.SEARCH_COPY, chunk, erased)


def _forget_texts(kind: Kind, subjects: list[str], erased: Erased) -> None:
    # Jobs first: which of them may go is told from the texts.
    erased.jobs += delete_in_chunks(derived.jobs_of(kind, subjects).order_by("pk"))
    erased.texts += delete_in_chunks(derived.texts_of(kind, subjects).order_by("pk"))


def _forget_rows(visitors: Collection[str], erased: Erased, should_stop: ShouldStop) -> None:
    (visitor,) = visitors
    events = Event.objects.using(router.db_for_write(Event)).filter(visitor=visitor)
    erased.events += delete_in_chunks(events.order_by("kind", "-occurred_at"), should_stop)
    erased.broken_events += delete_in_chunks(broken_events_of(visitor), should_stop, by_key=True)
    wishes = NotInterested.objects.using(router.db_for_write(NotInterested)).filter(visitor=visitor)
    erased.not_interested += delete_in_chunks(wishes.order_by("pk"))
    links = VisitorAccount.objects.using(router.db_for_write(VisitorAccount)).filter(visitor=visitor)
    erased.accounts += delete_in_chunks(links.order_by("pk"))
