"""Generates: in batches that fit, with one seed after another until a completion passes the guard."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence

from django.db import Error

from ecom_llm import conf, metrics
from ecom_llm.entities import Completion, Sampling
from ecom_llm.exceptions import (
    BackendBrokenError,
    BackendBusyError,
    BackendError,
    BackendMemoryError,
    ConfigurationError,
    LeaseLostError,
    ModelFileError,
    ModelLoadError,
    PromptTooLongError,
)
from ecom_llm.generate.backends.base import Backend
from ecom_llm.generate.batching import pack
from ecom_llm.generate.lease import Lease, StopRequestedError
from ecom_llm.generate.sampling import sampling_for
from ecom_llm.pipeline.picking import pick
from ecom_llm.pipeline.report import Report
from ecom_llm.pipeline.settling import Outcome, settle
from ecom_llm.pipeline.work import Work, give_up
from ecom_llm.traces import trace_of

logger = logging.getLogger(__name__)

# The caller's own business, whatever the batch; the database is asked at tokens, when the lease is renewed.
PASSED_ON = (StopRequestedError, LeaseLostError, ConfigurationError, ModelFileError, ModelLoadError, Error)


def complete(backend: Backend, work: list[Work], lease: Lease, report: Report) -> None:
    """Carry work to an end: what passes the guard is stored, what never does gives way to the plain sentence.

    Args:
        backend: generates.
        work: of one kind.
        lease: on its jobs.
        report: counts what became of them.

    Raises:
        BackendBusyError: the backend has no room; what it had completed is stored.
        BackendBrokenError: this process can generate no more.
    """
    tries = conf.get_settings().generate.tries if backend.supports_seed else 1
    left = work
    for attempt in range(tries):
        blocked: list[Work] = []
        # What was blocked in any batch of this try runs together in the next.
        for batch in _batches(backend, left, attempt):
            lease.start_batch()
            blocked += _try(backend, batch, attempt, lease, report)
        left = blocked
    settle([Outcome(item, error=_blocked_by(item)) for item in left], report)


def _blocked_by(item: Work) -> str:
    return f"Blocked at every try: {', '.join(sorted({finding.code for finding in item.findings}))}."


def _batches(backend: Backend, work: list[Work], attempt: int) -> Iterator[list[Work]]:
    if not work:
        return
    sampling = sampling_for(work[0].material.key.kind, attempt, seed=0)
    lengths = [backend.count_tokens(item.prompt) * sampling.n for item in work]
    packed = pack(
        lengths, new_tokens=sampling.max_new_tokens * sampling.n,
        budget_tokens=conf.get_settings().generate.batch_tokens,
    )  # fmt: skip
    for indices in packed:
        size = backend.fitting_jobs or len(indices)
        for first in range(0, len(indices), size):
            yield [work[index] for index in indices[first : first + size]]


def _try(backend: Backend, batch: list[Work], attempt: int, lease: Lease, report: Report) -> list[Work]:
    """Complete a batch once, in halves when it does not fit into memory.

    Returns:
        The work whose completions were all blocked.
    """
    settings = conf.get_settings().generate
    seed = attempt + settings.tries * (batch[0].job.attempts - 1)
    sampling = sampling_for(batch[0].material.key.kind, attempt, seed)
    try:
        completions = _generate(backend, batch, sampling, lease)
    except PASSED_ON:
        raise
    except BackendBusyError as busy:
        _keep(backend, batch, busy.completions, sampling, report)
        raise
    except PromptTooLongError as error:
        rest = [item for index, item in enumerate(batch) if error.indices and index not in error.indices]
        _give_up(backend, [item for item in batch if item not in rest], error, report)
        return _try(backend, rest, attempt, lease, report) if rest else []
    except BackendMemoryError as error:
        if len(batch) == 1:
            return _give_up(backend, batch, error, report)
    except Exception as error:
        return _give_up(backend, batch, error, report)
    else:
        backend.note_fitted(len(batch))
        return _keep(backend, batch, completions, sampling, report)
    # Behind the `except`, at whose end the error lets go of the batch that did not fit.
    half = len(batch) // 2
    backend.note_too_large(len(batch))
    logger.warning(
        "Out of memory with %d jobs in a batch; going on with %d.", len(batch), half,
        extra={"kind": batch[0].job.kind, "backend": backend.alias, "jobs": len(batch)},
    )  # fmt: skip
    parts = (batch[:half], batch[half:])
    return [item for part in parts for item in _try(backend, part, attempt, lease, report)]


def _give_up(backend: Backend, batch: list[Work], error: Exception, report: Report) -> list[Work]:
    """Record that a batch's attempt raised.

    Returns:
        Nothing that could be tried again now.

    Raises:
        BackendBrokenError: that is what it raised.
    """
    logger.error(
        "A batch of %d jobs failed: %s", len(batch), trace_of(error),
        extra={
            "job_ids": [item.job.pk for item in batch], "kind": batch[0].job.kind, "backend": backend.alias,
        },
    )  # fmt: skip
    for item in batch:
        give_up(item.job, error, report, item)
    if isinstance(error, BackendBrokenError):
        raise error
    return []


def _generate(backend: Backend, batch: Sequence[Work], sampling: Sampling, lease: Lease) -> Sequence[Completion]:
    completions = backend.generate([item.prompt for item in batch], sampling, lease.keep)
    if len(completions) != len(batch) * sampling.n:
        raise BackendError(f"{len(completions)} completions for {len(batch)} prompts of {sampling.n} each.")
    metrics.observe_batch(
        batch[0].job.kind, backend.alias, jobs=len(batch), seconds=completions[0].seconds,
        prompt_tokens=sum(item.prompt_tokens for item in completions),
        completion_tokens=sum(item.completion_tokens for item in completions),
    )  # fmt: skip
    return completions


def _keep(
    backend: Backend,
    batch: Sequence[Work],
    completions: Sequence[Completion | None],
    sampling: Sampling,
    report: Report,
) -> list[Work]:
    """Have the guard pick among each job's completions, and store what it picked.

    Returns:
        The work whose completions were all blocked; that which the backend turned away is not among it.
    """
    blocked, passed = [], []
    for index, item in enumerate(batch):
        made = completions[index * sampling.n : (index + 1) * sampling.n]
        candidates = [completion for completion in made if completion is not None]
        if not candidates:
            continue
        item.spent = item.spent.with_completions(candidates)
        picked = pick(backend, item, candidates, sampling.seed)
        if picked is None:
            blocked.append(item)
            metrics.observe_blocked(item.job.kind, {finding.code for finding in item.findings})
        else:
            passed.append(Outcome(item, picked))
    settle(passed, report)
    return blocked
