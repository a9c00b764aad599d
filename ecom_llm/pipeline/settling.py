"""Ends jobs: with their texts, without, or back in the queue when their products have changed meanwhile."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import DataError, Error, IntegrityError, OperationalError, transaction

from ecom_llm import conf
from ecom_llm.entities import TextKey
from ecom_llm.exceptions import ConfigurationError, LeaseLostError
from ecom_llm.generate import interrupted, jobs
from ecom_llm.generate.database import database
from ecom_llm.generate.jobs import Ending
from ecom_llm.generate.material import Material, gather_all
from ecom_llm.models import GenerationJob
from ecom_llm.pipeline.report import Report
from ecom_llm.pipeline.work import Work, give_up, lose
from ecom_llm.publish.drafts import Draft, Entry, store_many
from ecom_llm.traces import trace_of

logger = logging.getLogger(__name__)

State = GenerationJob.State

# What ends a job, and its state then.
ENDINGS = {
    "stored": State.DONE, "blocked": State.BLOCKED, "expired": State.EXPIRED, "failed": State.FAILED,
}  # fmt: skip
WORDS = {
    "expired": "Its products are gone or hidden, or none is found.",
    "failed": "Its facts changed while its text was made, at every attempt.",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a job came to.

    Attributes:
        item: the work.
        draft: its text; None when every completion was blocked.
        error: why there is none.
    """

    item: Work
    draft: Draft | None = None
    error: str = ""


def settle(outcomes: Sequence[Outcome], report: Report) -> None:
    """End jobs, all in one transaction; should that fail for a reason of one of them, each in its own.

    Args:
        outcomes: of jobs of one claim.
        report: counts what became of them. A job whose lease was lost has written nothing.
    """
    if not outcomes:
        return
    try:
        _settle(outcomes, report)
    except Exception as error:
        if not _is_one_jobs_own(error):
            raise
        for outcome in outcomes:
            _settle_alone(outcome, report)


def _settle_alone(outcome: Outcome, report: Report) -> None:
    item = outcome.item
    try:
        _settle([outcome], report)
    except LeaseLostError as lost:
        lose(item.job, lost, report)
    except Exception as error:
        if not _is_one_jobs_own(error):
            raise
        ids = {"job_ids": [item.job.pk], "kind": item.job.kind}
        logger.error(  # noqa: TRY400 - its words may hold a fact
            "What job %d made could not be stored: %s", item.job.pk, trace_of(error), extra=ids
        )
        give_up(item.job, error, report, item)


def _settle(outcomes: Sequence[Outcome], report: Report) -> None:
    with transaction.atomic(using=database()):
        ended = _end(outcomes)
    for outcome, name in zip(outcomes, ended, strict=True):
        report.count(outcome.item.job.kind, name)


def _is_one_jobs_own(error: Exception) -> bool:
    """Whether an error may be the fault of one job, which then has its attempt counted.

    Not one of the settings or of the database. Yet a value that cannot be stored is a job's own, and so is a statement
    that fails in a database that answers: given back uncounted, it would be made again for ever. Where a connection was
    lost and opened anew, the second try stores the text.
    """
    if isinstance(error, OperationalError):
        return not interrupted.is_away(error)
    return not isinstance(error, (ConfigurationError, Error)) or isinstance(error, (DataError, IntegrityError))


def _end(outcomes: Sequence[Outcome]) -> list[str]:
    """End jobs together.

    Returns:
        What became of each, as `Report` counts it.

    Raises:
        LeaseLostError: of one of them.
    """
    newest = gather_all([outcome.item.job.key for outcome in outcomes])
    ended = [_judge(outcome, newest) for outcome in outcomes]
    named = list(zip(outcomes, ended, strict=True))
    jobs.finish_many([_ending(outcome, name) for outcome, name in named if name in ENDINGS])
    for outcome, name in named:
        if name == "requeued":
            item = outcome.item
            newer = newest[item.job.key].hash
            jobs.requeue(item.job, input_hash=newer, prompt_version=item.prompt.version, spent=item.spent)
    store_many([
        Entry(outcome.item.job.key, outcome.draft, outcome.item.material.product_id, outcome.item.job)
        for outcome, name in named
        if name == "stored" and outcome.draft is not None
    ])  # fmt: skip
    return ended


def _judge(outcome: Outcome, newest: dict[TextKey, Material]) -> str:
    """What becomes of a job, now that its products have been read again."""
    material = newest.get(outcome.item.job.key)
    if material is None:
        return "expired"
    if material.hash != outcome.item.material.hash:
        # Facts that change at every reading must not keep a worker busy for ever.
        is_last = outcome.item.job.attempts >= conf.get_settings().generate.max_attempts
        return "failed" if is_last else "requeued"
    return "blocked" if outcome.draft is None else "stored"


def _ending(outcome: Outcome, name: str) -> Ending:
    item = outcome.item
    error = "" if name == "stored" else WORDS.get(name, outcome.error)
    return Ending(item.job, ENDINGS[name], error, **item.tried)
