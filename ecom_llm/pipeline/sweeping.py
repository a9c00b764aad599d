"""What a worker does at start and when idle, so that nothing depends on a scheduler."""

from __future__ import annotations

import logging
import time
from datetime import timedelta

from django.db import router
from django.utils import timezone

from ecom_llm import conf
from ecom_llm.capture.draining import drain
from ecom_llm.capture.salts import prepare_salts
from ecom_llm.exceptions import ModelFileError, StreamAwayError
from ecom_llm.generate import interrupted
from ecom_llm.generate.reaping import expire, reap
from ecom_llm.models import GenerationJob, LearningRun
from ecom_llm.models.partitions import prepare_days
from ecom_llm.privacy.upkeep import keep_up
from ecom_llm.recommend.content import update_content
from ecom_llm.recommend.learning import RebuildUnderWayError, has_work, learn
from ecom_llm.traces import trace_of

logger = logging.getLogger(__name__)

# What a sweep gives to events that wait in Redis; a shop with more of them runs `ecom_llm_drain`.
DRAIN_SECONDS = 2.0
# How long a stream that could not be drained is left alone.
DRAIN_PAUSE_SECONDS = 30.0

# How often a worker sees to the coming days' tables and salts; there is a week's and a day's time to get them made.
PREPARE_SECONDS = 3600.0

# What a sweep gives to new events while no text waits to be written, and after how long it goes on while some do. It
# takes one step of some thousands at least.
LEARN_SECONDS = 10.0
BUSY_LEARN_PAUSE_SECONDS = 30.0

# What a sweep gives to comparing products while no text waits to be written, and what while some do, and how often.
CONTENT_SECONDS = 10.0
BUSY_CONTENT_SECONDS = 3.0
BUSY_CONTENT_PAUSE_SECONDS = 30.0
CONTENT_START_SECONDS = 15.0
# How long comparing is left alone after it has failed.
CONTENT_PAUSE_SECONDS = 300.0

# A worker that has just started first writes the texts that wait for it.
_content_rests_until = time.monotonic() + CONTENT_START_SECONDS
_learning_failed_at = float("-inf")
_prepared_at = float("-inf")
_draining_failed_at = float("-inf")


def sweep() -> None:
    """Take back lapsed leases, drop late jobs, store waiting events, forget and prune, learn, compare products."""
    settings = conf.get_settings()
    with interrupted.noticed():
        _sweep_jobs(settings.generate)
        if time.monotonic() - _prepared_at >= PREPARE_SECONDS:
            _prepare_days()
        if settings.capture.redis_url and time.monotonic() - _draining_failed_at >= DRAIN_PAUSE_SECONDS:
            _drain()
        keep_up()
        if settings.recommend.learn_in_workers and _is_learning_due(settings.recommend.learn_minutes):
            _learn(settings.recommend.learn_minutes)
        if time.monotonic() >= _content_rests_until:
            _update_content()


def _update_content() -> None:
    """Compare new and changed products with the others, little by little and mostly when nothing else is to be done."""
    global _content_rests_until
    is_busy = _has_waiting_job()
    try:
        if is_busy:
            _content_rests_until = time.monotonic() + BUSY_CONTENT_PAUSE_SECONDS
            update_content(seconds=BUSY_CONTENT_SECONDS)
        else:
            update_content(_has_waiting_job, seconds=CONTENT_SECONDS)
    except Exception as error:
        if interrupted.is_away(error):
            raise
        _content_rests_until = time.monotonic() + CONTENT_PAUSE_SECONDS
        # Of a setting or a file, the words are ours and say what to do.
        told = error if isinstance(error, ModelFileError) else trace_of(error)
        logger.error(  # noqa: TRY400 - its words may hold a fact
            "Products could not be compared; this worker tries again in %.0f s: %s", CONTENT_PAUSE_SECONDS, told
        )


def _has_waiting_job() -> bool:
    waiting = GenerationJob.objects.using(router.db_for_write(GenerationJob)).filter(state=GenerationJob.State.WAITING)
    return waiting.exists()


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


def _drain() -> None:
    global _draining_failed_at
    try:
        drain(lambda: False, seconds=DRAIN_SECONDS)
    except StreamAwayError as error:
        _draining_failed_at = time.monotonic()
        logger.warning("%s Its events wait; this worker looks again in %.0f s.", error, DRAIN_PAUSE_SECONDS)
    except Exception as error:
        if interrupted.is_away(error):
            raise
        # As with learning.
        _draining_failed_at = time.monotonic()
        logger.error(  # noqa: TRY400 - its words may hold a search
            "Events in Redis could not be stored; this worker tries again in %.0f s: %s",
            DRAIN_PAUSE_SECONDS, trace_of(error),
        )  # fmt: skip


def _prepare_days() -> None:
    """Make the tables that PostgreSQL keeps the next days' events in, and what their visitors are hashed with."""
    global _prepared_at
    _prepared_at = time.monotonic()
    try:
        prepare_salts()
        prepare_days()
    except Exception as error:
        if interrupted.is_away(error):
            raise
        logger.error(  # noqa: TRY400 - as with learning
            "The salts or tables for the next days' events could not be made; this worker tries again in an hour: %s",
            trace_of(error),
        )


def _learn(minutes: int) -> None:
    global _learning_failed_at
    try:
        learn(should_stop=_has_waiting_job, seconds=LEARN_SECONDS)
    except RebuildUnderWayError:
        # Another worker's, or one that was killed: its lease ends soon.
        _learning_failed_at = time.monotonic()
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
    if last is not None and timezone.now() - last.finished_at < _rest_after(last, minutes):
        return False
    return has_work()


def _rest_after(run: LearningRun, minutes: int) -> timedelta:
    """How long learning rests after a run; not at all where one was stopped and nothing else is to be done."""
    if run.is_complete:
        return timedelta(minutes=minutes)
    return timedelta(seconds=BUSY_LEARN_PAUSE_SECONDS if _has_waiting_job() else 0)
