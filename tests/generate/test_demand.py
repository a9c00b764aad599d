"""The pairs that are shown more often are put into words first, at hardly a write a page."""

from __future__ import annotations

import logging
import random
import statistics
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext

from ecom_llm.entities import EvidenceKind, Kind, ReasonSubject, TextKey
from ecom_llm.generate import demand, jobs
from ecom_llm.generate.requests import ask_as_shown, request_texts
from ecom_llm.models import GenerationJob

pytestmark = pytest.mark.django_db


def pair(seed_id: str, product_id: str) -> TextKey:
    return TextKey(Kind.REASON, ReasonSubject(seed_id, product_id, EvidenceKind.VIEWED_AFTER).key, "en")


JACKETS, KETTLE = pair("jacket-1", "jacket-2"), pair("jacket-1", "kettle-1")


@pytest.fixture(autouse=True)
def _shop(memory_catalog: Callable[..., Any]) -> None:
    memory_catalog()


@pytest.fixture(autouse=True)
def _dice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(random, "random", random.Random(5).random)


def show(key: TextKey, times: int) -> None:
    for _ in range(times):
        ask_as_shown([key])


def priority_of(key: TextKey) -> int:
    return GenerationJob.objects.get(subject=key.subject).priority


def claim_one(**options: Any) -> list[str]:
    return [job.subject for job in jobs.claim(1, worker="test", lease_seconds=60, **options)]


def test_pair_shown_often_is_claimed_before_one_shown_once() -> None:
    show(KETTLE, 1)
    show(JACKETS, 30)
    assert claim_one() == [JACKETS.subject]
    assert claim_one() == [KETTLE.subject]


def test_pair_shown_twice_goes_before_one_shown_once_whatever_the_dice_say() -> None:
    show(KETTLE, 1)
    show(JACKETS, 2)
    assert (priority_of(KETTLE), priority_of(JACKETS)) == demand.RUNGS[:2]
    assert claim_one() == [JACKETS.subject]


def test_pair_shown_a_thousand_times_is_written_to_five_times_and_stays_below_a_pages_own_text() -> None:
    show(JACKETS, 1)
    with CaptureQueriesContext(connection) as captured:
        show(JACKETS, 999)
    assert sum(query["sql"].startswith("UPDATE") for query in captured) == len(demand.RUNGS) - 1
    assert priority_of(JACKETS) == demand.SHOWN_OFTEN
    request_texts([TextKey(Kind.DESCRIPTION, "jacket-1", "en")], 10)
    assert claim_one() == ["jacket-1"]


def test_page_of_pairs_that_wait_writes_one_statement_at_most() -> None:
    keys = [JACKETS, KETTLE]
    ask_as_shown(keys)
    for _ in range(40):
        with CaptureQueriesContext(connection) as captured:
            ask_as_shown(keys)
        assert sum(query["sql"].startswith("UPDATE") for query in captured) <= 1


@pytest.mark.parametrize("showings", [4, 16])
def test_rung_tells_how_often_a_place_was_shown_to_within_a_factor_of_two_on_average(showings: int) -> None:
    reached = []
    for _ in range(400):
        job = GenerationJob(pk=1, priority=demand.SHOWN_ONCE)
        for _ in range(showings - 1):
            job.priority += demand.RUNG_POINTS * len(demand.climbing([job]))
        reached.append(2 ** demand.RUNGS.index(job.priority))
    assert showings / 2 < statistics.mean(reached) < showings * 2


def test_being_shown_again_counts_from_the_first_request_and_renews_the_time_to_live() -> None:
    show(JACKETS, 1)
    GenerationJob.objects.update(due_at=Now() - timedelta(hours=40), expires_at=Now() + timedelta(minutes=1))
    show(JACKETS, 1)
    assert GenerationJob.objects.filter(
        due_at__lt=Now() - timedelta(hours=40 + demand.RUNG_POINTS), expires_at__gt=Now() + timedelta(hours=71)
    ).exists()


def test_what_bulk_work_asked_for_is_brought_forward_once_it_is_shown() -> None:
    request_texts([JACKETS], -10)
    show(JACKETS, 1)
    assert priority_of(JACKETS) == demand.SHOWN_ONCE


def test_what_is_being_made_or_was_asked_for_by_name_is_left_alone() -> None:
    request_texts([KETTLE], 10)
    show(KETTLE, 5)
    assert priority_of(KETTLE) == 10
    assert claim_one() == [KETTLE.subject]
    show(KETTLE, 5)
    assert priority_of(KETTLE) == 10


def test_pair_shown_once_leaves_the_last_of_the_budget_to_pairs_shown_again(use_settings: Callable[..., None]) -> None:
    use_settings(GENERATE={"BUDGETS": {"reason": {"jobs_per_hour": 8}}})
    show(KETTLE, 1)
    assert claim_one(room={Kind.REASON: 2}) == []
    show(KETTLE, 1)
    assert claim_one(room={Kind.REASON: 2}) == [KETTLE.subject]


def test_full_queue_is_no_news_for_pairs(use_settings: Callable[..., None], caplog: pytest.LogCaptureFixture) -> None:
    use_settings(GENERATE={"BUDGETS": {"reason": {"queue_cap": 2}}})
    caplog.set_level(logging.WARNING)
    assert ask_as_shown([JACKETS, KETTLE]).refused == (KETTLE,)
    assert caplog.records == []
