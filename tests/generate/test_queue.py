"""Requests become jobs while others ask for the same."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection
from django.db.models import F
from django.db.models.functions import Now

from ecom_llm.entities import JobRequest, Kind, TextKey
from ecom_llm.generate import queue
from ecom_llm.models import GenerationJob

CARDS, ROUNDS = 100, 15


def wanted(subjects: list[str], priority: int = 0) -> list[JobRequest]:
    return [JobRequest(TextKey(Kind.DESCRIPTION, subject, "en"), "hash", "1", priority) for subject in subjects]


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has one writer at a time.")
def test_lists_in_different_orders_do_not_wait_for_each_other() -> None:
    ascending = [f"p{number}" for number in range(CARDS)]
    errors: list[DatabaseError] = []
    together = threading.Barrier(2, timeout=60)

    def ask(subjects: list[str]) -> None:
        try:
            for round_number in range(ROUNDS):
                together.wait()
                named = [f"{round_number} {subject}" for subject in subjects]
                queue.enqueue(wanted(named), ttl_hours=1, queue_cap=100_000)
        except DatabaseError as error:
            errors.append(error)
            together.abort()
        except threading.BrokenBarrierError:
            pass
        finally:
            connection.close()

    pages = [threading.Thread(target=ask, args=(order,)) for order in (ascending, ascending[::-1])]
    for page in pages:
        page.start()
    for page in pages:
        page.join()
    assert errors == []
    assert GenerationJob.objects.count() == CARDS * ROUNDS


@pytest.mark.django_db
def test_job_that_is_brought_forward_lives_its_time_from_then_on() -> None:
    queue.enqueue(wanted(["lamp"], -10), ttl_hours=72, queue_cap=10)
    nearly_over = timedelta(hours=71, minutes=59)
    GenerationJob.objects.update(created_at=F("created_at") - nearly_over, expires_at=F("expires_at") - nearly_over)
    queue.promote(list(GenerationJob.objects.values_list("pk", flat=True)), 10)
    assert GenerationJob.objects.filter(expires_at__gt=Now() + timedelta(hours=71)).exists()
