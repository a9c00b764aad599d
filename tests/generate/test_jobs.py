"""The job core keeps every promise that a worker relies on."""

from __future__ import annotations

import pytest

from ecom_llm.entities import JobRequest, Kind, TextKey
from ecom_llm.exceptions import LeaseLostError
from ecom_llm.generate import jobs
from ecom_llm.models import GenerationJob
from ecom_llm.signals import job_failed

pytestmark = pytest.mark.django_db

State = GenerationJob.State


def ask(*subjects: str, kind: Kind = Kind.DESCRIPTION, priority: int = 0, ttl_hours: int = 1) -> int:
    requests = [JobRequest(TextKey(kind, subject, "en"), "hash", "1", priority) for subject in subjects]
    return jobs.enqueue(requests, ttl_hours=ttl_hours, queue_cap=1000)


def claim(limit: int = 10, lease_seconds: int = 60) -> list[GenerationJob]:
    return jobs.claim(limit, worker="test", lease_seconds=lease_seconds)


def test_second_request_joins_the_waiting_job() -> None:
    ask("a")
    ask("a", "b")
    assert GenerationJob.objects.count() == 2


def test_second_request_joins_the_running_job() -> None:
    ask("a")
    claim()
    ask("a")
    assert GenerationJob.objects.count() == 1


def test_text_is_asked_for_again_once_its_job_has_ended() -> None:
    ask("a")
    jobs.finish(claim()[0])
    ask("a")
    assert GenerationJob.objects.filter(state=State.WAITING).count() == 1


def test_queue_cap_refuses_what_is_over_it() -> None:
    requests = [JobRequest(TextKey(Kind.REASON, str(number), "en"), "hash", "1") for number in range(5)]
    assert jobs.enqueue(requests, ttl_hours=1, queue_cap=3) == 3
    assert GenerationJob.objects.count() == 3


def test_claim_counts_an_attempt_and_dates_the_lease() -> None:
    ask("a")
    (job,) = claim()
    assert (job.state, job.attempts, job.worker) == (State.RUNNING, 1, "test")
    assert job.lease_expires_at is not None
    assert job.started_at is not None
    assert 59 < (job.lease_expires_at - job.started_at).total_seconds() < 61


def test_claim_takes_the_most_urgent_first_and_no_more_than_its_limit() -> None:
    ask("low", "lower")
    ask("high", priority=5)
    assert [job.subject for job in claim(2)] == ["high", "low"]


def test_claimed_job_is_not_claimed_again() -> None:
    ask("a", "b")
    assert len(claim()) == 2
    assert claim() == []


def test_one_claim_holds_one_kind() -> None:
    ask("a")
    ask("b", kind=Kind.REASON)
    assert [job.kind for job in claim()] == [Kind.DESCRIPTION]
    assert [job.kind for job in claim()] == [Kind.REASON]


def test_claim_leaves_other_kinds_alone() -> None:
    ask("a")
    assert jobs.claim(5, worker="test", lease_seconds=60, kinds=[Kind.REASON]) == []


def test_finish_after_the_lease_was_taken_over_is_refused() -> None:
    ask("a")
    (stale,) = claim(lease_seconds=-1)
    jobs.reap(max_attempts=3)
    (fresh,) = claim()
    with pytest.raises(LeaseLostError):
        jobs.finish(stale)
    jobs.finish(fresh)
    assert GenerationJob.objects.get().state == State.DONE


def test_job_is_finished_once() -> None:
    ask("a")
    (job,) = claim()
    jobs.finish(job)
    with pytest.raises(LeaseLostError):
        jobs.finish(job)


def test_renewed_lease_is_not_reaped() -> None:
    ask("a")
    (job,) = claim(lease_seconds=-1)
    assert job.lease_token is not None
    assert jobs.renew(job.lease_token, 60) == 1
    assert jobs.reap(max_attempts=3) == 0
    jobs.finish(job)


def test_renewing_a_lost_lease_tells_so() -> None:
    ask("a")
    (job,) = claim(lease_seconds=-1)
    jobs.reap(max_attempts=3)
    assert job.lease_token is not None
    assert jobs.renew(job.lease_token, 60) == 0


def test_release_gives_the_attempt_back() -> None:
    ask("a")
    (job,) = claim()
    assert job.lease_token is not None
    assert jobs.release(job.lease_token) == 1
    job.refresh_from_db()
    assert (job.state, job.attempts, job.runs_alone) == (State.WAITING, 0, False)


def test_crashed_batch_is_rerun_one_job_at_a_time() -> None:
    ask("a", "b", "c")
    claim(lease_seconds=-1)
    assert jobs.reap(max_attempts=3) == 3
    assert [len(claim()) for _ in range(4)] == [1, 1, 1, 0]


def test_poisoned_job_is_quarantined_after_its_last_attempt() -> None:
    told: list[GenerationJob] = []
    job_failed.connect(lambda job, **_: told.append(job), weak=False, dispatch_uid="test")
    ask("poison")
    for _ in range(3):
        claim(lease_seconds=-1)
        jobs.reap(max_attempts=3)
    job_failed.disconnect(dispatch_uid="test")
    job = GenerationJob.objects.get()
    assert (job.state, job.attempts) == (State.FAILED, 3)
    assert "died or hung" in job.error
    assert [item.pk for item in told] == [job.pk]
    assert claim() == []


def test_attempt_that_raised_waits_alone_then_fails() -> None:
    ask("a")
    jobs.give_up_attempt(claim()[0], "boom", max_attempts=2)
    job = GenerationJob.objects.get()
    assert (job.state, job.runs_alone, job.error) == (State.WAITING, True, "boom")
    jobs.give_up_attempt(claim()[0], "boom", max_attempts=2)
    job.refresh_from_db()
    assert job.state == State.FAILED


def test_requeued_job_carries_the_new_input_and_no_attempt() -> None:
    ask("a")
    jobs.requeue(claim()[0], input_hash="newer", prompt_version="2")
    job = GenerationJob.objects.get()
    assert (job.state, job.attempts, job.input_hash, job.prompt_version) == (State.WAITING, 0, "newer", "2")


def test_job_past_its_time_to_live_is_dropped_and_never_claimed() -> None:
    ask("late", ttl_hours=-1)
    assert claim() == []
    assert jobs.expire() == 1
    assert GenerationJob.objects.get().state == State.EXPIRED
