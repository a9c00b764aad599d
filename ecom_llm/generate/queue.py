"""The queue's way in: what is wanted becomes a job, once; what is wanted more is brought forward.

Jobs are claimed by the moment they are due: that of their request, an hour earlier for each point of priority. So what
a shopper waits for (5 to 10 points) goes before bulk work (-10) that is up to fifteen hours older, and no job waits
for ever behind more urgent ones.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import timedelta

from django.db.models import DurationField, ExpressionWrapper, F
from django.db.models.expressions import Combinable
from django.db.models.functions import Least, Now

from ecom_llm.entities import JobRequest
from ecom_llm.generate.database import database
from ecom_llm.models import GenerationJob

State = GenerationJob.State


def enqueue(requests: Iterable[JobRequest], *, ttl_hours: int, queue_cap: int) -> int:
    """Add jobs; a request for a text that is already waiting or running joins that job.

    Args:
        requests: the texts wanted, of one kind.
        ttl_hours: hours after which a job that still waits is dropped.
        queue_cap: waiting jobs of the kind above which further ones are refused. Processes that add at the same
            moment may go over it by what one of them adds.

    Returns:
        How many requests now have a job, new or joined.
    """
    wanted = list(requests)
    kinds = {request.key.kind for request in wanted}
    room = queue_cap - GenerationJob.objects.using(database()).filter(kind__in=kinds, state=State.WAITING).count()
    jobs = [_make_job(request, ttl_hours) for request in wanted[: max(room, 0)]]
    # In one order everywhere: two pages that list the same products in different ones would each wait for a row
    # that the other has written and not yet committed.
    jobs.sort(key=lambda job: (job.kind, job.subject, job.language))
    # The partial unique index turns what is already active away.
    GenerationJob.objects.bulk_create(jobs, ignore_conflicts=True)
    return len(jobs)


def _make_job(request: JobRequest, ttl_hours: int) -> GenerationJob:
    return GenerationJob(
        kind=request.key.kind, subject=request.key.subject, language=request.key.language,
        product_id=request.product_id, input_hash=request.input_hash, prompt_version=request.prompt_version,
        priority=request.priority, due_at=_due(request.priority), expires_at=Now() + timedelta(hours=ttl_hours),
    )  # fmt: skip


def _due(priority: int) -> Combinable:
    return Now() - timedelta(hours=priority)


def promote(job_ids: Collection[int], priority: int) -> int:
    """Bring waiting jobs forward, because someone now wants them more; their time to live begins anew.

    Args:
        job_ids: jobs; those that no longer wait, or are as urgent already, stay as they are.
        priority: the new one.

    Returns:
        How many were brought forward.
    """
    behind = GenerationJob.objects.filter(pk__in=job_ids, state=State.WAITING, priority__lt=priority)
    time_to_live = ExpressionWrapper(F("expires_at") - F("created_at"), DurationField())
    return behind.update(priority=priority, due_at=Least(F("due_at"), _due(priority)), expires_at=Now() + time_to_live)


def climb(job_ids: Collection[int], points: int, ttl_hours: int) -> int:
    """Raise the priority of waiting jobs, as if they had been asked for at the higher one from the start.

    Args:
        job_ids: jobs; those that no longer wait stay as they are.
        points: how much.
        ttl_hours: hours from now after which a job that still waits is dropped.

    Returns:
        How many were raised.
    """
    waiting = GenerationJob.objects.filter(pk__in=job_ids, state=State.WAITING)
    return waiting.update(
        priority=F("priority") + points,
        due_at=F("due_at") - timedelta(hours=points),
        expires_at=Now() + timedelta(hours=ttl_hours),
    )
