"""The job core: claim, renew, finish, release. Every driver runs these same functions.

A claim counts an attempt and is a lease with a date; no row lock is held while the model runs. Every write-back
names its lease's token, so what a stale worker brings late is refused. Time is the database's.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connections, transaction
from django.db.models import F, FloatField, IntegerField, QuerySet
from django.db.models.functions import Now

from ecom_llm.entities import Kind, Spent
from ecom_llm.exceptions import LeaseLostError
from ecom_llm.generate.budgets import has_bulk_room
from ecom_llm.generate.database import database
from ecom_llm.generate.per_row import PerRow
from ecom_llm.models import GenerationJob
from ecom_llm.signals import job_failed

State = GenerationJob.State
NOTHING = Spent()
# What a job that nobody holds has in the place of a lease.
FREED: dict[str, Any] = {"lease_token": None, "lease_expires_at": None}


def claim(
    limit: int,
    *,
    worker: str,
    lease_seconds: int,
    kinds: Collection[str] | None = None,
    room: Mapping[Kind, int] | None = None,
    token: uuid.UUID | None = None,
) -> list[GenerationJob]:
    """Take the most urgent waiting jobs.

    Jobs of one claim are of one kind, so that they share a prompt and a backend. A job that must run alone comes
    alone.

    Args:
        limit: the most to take.
        worker: who takes them, for people who read the table.
        lease_seconds: how long the lease lasts unless renewed.
        kinds: only these kinds of text.
        room: how many of each kind may be taken, see `budgets.room_by_kind`; those with none are left waiting and
            keep no other kind waiting. Where it runs low, bulk work waits first. Without it there is no bound.
        token: of the new lease, by which a caller finds the jobs again should this raise after the commit; a new one
            when left out.

    Returns:
        The jobs, with their lease's token, most urgent first; committed before this returns.
    """
    asked = list(Kind) if kinds is None else [Kind(kind) for kind in kinds]
    open_kinds = [kind for kind in asked if room is None or room.get(kind, 0) > 0]
    if not open_kinds:
        return []
    token = token or uuid.uuid4()
    with transaction.atomic(using=database()):
        ids = _pick(_claimable(open_kinds, room), limit, room)
        if not ids:
            return []
        # The ids are read, and on PostgreSQL locked, before the update: an `id IN (SELECT … LIMIT … SKIP LOCKED)`
        # inside it may be run more than once and take more than its limit. Elsewhere the state in the condition
        # turns a second claimer away.
        GenerationJob.objects.filter(pk__in=ids, state=State.WAITING).update(
            state=State.RUNNING, lease_token=token, worker=worker[:100], attempts=F("attempts") + 1,
            lease_expires_at=Now() + timedelta(seconds=lease_seconds), started_at=Now(),
        )  # fmt: skip
    # By id, since tokens have no index and the table holds every job there ever was. A replica may not have them yet.
    return list(_jobs().filter(pk__in=ids, lease_token=token).order_by("due_at", "id"))


def _claimable(open_kinds: list[Kind], room: Mapping[Kind, int] | None) -> QuerySet[GenerationJob]:
    waiting = _jobs().filter(state=State.WAITING, expires_at__gt=Now())
    if len(open_kinds) < len(Kind):
        waiting = waiting.filter(kind__in=open_kinds)
    no_bulk = [kind for kind in open_kinds if room is not None and not has_bulk_room(kind, room[kind])]
    if no_bulk:
        waiting = waiting.exclude(kind__in=no_bulk, priority__lt=0)
    return waiting.order_by("due_at", "id")


def _pick(waiting: QuerySet[GenerationJob], limit: int, room: Mapping[Kind, int] | None) -> list[int]:
    if connections[database()].features.has_select_for_update_skip_locked:
        waiting = waiting.select_for_update(skip_locked=True)
    first = waiting.only("id", "kind", "runs_alone").first()
    if first is None:
        return []
    most = limit if room is None else min(limit, room[Kind(first.kind)])
    if first.runs_alone or most == 1:
        return [first.pk]
    alike = waiting.filter(kind=first.kind, runs_alone=False)
    return list(alike.values_list("pk", flat=True)[:most])


def renew(token: uuid.UUID, lease_seconds: int) -> int:
    """Prolong a lease from the database's now.

    Returns:
        How many jobs still hold it; 0 means that it was lost.
    """
    held = GenerationJob.objects.filter(lease_token=token, state=State.RUNNING)
    return held.update(lease_expires_at=Now() + timedelta(seconds=lease_seconds))


def held_ids(token: uuid.UUID) -> set[int]:
    """Which jobs are held under a lease."""
    return set(_jobs().filter(lease_token=token, state=State.RUNNING).values_list("pk", flat=True))


@dataclass(frozen=True, slots=True)
class Ending:
    """How a job ends.

    Attributes:
        job: as claimed.
        state: `DONE`, `BLOCKED`, `FAILED` or `EXPIRED`.
        error: what went wrong, for an operator.
        input_hash: of what its text was made from, or tried from, when its product may have changed since it was
            asked for.
        prompt_version: of the prompt it was made with, when that may have changed since.
        spent: at all tries of this attempt; added to what earlier attempts cost.
    """

    job: GenerationJob
    state: str = State.DONE
    error: str = ""
    input_hash: str = ""
    prompt_version: str = ""
    spent: Spent = NOTHING


def finish(
    job: GenerationJob,
    state: str = State.DONE,
    error: str = "",
    *,
    input_hash: str = "",
    prompt_version: str = "",
    spent: Spent = NOTHING,
) -> None:
    """End one job; see `Ending` and `finish_many`."""
    finish_many([Ending(job, state, error, input_hash, prompt_version, spent)])


def finish_many(endings: Iterable[Ending]) -> None:
    """End jobs, those that end alike in one statement. Call it in the transaction that stores what they made.

    Raises:
        LeaseLostError: the lease of one or more is no longer this worker's. None has ended; end them one by one to
            learn which can.
    """
    alike: dict[tuple[object, ...], list[Ending]] = {}
    for ending in endings:
        end = (ending.job.lease_token, ending.state, ending.error, *_made_from(ending).items())
        alike.setdefault(end, []).append(ending)
    if not alike:
        return
    with transaction.atomic(using=database()):
        for group in alike.values():
            _finish_alike(group)


def _finish_alike(group: Sequence[Ending]) -> None:
    first = group[0]
    _write(
        [ending.job for ending in group], state=first.state, error=first.error[:2000], finished_at=Now(),
        **FREED, **_made_from(first), **_added({ending.job.pk: ending.spent for ending in group}),
    )  # fmt: skip
    for ending in group:
        _tell_ended(ending)


def _made_from(ending: Ending) -> dict[str, str]:
    """What the row does not say yet of what its text was made from.

    Mostly it says all of it: then those of a batch can be written alike.
    """
    known = {"input_hash": ending.input_hash, "prompt_version": ending.prompt_version}
    return {name: value for name, value in known.items() if value and value != getattr(ending.job, name)}


def _tell_ended(ending: Ending) -> None:
    job = ending.job
    job.state, job.error = ending.state, ending.error
    if ending.state == State.FAILED:
        transaction.on_commit(lambda: job_failed.send(sender=GenerationJob, job=job), using=database(), robust=True)


def requeue(
    job: GenerationJob,
    *,
    input_hash: str,
    prompt_version: str,
    spent: Spent = NOTHING,
) -> None:
    """Put a job back, behind those of its priority, because its product changed while its text was made.

    The attempt stays counted, so that a product which never rests is given up in the end.

    `spent` is as for `finish`.

    Raises:
        LeaseLostError: the lease is no longer this worker's.
    """
    _write(
        [job], state=State.WAITING, input_hash=input_hash, prompt_version=prompt_version,
        due_at=Now() - timedelta(hours=job.priority), **FREED, **_added({job.pk: spent}),
    )  # fmt: skip


def release(token: uuid.UUID, *, job_ids: Collection[int] | None = None) -> int:
    """Give back what is still running under a lease, say at shutdown; the attempt is not counted.

    Args:
        token: of the lease.
        job_ids: only these of its jobs.

    Returns:
        How many jobs wait again.
    """
    held = GenerationJob.objects.filter(lease_token=token, state=State.RUNNING)
    if job_ids is not None:
        held = held.filter(pk__in=job_ids)
    return held.update(state=State.WAITING, attempts=F("attempts") - 1, **FREED)


def give_up_attempt(
    job: GenerationJob,
    error: str,
    *,
    max_attempts: int,
    input_hash: str = "",
    prompt_version: str = "",
    spent: Spent = NOTHING,
) -> None:
    """Record an attempt that raised: the job waits for another, alone, or is set aside as failed.

    `input_hash`, `prompt_version` and `spent` are as for `finish`.

    Raises:
        LeaseLostError: the lease is no longer this worker's.
    """
    if job.attempts >= max_attempts:
        finish(job, State.FAILED, error, input_hash=input_hash, prompt_version=prompt_version, spent=spent)
        return
    _write(
        [job], state=State.WAITING, runs_alone=True, error=error[:2000], **FREED, **_added({job.pk: spent}),
    )  # fmt: skip


def _added(spent: Mapping[int, Spent]) -> dict[str, Any]:
    """The columns that count what jobs cost, each with what is added to it; by the jobs' keys."""
    if all(item == NOTHING for item in spent.values()):
        return {}
    prompt_tokens = {pk: item.prompt_tokens for pk, item in spent.items()}
    completion_tokens = {pk: item.completion_tokens for pk, item in spent.items()}
    seconds = {pk: item.seconds for pk, item in spent.items()}
    return {
        "prompt_tokens": F("prompt_tokens") + PerRow(prompt_tokens, IntegerField()),
        "completion_tokens": F("completion_tokens") + PerRow(completion_tokens, IntegerField()),
        "generation_seconds": F("generation_seconds") + PerRow(seconds, FloatField()),
    }


def _write(jobs: Sequence[GenerationJob], **values: object) -> None:
    """Write to jobs of one lease: to all of them, or the caller must roll back."""
    token = jobs[0].lease_token
    held = GenerationJob.objects.filter(pk__in=[job.pk for job in jobs], lease_token=token, state=State.RUNNING)
    if token is None or held.update(**values) < len(jobs):
        names = ", ".join(str(job.pk) for job in jobs)
        raise LeaseLostError(f"The lease of a job among {names} lapsed or was taken over; its result is thrown away.")


def _jobs() -> QuerySet[GenerationJob]:
    return GenerationJob.objects.using(database())
