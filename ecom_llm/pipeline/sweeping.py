"""What a worker does at start and when idle, so that nothing depends on a scheduler."""

from __future__ import annotations

import logging
import time
from datetime import timedelta

from django.db import router
from django.utils import timezone

from ecom_llm import conf
from ecom_llm.generate import interrupted
from ecom_llm.generate.reaping import expire, reap
from ecom_llm.models import Event, LearningRun
from ecom_llm.recommend.learning import learn
from ecom_llm.traces import trace_of

logger = logging.getLogger(__name__)

_learning_failed_at = float("-inf")


def sweep() -> None:
    """Take back lapsed leases, drop late jobs, learn new events."""
    settings = conf.get_settings()
    with interrupted.noticed():
        _sweep_jobs(settings.generate)
        if _is_learning_due(settings.recommend.learn_minutes):
            _learn(settings.recommend.learn_minutes)


def _sweep_jobs(settings: conf.Generate) -> None:
    # Before they are taken for lapsed.
    interrupted.give_back()
    # After an outage a lease's time is left to other workers, to do the same or to renew theirs.
    lapsed = 0 if interrupted.was_away(settings.lease_seconds) else reap(settings.max_attempts)
    late = expire()
    if lapsed or late:
        logger.warning(
            "Took back %d lapsed leases and dropped %d late jobs.", lapsed, late, extra={"lapsed": lapsed, "late": late}
        )


def _learn(minutes: int) -> None:
    global _learning_failed_at
    try:
        learn()
    except Exception as error:
        if interrupted.is_away(error):
            raise
        # What a catalogue or a statement trips over must not keep texts from being written.
        _learning_failed_at = time.monotonic()
        logger.error(  # noqa: TRY400 - its words may hold a search
            "Learning failed; this worker tries again in %d minutes: %s", minutes, trace_of(error)
        )


def _is_learning_due(minutes: int) -> bool:
    if time.monotonic() - _learning_failed_at < minutes * 60:
        return False
    # Not from a replica: one that lags would have the same events learned again and again.
    last = LearningRun.objects.using(router.db_for_write(LearningRun)).order_by("-pk").first()
    if last is None:
        return True
    if timezone.now() - last.finished_at < timedelta(minutes=minutes):
        return False
    return Event.objects.filter(occurred_at__gt=last.finished_at).exists()
