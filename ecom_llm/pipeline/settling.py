"""Ends jobs: with their texts, without, or back in the queue when their products have changed meanwhile."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import DatabaseError, DataError, IntegrityError, transaction

from ecom_llm import conf
from ecom_llm.entities import TextKey
from ecom_llm.exceptions import ConfigurationError, LeaseLostError
from ecom_llm.generate import jobs
from ecom_llm.generate.jobs import Ending
from ecom_llm.generate.material import Material, gather_all
from ecom_llm.models import GenerationJob
from ecom_llm.pipeline.report import Report
from ecom_llm.pipeline.work import Work, give_up
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
        with transaction.atomic():
            ended = _end(outcomes)
    except ConfigurationError:
        raise
    except Exception as error:
        # A value that cannot be stored is one job's fault, any other error of the database none's.
        if isinstance(error, DatabaseError) and not isinstance(error, (DataError, IntegrityError)):
            raise
        if len(outcomes) == 1:
            _leave(outcomes[0].item, error, report)
            return
        for outcome in outcomes:
            settle([outcome], report)
        return
    for outcome, name in zip(outcomes, ended, strict=True):
        report.count(outcome.item.job.kind, name)


def _leave(item: Work, error: Exception, report: Report) -> None:
    job = item.job
    ids = {"job_ids": [job.pk], "kind": job.kind}
    if isinstance(error, LeaseLostError):
        logger.warning("%s", error, extra=ids)
        report.count(job.kind, "lost")
        return
    logger.error("What job %d made could not be stored: %s", job.pk, trace_of(error), extra=ids)
    give_up(job, error, report, item.spent)


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
    if name == "stored":
        return Ending(item.job, input_hash=item.material.hash, spent=item.spent)
    return Ending(item.job, ENDINGS[name], WORDS.get(name, outcome.error), spent=item.spent)
