"""Each kind of text keeps to its budget, however many workers spend it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import F, Sum
from django.test.utils import CaptureQueriesContext

from ecom_llm.entities import JobRequest, Kind, TextKey
from ecom_llm.generate import budgets, jobs, queue
from ecom_llm.models import GenerationJob, GenerationSpend

pytestmark = pytest.mark.django_db

UseBudgets = Callable[..., None]
THREADS, CHARGES = 4, 25


@pytest.fixture
def use_budgets(use_settings: Callable[..., None]) -> UseBudgets:
    def use(**by_kind: dict[str, int]) -> None:
        use_settings(GENERATE={"BUDGETS": by_kind})

    return use


def ask(*subjects: str, kind: Kind = Kind.DESCRIPTION, priority: int = 0) -> None:
    requests = [JobRequest(TextKey(kind, subject, "en"), "hash", "1", priority) for subject in subjects]
    queue.enqueue(requests, ttl_hours=1, queue_cap=1000)


def claim(limit: int = 10) -> list[str]:
    claimed = jobs.claim(limit, worker="test", lease_seconds=60, room=budgets.room_by_kind())
    return [job.subject for job in claimed]


def test_kind_takes_its_own_keys_then_the_default_ones(use_budgets: UseBudgets) -> None:
    use_budgets(default={"ttl_hours": 5, "queue_cap": 7}, reason={"queue_cap": 9})
    assert (budgets.budget_for("reason").queue_cap, budgets.budget_for("reason").ttl_hours) == (9, 5)
    assert budgets.budget_for("description").queue_cap == 7


def test_room_shrinks_by_what_was_charged(use_budgets: UseBudgets) -> None:
    use_budgets(default={"jobs_per_hour": 10})
    budgets.charge("reason", jobs=3)
    budgets.charge("reason", jobs=1, tokens=50)
    assert budgets.room_by_kind() == {Kind.DESCRIPTION: 10, Kind.REASON: 6, Kind.SEARCH_COPY: 10}
    budgets.charge("reason", jobs=30)
    assert budgets.room_by_kind()[Kind.REASON] == 0


def test_room_costs_one_query() -> None:
    for kind in Kind:
        budgets.charge(kind, jobs=1)
    with CaptureQueriesContext(connection) as captured:
        budgets.room_by_kind()
    assert len(captured) == 1


def test_charge_costs_one_statement_after_an_hours_first() -> None:
    budgets.charge("reason", jobs=1)
    with CaptureQueriesContext(connection) as captured:
        budgets.charge("reason", jobs=1)
    assert len(captured) == 1


def test_last_hours_jobs_do_not_count_and_its_tokens_do(use_budgets: UseBudgets) -> None:
    use_budgets(default={"jobs_per_hour": 10, "tokens_per_day": 100})
    budgets.charge("reason", jobs=10, tokens=60)
    GenerationSpend.objects.update(hour=F("hour") - timedelta(hours=1))
    assert budgets.room_by_kind()[Kind.REASON] == 10
    budgets.charge("reason", tokens=40)
    assert budgets.room_by_kind()[Kind.REASON] == 0


def test_tokens_are_free_again_after_24_hours(use_budgets: UseBudgets) -> None:
    use_budgets(default={"tokens_per_day": 100})
    budgets.charge("reason", tokens=100)
    GenerationSpend.objects.update(hour=F("hour") - timedelta(hours=23))
    assert budgets.room_by_kind()[Kind.REASON] == 0
    GenerationSpend.objects.update(hour=F("hour") - timedelta(hours=1))
    assert budgets.room_by_kind()[Kind.REASON] > 0


def test_exhausted_kind_waits_and_keeps_no_other_waiting(use_budgets: UseBudgets) -> None:
    use_budgets(default={"jobs_per_hour": 2})
    ask(*(f"urgent-{number}" for number in range(50)), priority=9)
    ask("pair", kind=Kind.REASON)
    assert claim() == ["urgent-0", "urgent-1"]
    budgets.charge("description", jobs=2)
    assert claim() == ["pair"]
    assert claim() == []
    assert GenerationJob.objects.filter(state="waiting").count() == 48


def test_claim_takes_no_more_than_the_room_of_its_kind() -> None:
    ask("a", "b", "c")
    assert len(jobs.claim(10, worker="test", lease_seconds=60, room={Kind.DESCRIPTION: 2})) == 2
    assert len(jobs.claim(10, worker="test", lease_seconds=60, room={Kind.DESCRIPTION: 1})) == 1


@pytest.mark.parametrize("spent", [{"jobs": 6}, {"tokens": 75}], ids=["jobs", "tokens"])
def test_last_quarter_of_a_budget_is_kept_from_bulk_work(use_budgets: UseBudgets, spent: dict[str, int]) -> None:
    use_budgets(default={"jobs_per_hour": 8, "tokens_per_day": 100})
    ask("bulk", priority=-10)
    budgets.charge("description", **spent)
    assert claim() == []
    ask("page", priority=5)
    assert claim() == ["page"]


def test_bulk_work_runs_where_the_budget_is_small(use_budgets: UseBudgets) -> None:
    use_budgets(default={"jobs_per_hour": 1})
    ask("bulk", priority=-10)
    assert claim() == ["bulk"]


def test_old_hours_are_dropped_when_a_new_one_opens() -> None:
    budgets.charge("reason", jobs=1)
    GenerationSpend.objects.update(hour=F("hour") - timedelta(days=8, hours=1))
    budgets.charge("reason", jobs=1)
    assert GenerationSpend.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_charges_of_several_threads_all_count() -> None:
    started = threading.Barrier(THREADS)
    failed: list[Exception] = []

    def spend() -> None:
        started.wait()
        try:
            for _ in range(CHARGES):
                budgets.charge("reason", jobs=1, tokens=3)
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=spend) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failed == []
    total: dict[str, Any] = GenerationSpend.objects.aggregate(Sum("jobs"), Sum("tokens"))
    assert total == {"jobs__sum": THREADS * CHARGES, "tokens__sum": THREADS * CHARGES * 3}


@pytest.mark.parametrize("jobs_per_hour", [1, 2, 3])
def test_last_quarter_of_the_tokens_is_there_for_shoppers_however_few_jobs_are_allowed(
    use_budgets: UseBudgets, jobs_per_hour: int
) -> None:
    use_budgets(description={"jobs_per_hour": jobs_per_hour, "tokens_per_day": 1000})
    budgets.charge("description", tokens=750)
    ask("bulk", priority=-10)
    ask("shopper", priority=10)
    assert claim() == ["shopper"]


@pytest.mark.parametrize("jobs_per_hour", [1, 2, 3])
def test_bulk_work_runs_however_few_jobs_are_allowed(use_budgets: UseBudgets, jobs_per_hour: int) -> None:
    use_budgets(description={"jobs_per_hour": jobs_per_hour})
    ask("bulk", priority=-10)
    assert claim() == ["bulk"]
