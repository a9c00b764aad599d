"""The job core: enqueue, claim, renew, finish, release, reap. Every driver runs these same functions.

A claim counts an attempt and is a lease with a date; no row lock is held while the model runs. Every write-back
names its lease's token, so what a stale worker brings late is refused. Time is the database's.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import timedelta

from django.db import connections, router, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from ecom_llm.entities import JobRequest
from ecom_llm.exceptions import LeaseLostError
from ecom_llm.models import GenerationJob
from ecom_llm.signals import job_failed

State = GenerationJob.State


def enqueue(requests: Iterable[JobRequest], *, ttl_hours: int, queue_cap: int) -> int:
    """Add jobs; a request for a text that is already waiting or running joins that job.

    Args:
        requests: the texts wanted.
        ttl_hours: hours after which a job that still waits is dropped.
        queue_cap: waiting jobs of one kind above which further ones are refused.

    Returns:
        How many requests now have a job, new or joined.
    """
    by_kind: dict[str, list[JobRequest]] = {}
    for request in requests:
        by_kind.setdefault(request.key.kind, []).append(request)
    added = 0
    for kind, wanted in by_kind.items():
        room = queue_cap - GenerationJob.objects.filter(kind=kind, state=State.WAITING).count()
        jobs = [_make_job(request, ttl_hours) for request in wanted[: max(room, 0)]]
        # The partial unique index turns what is already active away.
        GenerationJob.objects.bulk_create(jobs, ignore_conflicts=True)
        added += len(jobs)
    return added


def _make_job(request: JobRequest, ttl_hours: int) -> GenerationJob:
    return GenerationJob(
        kind=request.key.kind, subject=request.key.subject, language=request.key.language,
        product_id=request.product_id, input_hash=request.input_hash, prompt_version=request.prompt_version,
        priority=request.priority, expires_at=Now() + timedelta(hours=ttl_hours),
    )  # fmt: skip


def claim(limit: int, *, worker: str, lease_seconds: int, kinds: Sequence[str] | None = None) -> list[GenerationJob]:
    """Take the most urgent waiting jobs.

    Jobs of one claim are of one kind, so that they share a prompt and a backend. A job that must run alone comes
    alone.

    Args:
        limit: the most to take.
        worker: who takes them, for people who read the table.
        lease_seconds: how long the lease lasts unless renewed.
        kinds: only these kinds of text.

    Returns:
        The jobs, with their lease's token, most urgent first; committed before this returns.
    """
    token = uuid.uuid4()
    with transaction.atomic(using=_database()):
        waiting = GenerationJob.objects.filter(state=State.WAITING, expires_at__gt=Now())
        if kinds is not None:
            waiting = waiting.filter(kind__in=kinds)
        ids = _pick(waiting.order_by("-priority", "id"), limit)
        if not ids:
            return []
        # On PostgreSQL the rows are locked; elsewhere the state in the condition turns a second claimer away.
        GenerationJob.objects.filter(pk__in=ids, state=State.WAITING).update(
            state=State.RUNNING, lease_token=token, worker=worker[:100], attempts=F("attempts") + 1,
            lease_expires_at=Now() + timedelta(seconds=lease_seconds), started_at=Now(),
        )  # fmt: skip
    return list(GenerationJob.objects.filter(lease_token=token).order_by("-priority", "id"))


def _pick(waiting: QuerySet[GenerationJob], limit: int) -> list[int]:
    if connections[_database()].features.has_select_for_update_skip_locked:
        waiting = waiting.select_for_update(skip_locked=True)
    first = waiting.only("id", "kind", "runs_alone").first()
    if first is None:
        return []
    if first.runs_alone or limit == 1:
        return [first.pk]
    alike = waiting.filter(kind=first.kind, runs_alone=False)
    return list(alike.values_list("pk", flat=True)[:limit])


def renew(token: uuid.UUID, lease_seconds: int) -> int:
    """Prolong a lease from the database's now.

    Returns:
        How many jobs still hold it; 0 means that it was lost.
    """
    held = GenerationJob.objects.filter(lease_token=token, state=State.RUNNING)
    return held.update(lease_expires_at=Now() + timedelta(seconds=lease_seconds))


def finish(job: GenerationJob, state: str = State.DONE, error: str = "") -> None:
    """End a job. Call it in the transaction that stores what the job made.

    Args:
        job: as claimed.
        state: `DONE`, `BLOCKED`, `FAILED` or `EXPIRED`.
        error: what went wrong, for an operator.

    Raises:
        LeaseLostError: the lease is no longer this worker's; roll back what it made.
    """
    _write(job, state=state, error=error[:2000], finished_at=Now(), lease_token=None, lease_expires_at=None)
    job.state = state
    job.error = error
    if state == State.FAILED:
        transaction.on_commit(lambda: job_failed.send(sender=GenerationJob, job=job), robust=True)


def requeue(job: GenerationJob, *, input_hash: str, prompt_version: str) -> None:
    """Put a job back because its product changed while its text was made; the attempt is not counted.

    Raises:
        LeaseLostError: the lease is no longer this worker's.
    """
    _write(
        job, state=State.WAITING, input_hash=input_hash, prompt_version=prompt_version, attempts=F("attempts") - 1,
        lease_token=None, lease_expires_at=None,
    )  # fmt: skip


def release(token: uuid.UUID) -> int:
    """Give back what is still running under a lease, say at shutdown; the attempt is not counted.

    Returns:
        How many jobs wait again.
    """
    held = GenerationJob.objects.filter(lease_token=token, state=State.RUNNING)
    return held.update(state=State.WAITING, attempts=F("attempts") - 1, lease_token=None, lease_expires_at=None)


def give_up_attempt(job: GenerationJob, error: str, *, max_attempts: int) -> None:
    """Record an attempt that raised: the job waits for another, alone, or is set aside as failed.

    Raises:
        LeaseLostError: the lease is no longer this worker's.
    """
    if job.attempts >= max_attempts:
        finish(job, State.FAILED, error)
        return
    _write(job, state=State.WAITING, runs_alone=True, error=error[:2000], lease_token=None, lease_expires_at=None)


def reap(max_attempts: int) -> int:
    """Take back jobs whose lease has lapsed, because their worker died or hung.

    They wait again, each to run alone, so that one poisoned job takes no neighbour along; a job out of attempts
    is set aside as failed.

    Returns:
        How many leases had lapsed.
    """
    lapsed = GenerationJob.objects.filter(state=State.RUNNING, lease_expires_at__lt=Now())
    freed = {"lease_token": None, "lease_expires_at": None}
    spent = list(lapsed.filter(attempts__gte=max_attempts))
    failed = 0
    for job in spent:
        # Its lease may have been renewed since it was read: the condition is checked again.
        moved = lapsed.filter(pk=job.pk, lease_token=job.lease_token).update(
            state=State.FAILED, finished_at=Now(), error="The worker died or hung at every attempt.", **freed
        )
        failed += moved
        if moved:
            job.refresh_from_db()
            job_failed.send_robust(sender=GenerationJob, job=job)
    return failed + lapsed.filter(attempts__lt=max_attempts).update(
        state=State.WAITING, runs_alone=True, error="The worker died or hung.", **freed
    )


def expire() -> int:
    """Drop waiting jobs that are past their time to live.

    Returns:
        How many were dropped.
    """
    late = GenerationJob.objects.filter(state=State.WAITING, expires_at__lte=Now())
    return late.update(state=State.EXPIRED, finished_at=Now(), error="Waited longer than its time to live.")


def _write(job: GenerationJob, **values: object) -> None:
    held = Q(pk=job.pk, lease_token=job.lease_token, state=State.RUNNING)
    if job.lease_token is None or not GenerationJob.objects.filter(held).update(**values):
        raise LeaseLostError(f"Job {job.pk}: the lease lapsed or was taken over; its result is thrown away.")


def _database() -> str:
    return router.db_for_write(GenerationJob)
