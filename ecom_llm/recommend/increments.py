"""Learns from new events only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter

from django.db.models import Max, QuerySet, Sum
from django.utils import timezone

from ecom_llm.models import LearnedState, UnlearnedBatch
from ecom_llm.recommend.applying import LearnedMeanwhileError, apply
from ecom_llm.recommend.new_rows import new_rows, rows_around
from ecom_llm.recommend.rebuilding import RebuildUnderWayError
from ecom_llm.recommend.state import (
    changes_to,
    counting_of,
    learned_since,
    learned_until,
    learning_database,
    pending_batches,
    read_state,
    unlearned_visitors,
)
from ecom_llm.recommend.visits import learned_from

# Events that are learned from at once: what they touch is in memory, and written in one transaction.
CHUNK_EVENTS = 20_000
CHUNK_BATCHES = 200
# Learning goes on beside; each time it was quicker, the same is counted again.
TRIES = 20


@dataclass(slots=True)
class Increment:
    """What was learned in one go.

    Attributes:
        events: new ones.
        pairs: that they touched.
    """

    events: int = 0
    pairs: int = 0


def learn_next(last: int | None = None) -> Increment | None:
    """Learn from the oldest events that wait, some thousands at most.

    The visits that they belong to are counted with and without them, and the difference is added: a visit that goes
    on, an event that comes late and one that is stored twice all come to what a rebuild would count.

    Returns:
        What was learned; None when nothing waits.

    Raises:
        RebuildUnderWayError: somebody is learning all anew.
        LearnedMeanwhileError: others were quicker, again and again.
    """
    for tried in range(TRIES):
        state = read_state()
        if state.rebuilding_until and state.rebuilding_until > timezone.now():
            raise RebuildUnderWayError
        # Fewer at each try: who is forgotten in between takes no time, and each of them has this begin again.
        batches = _next_batches(last, CHUNK_EVENTS >> tried)
        if not batches:
            return None
        try:
            return _learn(state, batches)
        except LearnedMeanwhileError:
            continue
    raise LearnedMeanwhileError


def number_waiting() -> int:
    """Events that are not learned from yet."""
    return int(_batches().aggregate(events=Sum("events"))["events"] or 0)


def newest_batch() -> int:
    """The newest batch of events that wait; 0 when none does."""
    newest: int | None = _batches().aggregate(newest=Max("pk"))["newest"]
    return newest or 0


def does_wait(last: int | None = None) -> bool:
    """Whether events wait that are in a batch up to this one."""
    return _batches(last).exists()


def _batches(last: int | None = None) -> QuerySet[UnlearnedBatch]:
    batches = UnlearnedBatch.objects.using(learning_database())
    return batches.all() if last is None else batches.filter(pk__lte=last)


def _next_batches(last: int | None, limit: int) -> list[UnlearnedBatch]:
    chosen: list[UnlearnedBatch] = []
    events = 0
    for batch in _batches(last).order_by("pk").iterator(chunk_size=CHUNK_BATCHES):
        if chosen and events + batch.events > limit:
            break
        chosen.append(batch)
        events += batch.events
    return chosen


def _learn(state: LearnedState, batches: Sequence[UnlearnedBatch]) -> Increment:
    due = {batch.pk for batch in batches}
    # As a rebuild does it; what claims to come from the future would outweigh all else.
    since, until = learned_since(state), learned_until()
    # Of these, what waits is passed over; who is unlearned from here on has this done again, by the state's version.
    forgotten = unlearned_visitors()
    read = new_rows(batches)
    new = [row for row in read if since <= row.occurred_at <= until and row.visitor not in forgotten]
    changes, gap = changes_to(state), counting_of(state).visit_gap
    around = list(rows_around(new, gap))
    # After the rows: a batch that is seen in the table is among those that wait, too, unless it was learned before.
    later = pending_batches() - due
    for rows in around:
        now = [row for row in rows if row.batch not in later and since <= row.occurred_at <= until]
        changes.add(learned_from(now, gap))
        changes.add(learned_from([row for row in now if row.batch not in due], gap), sign=-1)
    # Of nobody: what belongs together came together, if the source knows.
    nobodys = sorted((row for row in new if not row.visitor), key=attrgetter("occurred_at"))
    changes.add(learned_from(nobodys, gap))
    using = learning_database()

    def forget_batches() -> None:
        ids = sorted(due)
        for start in range(0, len(ids), CHUNK_BATCHES):
            UnlearnedBatch.objects.using(using).filter(pk__in=ids[start : start + CHUNK_BATCHES]).delete()

    return Increment(len(new), apply(state, changes, forget_batches))
