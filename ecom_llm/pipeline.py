"""The order of things: claim, gather, generate, guard, publish. Every driver runs these functions."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.db import DatabaseError, transaction
from django.utils import timezone

from ecom_llm import conf
from ecom_llm.entities import Completion, Finding, Kind, ProductFacts, Prompt
from ecom_llm.exceptions import ConfigurationError, LeaseLostError, ModelFileError, ProductNotFoundError, PromptError
from ecom_llm.generate import jobs
from ecom_llm.generate.backends.base import Backend
from ecom_llm.generate.backends.registry import backend_for
from ecom_llm.generate.batching import pack
from ecom_llm.generate.lease import Lease, StopRequestedError
from ecom_llm.generate.material import Material, gather
from ecom_llm.generate.prompting import make_prompt
from ecom_llm.generate.sampling import sampling_for
from ecom_llm.guard.screen import cited, is_blocked, screen
from ecom_llm.models import Event, GenerationJob, LearningRun
from ecom_llm.publish.drafts import Draft, Facts, store
from ecom_llm.recommend.learning import learn

logger = logging.getLogger(__name__)

State = GenerationJob.State


@dataclass(slots=True)
class Report:
    """What one run made of its jobs, counted."""

    claimed: int = 0
    stored: int = 0
    blocked: int = 0
    requeued: int = 0
    failed: int = 0
    expired: int = 0
    lost: int = 0

    def add(self, other: Report) -> None:
        """Add another run's counts."""
        for name in Report.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass(frozen=True, slots=True)
class Work:
    """A claimed job with its prompt."""

    job: GenerationJob
    material: Material
    prompt: Prompt


def never() -> bool:
    """The default of `should_stop`."""
    return False


def run_once(worker: str, should_stop: Callable[[], bool] = never) -> Report:
    """Claim one batch of jobs and carry each as far as it goes.

    Args:
        worker: who runs it, for people who read the job table.
        should_stop: asked at each token; when it says True, the jobs go back unspent.

    Returns:
        What became of them; `claimed` is 0 when no job waits.

    Raises:
        ConfigurationError: the backend is misconfigured; the jobs went back unspent.
        ModelFileError: the model's files are missing or refused; likewise.
    """
    settings = conf.get_settings().generate
    claimed = jobs.claim(settings.batch_jobs, worker=worker, lease_seconds=settings.lease_seconds)
    report = Report(claimed=len(claimed))
    if not claimed or claimed[0].lease_token is None:
        return report
    lease = Lease(claimed[0].lease_token, settings.lease_seconds, should_stop)
    try:
        _run_claimed(claimed, lease, report)
    except StopRequestedError:
        logger.info("Told to stop: %d jobs went back unspent.", lease.release())
    except LeaseLostError:
        report.lost += len(claimed)
        logger.warning("Lost the lease of jobs %s.", [job.pk for job in claimed])
    except (ConfigurationError, ModelFileError):
        lease.release()
        raise
    return report


def sweep() -> None:
    """What a worker does at start and when idle: take back lapsed leases, drop late jobs, learn new events."""
    settings = conf.get_settings()
    lapsed = jobs.reap(settings.generate.max_attempts)
    late = jobs.expire()
    if lapsed or late:
        logger.warning("Took back %d lapsed leases and dropped %d late jobs.", lapsed, late)
    if _is_learning_due(settings.recommend.learn_minutes):
        try:
            learn()
        except DatabaseError:
            raise
        except Exception:
            # What a catalogue trips over must not keep texts from being written; the next sweep tries again.
            logger.exception("Learning failed.")


def _is_learning_due(minutes: int) -> bool:
    last = LearningRun.objects.order_by("-finished_at").first()
    if last is None:
        return True
    if timezone.now() - last.finished_at < timedelta(minutes=minutes):
        return False
    return Event.objects.filter(occurred_at__gt=last.finished_at).exists()


def _run_claimed(claimed: list[GenerationJob], lease: Lease, report: Report) -> None:
    backend = backend_for(Kind(claimed[0].kind))
    work = [item for job in claimed if (item := _prepare(job, report)) is not None]
    for batch in _batches(backend, work):
        _run_batch(backend, batch, lease, report)


def _prepare(job: GenerationJob, report: Report) -> Work | None:
    try:
        material = gather(job.key)
        return Work(job, material, make_prompt(material))
    except ProductNotFoundError as error:
        jobs.finish(job, State.EXPIRED, str(error))
        report.expired += 1
    except PromptError as error:
        jobs.finish(job, State.FAILED, str(error))
        report.failed += 1
    except (DatabaseError, ConfigurationError):
        raise
    except Exception as error:
        # A catalogue adapter of the shop's own that fails on this product.
        logger.exception("Job %d could not be prepared.", job.pk)
        jobs.give_up_attempt(job, _words(error), max_attempts=conf.get_settings().generate.max_attempts)
        report.failed += 1
    return None


def _batches(backend: Backend, work: list[Work]) -> Iterator[list[Work]]:
    if not work:
        return
    budget = conf.get_settings().generate.batch_tokens
    longest = sampling_for(work[0].material.key.kind, 0, 0).max_new_tokens
    lengths = [backend.count_tokens(item.prompt) for item in work]
    for indices in pack(lengths, new_tokens=longest, budget_tokens=budget):
        yield [work[index] for index in indices]


def _run_batch(backend: Backend, batch: list[Work], lease: Lease, report: Report) -> None:
    """Try the batch with one seed after another; what passes the guard is stored, the rest tried again."""
    settings = conf.get_settings().generate
    findings: dict[int, list[Finding]] = {}
    for attempt in range(settings.tries if backend.supports_seed else 1):
        kind = batch[0].material.key.kind
        seed = attempt + settings.tries * (batch[0].job.attempts - 1)
        try:
            completions = backend.generate(
                [item.prompt for item in batch], sampling_for(kind, attempt, seed), lease.keep
            )
        except (StopRequestedError, LeaseLostError, ConfigurationError, ModelFileError):
            raise
        except Exception as error:
            logger.exception("A batch of %d jobs failed.", len(batch))
            _give_up(batch, _words(error), report)
            return
        batch = _settle_passed(backend, batch, completions, seed, findings, report)
        if not batch:
            return
    for item in batch:
        codes = sorted({finding.code for finding in findings[item.job.pk]})
        _settle(item, None, f"Blocked at every try: {', '.join(codes)}.", report)


def _settle_passed(
    backend: Backend,
    batch: list[Work],
    completions: list[Completion],
    seed: int,
    findings: dict[int, list[Finding]],
    report: Report,
) -> list[Work]:
    """Store the completions that pass; returns the work whose completion was blocked."""
    blocked = []
    for item, completion in zip(batch, completions, strict=True):
        material = item.material
        found = screen(
            completion.text,
            material.products,
            material.key.kind,
            material.key.language,
            material.allowed,
            is_closed=conf.get_settings().guard.closed_vocabulary,
        )
        findings[item.job.pk] = found
        if is_blocked(found):
            blocked.append(item)
        else:
            _settle(item, _draft(backend, item, completion, seed, found), "", report)
    return blocked


def _draft(backend: Backend, item: Work, completion: Completion, seed: int, findings: list[Finding]) -> Draft:
    return Draft(
        body=completion.text,
        facts=_as_facts(item.material.products),
        cited=cited(completion.text, item.material.products),
        findings=findings,
        input_hash=item.material.hash,
        prompt_version=item.prompt.version,
        backend=backend.alias,
        model=backend.model_name,
        seed=seed,
        prompt_tokens=completion.prompt_tokens,
        completion_tokens=completion.completion_tokens,
        generation_seconds=completion.seconds,
    )


def _as_facts(products: tuple[ProductFacts, ...]) -> Facts:
    return {facts.product_id: facts.citable for facts in products}


def _settle(item: Work, draft: Draft | None, error: str, report: Report) -> None:
    """End a job in one transaction: with its text, without one, or back in the queue when its facts have changed."""
    try:
        with transaction.atomic():
            newest = gather(item.job.key)
            if newest.hash != item.material.hash:
                jobs.requeue(item.job, input_hash=newest.hash, prompt_version=item.prompt.version)
                report.requeued += 1
            elif draft is None:
                jobs.finish(item.job, State.BLOCKED, error)
                report.blocked += 1
            else:
                jobs.finish(item.job)
                store(item.job.key, draft, product_id=item.material.product_id, job=item.job)
                report.stored += 1
    except ProductNotFoundError as gone:
        jobs.finish(item.job, State.EXPIRED, str(gone))
        report.expired += 1
    except LeaseLostError as lost:
        logger.warning("%s", lost)
        report.lost += 1


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _give_up(batch: list[Work], error: str, report: Report) -> None:
    for item in batch:
        jobs.give_up_attempt(item.job, error, max_attempts=conf.get_settings().generate.max_attempts)
        report.failed += 1
