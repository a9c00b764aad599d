"""Takes back what dead workers held, and drops what has waited too long. Time is the database's."""

from __future__ import annotations

from django.db.models import F
from django.db.models.functions import Now

from ecom_llm.generate.database import database
from ecom_llm.generate.jobs import FREED
from ecom_llm.models import GenerationJob
from ecom_llm.signals import job_failed

State = GenerationJob.State


def reap(max_attempts: int) -> int:
    """Take back jobs whose lease has lapsed, because their worker died or hung.

    They wait again, each to run alone, so that one poisoned job takes no neighbour along; a job out of attempts
    is set aside as failed.

    Returns:
        How many leases had lapsed.
    """
    lapsed = GenerationJob.objects.using(database()).filter(state=State.RUNNING, lease_expires_at__lt=Now())
    spent = list(lapsed.filter(attempts__gte=max_attempts))
    failed = 0
    for job in spent:
        # Its lease may have been renewed since it was read: the condition is checked again.
        moved = lapsed.filter(pk=job.pk, lease_token=job.lease_token).update(
            state=State.FAILED, finished_at=Now(), error="The worker died or hung at every attempt.",
            lapses=F("lapses") + 1, **FREED,
        )  # fmt: skip
        failed += moved
        if moved:
            job.refresh_from_db()
            job_failed.send_robust(sender=GenerationJob, job=job)
    return failed + lapsed.filter(attempts__lt=max_attempts).update(
        state=State.WAITING, runs_alone=True, error="The worker died or hung.", lapses=F("lapses") + 1, **FREED
    )


def expire() -> int:
    """Drop waiting jobs that are past their time to live.

    Returns:
        How many were dropped.
    """
    late = GenerationJob.objects.filter(state=State.WAITING, expires_at__lte=Now())
    return late.update(state=State.EXPIRED, finished_at=Now(), error="Waited longer than its time to live.")
