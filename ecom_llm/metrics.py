"""What the process that generates counts for Prometheus; does nothing without the extra `prometheus`.

The library is imported at the first count: it reads `PROMETHEUS_MULTIPROC_DIR` when it is imported, and a process that
never generates has no use for it. Labels are kinds, outcomes, rule codes and names from the settings, never subjects
or ids.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, wraps
from typing import TYPE_CHECKING, ParamSpec

if TYPE_CHECKING:
    from prometheus_client import Counter, Histogram

logger = logging.getLogger(__name__)

PREFIX = "ecom_llm_"

_BATCH_JOBS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
_BATCH_SECONDS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)
_LOAD_SECONDS = (0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900)

_Arguments = ParamSpec("_Arguments")


@dataclass(frozen=True, slots=True)
class _Instruments:
    """What is counted in each process; the library adds processes together."""

    batch_jobs: Histogram
    batch_seconds: Histogram
    tokens: Counter
    job_outcomes: Counter
    blocked_rules: Counter
    load_seconds: Histogram


def _never_raises(observe: Callable[_Arguments, None]) -> Callable[_Arguments, None]:
    """A full disk under the counters, say, must not cost a text."""

    @wraps(observe)
    def safely(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> None:
        try:
            observe(*args, **kwargs)
        except Exception:
            logger.exception("%s could not be counted.", observe.__name__)

    return safely


@_never_raises
def observe_batch(
    kind: str, backend: str, *, jobs: int, seconds: float, prompt_tokens: int, completion_tokens: int
) -> None:
    """Count one call of a backend.

    Args:
        kind: of its jobs.
        backend: alias in the settings.
        jobs: prompts in the batch.
        seconds: wall-clock time it took.
        prompt_tokens: tokens read, all prompts together.
        completion_tokens: tokens written, all completions together.
    """
    if (instruments := _instruments()) is None:
        return
    instruments.batch_jobs.labels(kind, backend).observe(jobs)
    instruments.batch_seconds.labels(kind, backend).observe(seconds)
    instruments.tokens.labels(kind, backend, "prompt").inc(prompt_tokens)
    instruments.tokens.labels(kind, backend, "completion").inc(completion_tokens)


@_never_raises
def observe_job(kind: str, outcome: str) -> None:
    """Count what became of a claimed job.

    Args:
        kind: of the job.
        outcome: stored, blocked, requeued, failed, expired, lost or released.
    """
    if instruments := _instruments():
        instruments.job_outcomes.labels(kind, outcome).inc()


@_never_raises
def observe_blocked(kind: str, codes: Iterable[str]) -> None:
    """Count the rules that blocked a completion.

    Args:
        kind: of the text.
        codes: of the guard's findings; one that comes twice is counted once.
    """
    if instruments := _instruments():
        for code in set(codes):
            instruments.blocked_rules.labels(kind, code).inc()


@_never_raises
def observe_load(model: str, seconds: float) -> None:
    """Count the loading of a model.

    Args:
        model: its name in the settings.
        seconds: wall-clock time it took.
    """
    if instruments := _instruments():
        instruments.load_seconds.labels(model).observe(seconds)


@cache
def _instruments() -> _Instruments | None:
    try:
        from prometheus_client import Counter, Histogram
    except ImportError:
        return None
    return _Instruments(
        batch_jobs=Histogram(
            "ecom_llm_batch_jobs", "Prompts in one call of a backend.", ["kind", "backend"], buckets=_BATCH_JOBS
        ),
        batch_seconds=Histogram(
            "ecom_llm_batch_seconds", "Time of one call of a backend.", ["kind", "backend"], buckets=_BATCH_SECONDS
        ),
        tokens=Counter("ecom_llm_tokens", "Tokens read and written by backends.", ["kind", "backend", "direction"]),
        job_outcomes=Counter("ecom_llm_job_outcomes", "What became of claimed jobs.", ["kind", "outcome"]),
        blocked_rules=Counter(
            "ecom_llm_blocked_completions", "Completions blocked, once for each rule that blocked.", ["kind", "code"]
        ),
        load_seconds=Histogram(
            "ecom_llm_model_load_seconds", "Time to load a model.", ["model"], buckets=_LOAD_SECONDS
        ),
    )
