"""One run: a claim, carried as far as it goes."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable

from django.db import DatabaseError

from ecom_llm import conf
from ecom_llm.entities import Kind
from ecom_llm.exceptions import (
    DATABASE_AWAY,
    BackendBrokenError,
    BackendBusyError,
    ConfigurationError,
    LeaseLostError,
    ModelFileError,
)
from ecom_llm.generate import budgets, interrupted, jobs
from ecom_llm.generate.backends.registry import backend_for
from ecom_llm.generate.lease import Lease, StopRequestedError
from ecom_llm.generate.watchdog import Watchdog
from ecom_llm.models import GenerationJob
from ecom_llm.pipeline.completing import complete
from ecom_llm.pipeline.report import Report
from ecom_llm.pipeline.work import Work, give_up, prepare
from ecom_llm.traces import trace_of

logger = logging.getLogger(__name__)


def never() -> bool:
    """The default of `should_stop`."""
    return False


def run_once(worker: str, should_stop: Callable[[], bool] = never) -> Report:
    """Claim a number of jobs and carry each as far as it goes.

    Args:
        worker: who runs it, for people who read the job table.
        should_stop: asked at each token; when it says True, the jobs go back unspent.

    Returns:
        What became of them; `claimed` is 0 when no job waits or no kind has room in its budget.

    Raises:
        ConfigurationError: the backend is misconfigured; the jobs went back unspent.
        ModelFileError: the model's files are missing or refused; likewise.
        BackendBrokenError: this process can generate no more; only the batch at hand has spent an attempt.
    """
    with interrupted.noticed():
        interrupted.give_back()
        token = uuid.uuid4()
        try:
            return _run_under(token, worker, should_stop)
        except DATABASE_AWAY:
            # Also when the claim itself raised: it may have been committed.
            interrupted.remember(token)
            raise


def _run_under(token: uuid.UUID, worker: str, should_stop: Callable[[], bool]) -> Report:
    settings = conf.get_settings().generate
    claimed = jobs.claim(
        settings.batch_jobs, worker=worker, lease_seconds=settings.lease_seconds, room=budgets.room_by_kind(),
        token=token,
    )  # fmt: skip
    report = Report(claimed=len(claimed))
    if claimed:
        lease = Lease(token, settings.lease_seconds, should_stop, batch_seconds=settings.batch_seconds)
        _carry(claimed, lease, report)
    return report


def _carry(claimed: list[GenerationJob], lease: Lease, report: Report) -> None:
    """Run what was claimed; however it ends, what is not done goes back and what it has cost is charged."""
    kind = claimed[0].kind
    # Filled as the run goes.
    work: list[Work] = []
    try:
        _run_claimed(claimed, work, lease, report)
    except StopRequestedError:
        report.count(kind, "released", lease.release())
        logger.info("Told to stop: %d jobs went back unspent.", report.released, extra=_ids(claimed))
    except BackendBusyError as busy:
        report.count(kind, "released", lease.release())
        report.pause_seconds = max(busy.retry_after_seconds, 1.0)
        logger.warning(
            "The backend is busy: %d jobs went back unspent, next try in %.0f s.", report.released,
            report.pause_seconds, extra=_ids(claimed),
        )  # fmt: skip
    except LeaseLostError:
        # Those that ended before, or went back just now, are not lost.
        report.count(kind, "released", lease.release())
        report.count(kind, "lost", report.claimed - report.carried - report.released - report.lost)
        logger.warning("Lost the lease of %d jobs.", report.lost, extra=_ids(claimed))
    except DATABASE_AWAY:
        # Nothing can be charged, and what was not done goes back.
        raise
    except (ConfigurationError, ModelFileError, BackendBrokenError, DatabaseError):
        report.count(kind, "released", lease.release())
        _charge(kind, work, report)
        raise
    except Exception as error:
        logger.error(  # noqa: TRY400 - its words may hold a fact
            "A run failed: %s", trace_of(error), extra=_ids(claimed)
        )
        _give_up_held(claimed, lease, error, report)
    _charge(kind, work, report)


def _give_up_held(claimed: list[GenerationJob], lease: Lease, error: Exception, report: Report) -> None:
    # Those that ended before are left alone.
    held = jobs.held_ids(lease.token)
    for job in claimed:
        if job.pk in held:
            give_up(job, error, report)


def _run_claimed(claimed: list[GenerationJob], work: list[Work], lease: Lease, report: Report) -> None:
    backend = backend_for(Kind(claimed[0].kind))
    settings = conf.get_settings().generate
    watchdog = Watchdog(backend.alias, hang_seconds=settings.hang_seconds, load_seconds=settings.load_seconds)
    with lease.watched(watchdog):
        work += prepare(claimed, report)
        complete(backend, work, lease, report)


def _charge(kind: str, work: list[Work], report: Report) -> None:
    """What was given back costs no job, but the tokens are spent."""
    tokens = sum(item.spent.prompt_tokens + item.spent.completion_tokens for item in work)
    if tokens or report.carried:
        budgets.charge(kind, jobs=report.carried, tokens=tokens)


def _ids(claimed: list[GenerationJob]) -> dict[str, object]:
    return {"kind": claimed[0].kind, "job_ids": [job.pk for job in claimed]}
