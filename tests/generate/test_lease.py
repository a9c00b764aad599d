"""A lease lives from the token loop: renewed, lost, ended by a deadline, kept while a model is loaded."""

from __future__ import annotations

import time
import uuid

import pytest
from django.db.models.functions import Now

from ecom_llm.entities import JobRequest, Kind, TextKey
from ecom_llm.exceptions import DeadlineError, LeaseLostError
from ecom_llm.generate import jobs, queue
from ecom_llm.generate.lease import Lease, StopRequestedError
from ecom_llm.generate.watchdog import Watchdog
from ecom_llm.models import GenerationJob

pytestmark = pytest.mark.django_db


def never() -> bool:
    return False


def claimed(seconds: int) -> GenerationJob:
    request = JobRequest(TextKey(Kind.DESCRIPTION, "lamp", "en"), "hash", "v1")
    queue.enqueue([request], ttl_hours=1, queue_cap=10)
    return jobs.claim(1, worker="test", lease_seconds=seconds)[0]


def lease_of(job: GenerationJob, seconds: int, **options: float) -> Lease:
    assert job.lease_token is not None
    return Lease(job.lease_token, seconds, never, **options)


def is_live(job: GenerationJob) -> bool:
    return GenerationJob.objects.filter(pk=job.pk, lease_expires_at__gt=Now()).exists()


def test_token_after_a_third_of_the_lease_renews_it() -> None:
    job = claimed(1)
    lease = lease_of(job, 1)
    before = job.lease_expires_at
    lease.keep()
    job.refresh_from_db()
    assert job.lease_expires_at == before
    time.sleep(0.5)
    lease.keep()
    job.refresh_from_db()
    assert job.lease_expires_at is not None
    assert before is not None
    assert job.lease_expires_at > before


def test_token_under_another_ones_lease_is_refused() -> None:
    lease = Lease(uuid.uuid4(), 1, never)
    time.sleep(0.4)
    with pytest.raises(LeaseLostError):
        lease.keep()


def test_token_of_a_worker_that_is_to_stop_ends_the_batch() -> None:
    with pytest.raises(StopRequestedError):
        Lease(uuid.uuid4(), 60, lambda: True).keep()


def test_batch_over_its_time_is_ended_and_the_next_has_a_clock_of_its_own() -> None:
    lease = Lease(uuid.uuid4(), 60, never, batch_seconds=0.2)
    lease.keep()
    time.sleep(0.3)
    with pytest.raises(DeadlineError, match=r"0\.2 seconds"):
        lease.keep()
    lease.start_batch()
    lease.keep()


def test_loading_a_model_is_not_the_batchs_time() -> None:
    lease = Lease(uuid.uuid4(), 60, never, batch_seconds=0.2)
    with lease.watched(Watchdog("loads-slowly", hang_seconds=60, load_seconds=60)):
        time.sleep(0.3)
        lease.keep()


@pytest.mark.django_db(transaction=True)
def test_jobs_given_back_while_a_model_is_loaded_are_counted_with_the_rest() -> None:
    job = claimed(60)
    assert job.lease_token is not None
    lease = Lease(job.lease_token, 60, lambda: True)
    with lease.watched(Watchdog("loads-until-stopped", hang_seconds=60, load_seconds=60)):
        until = time.monotonic() + 30
        while is_live(job) and time.monotonic() < until:
            time.sleep(0.05)
    assert lease.release() == 1


@pytest.mark.django_db(transaction=True)
def test_lease_is_kept_while_a_model_is_loaded_and_no_longer() -> None:
    job = claimed(1)
    lease = lease_of(job, 1)
    with lease.watched(Watchdog("loads-very-slowly", hang_seconds=60, load_seconds=60)):
        time.sleep(2)
        assert is_live(job)
        lease.keep()
        # From the first token on it is the token loop's.
        time.sleep(1.5)
        assert not is_live(job)
