"""Learns item pairs from events, the way into it: from new events only, or from all of them anew."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

from django.db.models import QuerySet
from django.utils import timezone

from ecom_llm import conf
from ecom_llm.models import LearningRun
from ecom_llm.recommend.increments import Increment, does_wait, learn_next, newest_batch, number_waiting
from ecom_llm.recommend.rebuilding import Rebuild, RebuildUnderWayError
from ecom_llm.recommend.state import is_counted_as_now, learning_database, read_state

__all__ = ["RebuildUnderWayError", "has_work", "is_rebuild_due", "learn"]

# Runs that are remembered, for people who wonder.
KEPT_RUNS = 50
# With more new events than that in one of all that were learned, all anew is quicker.
MANY_NEW = 3
# A rebuild that has to be done again, as a visitor was forgotten meanwhile or a setting has changed, takes a tenth of
# the time at most.
AT_REST = 10


def learn(
    *,
    rebuild: bool = False,
    progress: Callable[[str], None] = lambda words: None,
    should_stop: Callable[[], bool] = lambda: False,
    seconds: float | None = None,
) -> LearningRun:
    """Bring item pairs up to date.

    From new events only, unless all is to be learned anew: the first time, once in `RECOMMEND["REBUILD_HOURS"]`, when
    very much is new, and when settings have changed how it is counted. Pages read the old lists until the new ones are
    complete. Killed at any time, it loses nothing, and the next run goes on. What comes in meanwhile is left to that
    one, or a busy shop would have this one never end.

    Args:
        rebuild: learn all anew.
        progress: is told what is being done.
        should_stop: asked after each step of some thousands of new events; all anew is done at one go.
        seconds: after which to stop, likewise.

    Returns:
        The run, saved; of new events only, with 0 events where there was nothing new.

    Raises:
        RebuildUnderWayError: somebody else is learning all anew.
    """
    started = time.monotonic()
    if rebuild or is_rebuild_due():
        run = Rebuild(progress)
        saved: list[LearningRun] = []
        run.run(lambda: saved.append(_save(LearningRun.Kind.REBUILD, run.events, run.pairs, started)))
        return saved[0]
    until = float("inf") if seconds is None else started + seconds
    learned, is_complete = _learn_new(progress, lambda: time.monotonic() >= until or should_stop())
    return _save(LearningRun.Kind.INCREMENT, learned.events, learned.pairs, started, is_complete=is_complete)


def is_rebuild_due() -> bool:
    """Whether all is to be learned anew."""
    state = read_state()
    if not state.generation:
        return True
    last = _runs().filter(kind=LearningRun.Kind.REBUILD).first()
    # Rested also in between: two machines whose settings differ would else learn all anew in turn, without end.
    if state.rebuilt_at is None or not is_counted_as_now(state):
        return last is None or timezone.now() - last.finished_at > timedelta(seconds=last.seconds * AT_REST)
    if timezone.now() - state.rebuilt_at > timedelta(hours=conf.get_settings().recommend.rebuild_hours):
        return True
    return last is not None and number_waiting() * MANY_NEW > max(last.events, 1_000)


def has_work() -> bool:
    """Whether there is anything new to learn, or all is to be learned anew."""
    return does_wait() or is_rebuild_due()


def _learn_new(progress: Callable[[str], None], should_stop: Callable[[], bool]) -> tuple[Increment, bool]:
    """Learn from the events that wait now; gives what was learned, and whether that is all."""
    learned = Increment()
    last = newest_batch()
    while (step := learn_next(last)) is not None:
        learned.events += step.events
        learned.pairs += step.pairs
        progress(f"Learned from {learned.events} new events …")
        if should_stop():
            return learned, not does_wait(last)
    return learned, True


def _save(kind: LearningRun.Kind, events: int, pairs: int, started: float, *, is_complete: bool = True) -> LearningRun:
    run = LearningRun(
        kind=kind,
        finished_at=timezone.now(),
        events=events,
        pairs=pairs,
        seconds=time.monotonic() - started,
        is_complete=is_complete,
    )
    if events or kind == LearningRun.Kind.REBUILD or not is_complete:
        run.save(using=learning_database())
        _forget_old_runs()
    return run


def _forget_old_runs() -> None:
    kept = set(_runs().values_list("pk", flat=True)[:KEPT_RUNS])
    # However long ago: how much is new is measured by it.
    kept.update(_runs().filter(kind=LearningRun.Kind.REBUILD).values_list("pk", flat=True)[:1])
    LearningRun.objects.using(learning_database()).exclude(pk__in=kept).delete()


def _runs() -> QuerySet[LearningRun]:
    return LearningRun.objects.using(learning_database()).order_by("-pk")
