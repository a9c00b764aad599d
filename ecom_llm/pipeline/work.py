"""Claimed jobs with what they need: material and prompt."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TypedDict

from ecom_llm import conf
from ecom_llm.entities import Finding, Prompt, Spent, TextKey
from ecom_llm.exceptions import ConfigurationError, LeaseLostError, ProductNotFoundError, PromptError
from ecom_llm.generate import interrupted, jobs
from ecom_llm.generate.material import Material, gather, gather_all
from ecom_llm.generate.prompting import make_prompt
from ecom_llm.models import GenerationJob
from ecom_llm.pipeline.report import Report
from ecom_llm.traces import trace_of

logger = logging.getLogger(__name__)

State = GenerationJob.State


class Tried(TypedDict, total=False):
    """What a job was tried from, and what that has cost; see `jobs.Ending`."""

    input_hash: str
    prompt_version: str
    spent: Spent


@dataclass(slots=True)
class Work:
    """A claimed job on its way.

    Attributes:
        job: as claimed.
        material: what its text is made from.
        prompt: made from the material.
        spent: by its tries so far.
        findings: of its last blocked try.
    """

    job: GenerationJob
    material: Material
    prompt: Prompt
    spent: Spent = jobs.NOTHING
    findings: list[Finding] = field(default_factory=list)

    @property
    def tried(self) -> Tried:
        """What it was tried from and what that has cost, as a job's end records it."""
        return {"input_hash": self.material.hash, "prompt_version": self.prompt.version, "spent": self.spent}


def prepare(claimed: list[GenerationJob], report: Report) -> list[Work]:
    """Gather what the jobs need, in one query for all; a job that cannot be prepared ends or waits for another try."""
    gathered = _gather_together(claimed)
    work = []
    for job in claimed:
        item = _prepare(job, gathered.get(job.key), report)
        if item is not None:
            work.append(item)
    return work


def _gather_together(claimed: list[GenerationJob]) -> dict[TextKey, Material]:
    try:
        return gather_all([job.key for job in claimed])
    except ConfigurationError:
        raise
    except Exception as error:
        if interrupted.is_away(error):
            raise
        # A catalogue adapter of the shop's own that fails on one product; one by one, the others pass.
        return {}


def _prepare(job: GenerationJob, material: Material | None, report: Report) -> Work | None:
    try:
        material = material or gather(job.key)
        return Work(job, material, make_prompt(material))
    except ProductNotFoundError as error:
        jobs.finish(job, State.EXPIRED, str(error))
        report.count(job.kind, "expired")
    except PromptError as error:
        jobs.finish(job, State.FAILED, str(error))
        report.count(job.kind, "failed")
    except ConfigurationError:
        raise
    except Exception as error:
        if interrupted.is_away(error):
            raise
        ids = {"job_ids": [job.pk], "kind": job.kind}
        logger.error(  # noqa: TRY400 - its words may hold a fact
            "Job %d could not be prepared: %s", job.pk, trace_of(error), extra=ids
        )
        give_up(job, error, report)
    return None


def give_up(job: GenerationJob, error: Exception, report: Report, item: Work | None = None) -> None:
    """Record an attempt that raised; a job whose lease was lost is counted as such and left alone.

    Args:
        job: as claimed.
        error: what it raised.
        report: counts it.
        item: the job's work, if it came so far.
    """
    # PostgreSQL stores neither NUL nor half a character, which the words of a shop's own code may hold.
    words = f"{type(error).__name__}: {error}".replace("\0", "").encode(errors="replace").decode()
    tried: Tried = {} if item is None else item.tried
    try:
        jobs.give_up_attempt(job, words, max_attempts=conf.get_settings().generate.max_attempts, **tried)
    except LeaseLostError as lost:
        lose(job, lost, report)
    else:
        report.count(job.kind, "failed")


def lose(job: GenerationJob, lost: LeaseLostError, report: Report) -> None:
    """Record that a job is another worker's by now, or no one's."""
    logger.warning("%s", lost, extra={"job_ids": [job.pk], "kind": job.kind})
    report.count(job.kind, "lost")
