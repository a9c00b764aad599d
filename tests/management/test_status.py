from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import InterfaceError, OperationalError, ProgrammingError, connection
from django.utils import timezone

from ecom_llm.capture import counters
from ecom_llm.entities import Kind, TextKey
from ecom_llm.generate import budgets
from ecom_llm.models import Event, GenerationJob, LearningRun, ProductVector, Text
from ecom_llm.publish.drafts import Draft, store

pytestmark = pytest.mark.django_db


def status(*arguments: str) -> str:
    out = io.StringIO()
    call_command("ecom_llm_status", *arguments, stdout=out)
    return out.getvalue()


def make_job(number: int, state: str, **fields: Any) -> GenerationJob:
    return GenerationJob.objects.create(
        kind="description", subject=f"p{number}", language="en", input_hash="x", prompt_version="1", state=state,
        expires_at=timezone.now() + timedelta(hours=1), **fields,
    )  # fmt: skip


def test_empty_shop_has_a_status() -> None:
    found = json.loads(status("--json"))
    assert found["jobs"] == {}
    assert found["oldest_waiting_seconds"] is None
    assert found["last_learning"] is None
    assert "none yet" in status()


def test_everything_is_counted() -> None:
    now = timezone.now()
    waiting = make_job(1, "waiting")
    GenerationJob.objects.filter(pk=waiting.pk).update(created_at=now - timedelta(minutes=5))
    make_job(2, "failed")
    make_job(3, "done", finished_at=now - timedelta(minutes=59))
    make_job(4, "done", finished_at=now - timedelta(minutes=61))
    store(TextKey(Kind.DESCRIPTION, "p3", "en"), Draft(body="Words.", facts={}, cited={}))
    Text.objects.create(kind="reason", subject="x", language="en")
    for hours in (1, 23, 25):
        Event.objects.create(kind="search", occurred_at=now - timedelta(hours=hours), consent="anonymous", query="q")
    LearningRun.objects.create(finished_at=now, events=3, pairs=2, seconds=0.25)
    counters.count("failures.a_test")

    found = json.loads(status("--json"))
    assert found["jobs"] == {"description": {"waiting": 1, "failed": 1, "done": 2}}
    assert found["oldest_waiting_seconds"] == pytest.approx(300, abs=30)
    assert found["done_last_hour"] == 1
    assert found["texts"] == {"description": {"published": 1}, "reason": {"no_version": 1}}
    assert found["published"] == 1
    assert found["events_last_day"] == 2
    assert found["this_process"]["failures.a_test"] >= 1
    assert (found["last_learning"]["events"], found["last_learning"]["pairs"]) == (3, 2)


def test_products_that_were_compared_are_told_by_encoder() -> None:
    for number, static in enumerate([b"", b"", b"1"]):
        ProductVector.objects.create(product_id=f"p{number}", model="an encoder", vector=b"1", static=static)
    ProductVector.objects.create(product_id="hidden", model="", vector=b"1")
    assert json.loads(status("--json"))["products_compared"] == {"an encoder": {"products": 3, "for_searches": 1}}
    assert "Products compared: 3 by an encoder (1 of them ready for searches)" in status()


def test_tables_name_states_and_kinds() -> None:
    make_job(1, "waiting")
    table = status()
    heading, row = table.splitlines()[:2]
    assert heading.split() == ["Jobs", "waiting", "running", "done", "blocked", "failed", "expired"]
    assert row.split() == ["description", "1", "0", "0", "0", "0", "0"]
    assert "Counted in this process only:" in table


def test_what_was_spent_and_by_whom_is_told(use_settings: Callable[..., None]) -> None:
    use_settings(GENERATE={"BUDGETS": {"reason": {"jobs_per_hour": 10, "tokens_per_day": 1000}}})
    budgets.charge("reason", jobs=4, tokens=1200)
    now = timezone.now()
    spent = {"attempts": 1, "prompt_tokens": 100, "completion_tokens": 20}
    make_job(1, "done", finished_at=now, worker="worker a:1", **spent)
    make_job(2, "running", worker="worker a:1", attempts=2, lapses=1)
    make_job(3, "done", finished_at=now - timedelta(minutes=6), worker="worker b:1", **spent)
    make_job(4, "blocked", finished_at=now - timedelta(minutes=61), worker="worker c:1", **spent)

    found = json.loads(status("--json"))
    assert (found["attempts"], found["lapsed_leases"]) == (5, 1)
    assert found["tokens_last_hour"] == {"prompt": 200, "completion": 40}
    assert found["texts_per_minute"] == 0.03
    assert found["workers"] == {"worker a:1": {"running": 1, "ended": 1}}
    assert found["budgets"]["reason"] == {
        "jobs_left": 6, "jobs_per_hour": 10, "tokens_left": 0, "tokens_per_day": 1000,
    }  # fmt: skip
    assert found["budgets"]["description"]["jobs_left"] == budgets.budget_for("description").jobs_per_hour
    table = status()
    assert "Workers in the last 5 minutes: worker a:1 (1 at work, 1 ended)" in table
    assert "6 of 10" in table


def test_oldest_is_told_by_kind() -> None:
    job = make_job(1, "waiting")
    GenerationJob.objects.filter(pk=job.pk).update(created_at=timezone.now() - timedelta(hours=2), kind="reason")
    make_job(2, "waiting")
    ages = json.loads(status("--json"))["oldest_waiting_seconds_by_kind"]
    assert ages == {"reason": pytest.approx(7200, abs=30), "description": pytest.approx(0, abs=30)}


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OperationalError("no such table: ecom_llm_text"), "no such table: ecom_llm_text. Has `migrate` been run?"),
        (ProgrammingError('relation "x" does not exist\nLINE 1: SELECT'), 'relation "x" does not exist. Has `migrate`'),
        (InterfaceError("connection already closed"), "used: connection already closed."),
        (OperationalError(), "used: OperationalError."),
    ],
)
@pytest.mark.parametrize(
    "arguments", [["status"], ["learn"], ["worker", "--once"], ["generate", "search_copy", "--all"]], ids=lambda a: a[0]
)
def test_database_that_cannot_be_used_is_told_in_a_line(
    arguments: list[str], error: Exception, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise error

    command, *options = arguments
    with connection.execute_wrapper(fail), pytest.raises(CommandError) as raised:
        call_command(f"ecom_llm_{command}", *options, stdout=io.StringIO())
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)
