"""The job core keeps every promise that a worker relies on."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from ecom_llm.entities import JobRequest, Kind, Spent, TextKey
from ecom_llm.exceptions import LeaseLostError
from ecom_llm.generate import jobs, queue, reaping
from ecom_llm.generate.jobs import Ending
from ecom_llm.models import GenerationJob
from ecom_llm.signals import job_failed

pytestmark = pytest.mark.django_db

State = GenerationJob.State


def ask(*subjects: str, kind: Kind = Kind.DESCRIPTION, priority: int = 0, ttl_hours: int = 1) -> int:
    requests = [JobRequest(TextKey(kind, subject, "en"), "hash", "1", priority) for subject in subjects]
    return queue.enqueue(requests, ttl_hours=ttl_hours, queue_cap=1000)


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
    assert queue.enqueue(requests, ttl_hours=1, queue_cap=3) == 3
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
    reaping.reap(max_attempts=3)
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
    assert reaping.reap(max_attempts=3) == 0
    jobs.finish(job)


def test_renewing_a_lost_lease_tells_so() -> None:
    ask("a")
    (job,) = claim(lease_seconds=-1)
    reaping.reap(max_attempts=3)
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
    assert reaping.reap(max_attempts=3) == 3
    assert [len(claim()) for _ in range(4)] == [1, 1, 1, 0]


def test_poisoned_job_is_quarantined_after_its_last_attempt() -> None:
    told: list[GenerationJob] = []
    job_failed.connect(lambda job, **_: told.append(job), weak=False, dispatch_uid="test")
    ask("poison")
    for _ in range(3):
        claim(lease_seconds=-1)
        reaping.reap(max_attempts=3)
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


def test_requeued_job_carries_the_new_input_and_goes_behind_its_like() -> None:
    ask("a")
    (job,) = claim()
    ask("b")
    time.sleep(0.01)
    jobs.requeue(job, input_hash="newer", prompt_version="2")
    job.refresh_from_db()
    assert (job.state, job.attempts, job.input_hash, job.prompt_version) == (State.WAITING, 1, "newer", "2")
    assert [item.subject for item in claim()] == ["b", "a"]


def test_job_past_its_time_to_live_is_dropped_and_never_claimed() -> None:
    ask("late", ttl_hours=-1)
    assert claim() == []
    assert reaping.expire() == 1
    assert GenerationJob.objects.get().state == State.EXPIRED


def make_older(subject: str, **age: int) -> None:
    """As if the job had been asked for earlier."""
    job = GenerationJob.objects.filter(subject=subject)
    job.update(due_at=F("due_at") - timedelta(**age), created_at=F("created_at") - timedelta(**age))


def test_each_point_of_priority_is_worth_an_hour_of_waiting() -> None:
    ask("old")
    ask("urgent", priority=5)
    make_older("old", hours=4, minutes=59)
    assert [job.subject for job in claim(1)] == ["urgent"]
    ask("urgent-2", priority=5)
    make_older("old", minutes=2)
    assert [job.subject for job in claim(1)] == ["old"]


def test_jobs_of_one_priority_are_claimed_as_they_were_asked_for() -> None:
    subjects = [f"p{number:03}" for number in range(150)]
    ask(*subjects)
    assert [job.subject for job in claim(150)] == subjects


def test_promoted_job_goes_first_and_a_demoted_one_does_not_exist() -> None:
    ask("a", "b", priority=-10)
    ask("c", priority=5)
    behind = GenerationJob.objects.filter(subject__in=["b", "c"]).values_list("pk", flat=True)
    assert queue.promote(list(behind), 5) == 1
    assert queue.promote(list(behind), -10) == 0
    make_older("b", minutes=1)
    assert [(job.subject, job.priority) for job in claim()] == [("b", 5), ("c", 5), ("a", -10)]


def test_promotion_loses_no_waiting_time() -> None:
    ask("a", priority=-10)
    make_older("a", hours=40)
    due = GenerationJob.objects.get().due_at
    queue.promote([GenerationJob.objects.get().pk], 10)
    assert GenerationJob.objects.get().due_at == due


def test_running_job_is_not_promoted() -> None:
    ask("a")
    (job,) = claim()
    assert queue.promote([job.pk], 10) == 0


def test_part_of_a_lease_can_be_given_back() -> None:
    ask("a", "b", "c")
    first, *rest = claim()
    assert first.lease_token is not None
    assert jobs.release(first.lease_token, job_ids=[job.pk for job in rest]) == 2
    jobs.finish(first)
    assert [job.subject for job in claim()] == ["b", "c"]


def test_tokens_and_seconds_of_all_attempts_add_up() -> None:
    ask("a")
    jobs.give_up_attempt(claim()[0], "boom", max_attempts=3, spent=Spent(10, 2, 0.5))
    jobs.requeue(claim()[0], input_hash="newer", prompt_version="2", spent=Spent(10, 3, 0.25))
    jobs.finish(claim()[0], spent=Spent(10, 4, 1))
    job = GenerationJob.objects.get()
    assert (job.prompt_tokens, job.completion_tokens, job.generation_seconds) == (30, 9, 1.75)


def test_jobs_that_end_alike_end_in_one_update_each_with_its_own_cost() -> None:
    ask("a", "b", "c")
    claimed = claim()
    with CaptureQueriesContext(connection) as captured:
        jobs.finish_many(
            Ending(job, input_hash="hash", prompt_version="1", spent=Spent(place, 10 * place, place / 2))
            for place, job in enumerate(claimed)
        )
    assert len([query for query in captured if query["sql"].startswith("UPDATE")]) == 1
    rows = GenerationJob.objects.order_by("subject").values_list(
        "state", "prompt_tokens", "completion_tokens", "generation_seconds"
    )
    assert list(rows) == [("done", 0, 0, 0), ("done", 1, 10, 0.5), ("done", 2, 20, 1)]


def test_jobs_that_end_in_their_own_ways_end_together() -> None:
    ask("a", "b", "c", "d")
    one, two, three, four = claim()
    endings = [
        Ending(one), Ending(two, State.BLOCKED, "x" * 3000), Ending(three, input_hash="newer", prompt_version="2"),
        Ending(four, State.EXPIRED, "Gone."),
    ]  # fmt: skip
    jobs.finish_many(endings)
    rows = GenerationJob.objects.order_by("subject").values_list("state", "error", "input_hash", "prompt_version")
    assert list(rows) == [
        ("done", "", "hash", "1"), ("blocked", "x" * 2000, "hash", "1"), ("done", "", "newer", "2"),
        ("expired", "Gone.", "hash", "1"),
    ]  # fmt: skip
    assert [job.state for job in (one, two, three, four)] == ["done", "blocked", "done", "expired"]


def test_none_of_a_batch_ends_when_the_lease_of_one_was_lost() -> None:
    ask("a", "b", "c")
    first, *rest = claim()
    assert first.lease_token is not None
    jobs.release(first.lease_token, job_ids=[rest[0].pk])
    claim()
    with pytest.raises(LeaseLostError):
        jobs.finish_many([Ending(first, State.BLOCKED, "Never passed."), *map(Ending, rest)])
    assert set(GenerationJob.objects.values_list("state", flat=True)) == {State.RUNNING}
    jobs.finish_many([Ending(first), Ending(rest[1])])
    assert dict(GenerationJob.objects.values_list("subject", "state")) == {"a": "done", "b": "running", "c": "done"}


def test_listeners_hear_of_each_job_that_failed(django_capture_on_commit_callbacks: Any) -> None:
    told: list[GenerationJob] = []
    job_failed.connect(lambda job, **_: told.append(job), weak=False, dispatch_uid="test")
    ask("a", "b", "c")
    claimed = claim()
    with django_capture_on_commit_callbacks(execute=True):
        jobs.finish_many([Ending(claimed[0]), *(Ending(job, State.FAILED, "boom") for job in claimed[1:])])
    job_failed.disconnect(dispatch_uid="test")
    assert [(job.subject, job.error) for job in told] == [("b", "boom"), ("c", "boom")]


def test_nothing_to_end_costs_no_query(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        jobs.finish_many([])


def test_lapsed_leases_are_counted() -> None:
    ask("a")
    for _ in range(3):
        claim(lease_seconds=-1)
        reaping.reap(max_attempts=3)
    assert GenerationJob.objects.get().lapses == 3


@pytest.mark.django_db(transaction=True)
def test_claim_locks_and_takes_no_more_than_its_limit() -> None:
    """The trap of `UPDATE … WHERE id IN (SELECT … LIMIT n FOR UPDATE SKIP LOCKED)`: the update names ids instead."""
    ask(*(f"p{number}" for number in range(20)))
    with CaptureQueriesContext(connection) as captured:
        assert len(claim(5)) == 5
    statements = [query["sql"] for query in captured]
    (update,) = [sql for sql in statements if sql.startswith("UPDATE")]
    assert "SELECT" not in update
    locking = [sql for sql in statements if sql.endswith("FOR UPDATE SKIP LOCKED")]
    assert len(locking) == (2 if connection.vendor == "postgresql" else 0)
    assert GenerationJob.objects.filter(state=State.RUNNING).count() == 5
