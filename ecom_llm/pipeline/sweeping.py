"""What a worker does at start and when idle, so that nothing depends on a scheduler."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db import DatabaseError
from django.utils import timezone

from ecom_llm import conf
from ecom_llm.generate import interrupted
from ecom_llm.generate.reaping import expire, reap
from ecom_llm.models import Event, LearningRun
from ecom_llm.recommend.learning import learn
from ecom_llm.traces import trace_of

logger = logging.getLogger(__name__)


def sweep() -> None:
    """Take back lapsed leases, drop late jobs, learn new events."""
    settings = conf.get_settings()
    # Before they are taken for lapsed.
    interrupted.give_back()
    lapsed = reap(settings.generate.max_attempts)
    late = expire()
    if lapsed or late:
        logger.warning(
            "Took back %d lapsed leases and dropped %d late jobs.", lapsed, late, extra={"lapsed": lapsed, "late": late}
        )
    if _is_learning_due(settings.recommend.learn_minutes):
        try:
            learn()
        except DatabaseError:
            raise
        except Exception as error:
            # What a catalogue trips over must not keep texts from being written; the next sweep tries again.
            logger.error("Learning failed: %s", trace_of(error))  # noqa: TRY400 - its words may hold a search


def _is_learning_due(minutes: int) -> bool:
    last = LearningRun.objects.order_by("-finished_at").first()
    if last is None:
        return True
    if timezone.now() - last.finished_at < timedelta(minutes=minutes):
        return False
    return Event.objects.filter(occurred_at__gt=last.finished_at).exists()
