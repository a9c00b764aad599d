"""What a run that is cut short makes of its jobs, and what it charges and reports."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from django.db import OperationalError
from django.db.models import QuerySet

from ecom_llm import pipeline
from ecom_llm.catalog.adapters.memory import MemoryProduct
from ecom_llm.entities import Kind, TextKey
from ecom_llm.exceptions import LeaseLostError
from ecom_llm.generate import budgets, interrupted, watchdog
from ecom_llm.generate.backends.echo import EchoBackend
from ecom_llm.generate.requests import request_texts
from ecom_llm.models import GenerationJob

pytestmark = pytest.mark.django_db

State = GenerationJob.State
PRODUCTS = [
    MemoryProduct(id=f"p{number}", name=f"Lamp {number}", attributes={"Material": "brass"}) for number in range(4)
]
KEYS = [TextKey(Kind.DESCRIPTION, product.id, "en") for product in PRODUCTS]
UseSettings = Callable[..., None]


@pytest.fixture(autouse=True)
def _asked(memory_catalog: Callable[..., Any]) -> None:
    memory_catalog(PRODUCTS)
    request_texts(KEYS)


def jobs_charged() -> int:
    return budgets.spent_by_kind()[Kind.DESCRIPTION].jobs


def rows() -> list[tuple[str, int]]:
    return sorted(GenerationJob.objects.values_list("state", "attempts"))


def test_claim_whose_answer_was_lost_goes_back_unspent(monkeypatch: pytest.MonkeyPatch) -> None:
    order_by = QuerySet.order_by

    def lose_the_answer(self: QuerySet[Any], *fields: str) -> QuerySet[Any]:
        if self.model is GenerationJob and GenerationJob.objects.filter(state=State.RUNNING).exists():
            raise OperationalError("server closed the connection unexpectedly")
        return order_by(self, *fields)

    with monkeypatch.context() as outage:
        outage.setattr(QuerySet, "order_by", lose_the_answer)
        with pytest.raises(OperationalError):
            pipeline.run_once("test")
    assert rows() == [(State.RUNNING, 1)] * 4
    assert interrupted.give_back() == 4
    assert rows() == [(State.WAITING, 0)] * 4


@pytest.mark.parametrize("is_gone", [False, True], ids=["released", "taken"])
def test_lease_lost_midway_counts_and_charges_what_had_ended(
    is_gone: bool, monkeypatch: pytest.MonkeyPatch, use_settings: UseSettings
) -> None:
    use_settings(GENERATE={"BATCH_TOKENS": 1})
    generate = EchoBackend.generate
    batches: list[int] = []

    def lose(self: EchoBackend, prompts: Sequence[Any], *others: Any) -> Any:
        batches.append(len(prompts))
        if len(batches) < 3:
            return generate(self, prompts, *others)
        if is_gone:
            GenerationJob.objects.filter(state=State.RUNNING).update(lease_token=None)
        raise LeaseLostError

    monkeypatch.setattr(EchoBackend, "generate", lose)
    report = pipeline.run_once("test")
    assert (report.claimed, report.stored) == (4, 2)
    assert (report.lost, report.released) == ((2, 0) if is_gone else (0, 2))
    assert jobs_charged() == 2


def test_row_deleted_from_a_batch_that_fails_takes_no_neighbour_along(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        GenerationJob.objects.filter(subject="p1").delete()
        raise RuntimeError("the server said 500")

    monkeypatch.setattr(EchoBackend, "generate", fail)
    report = pipeline.run_once("test")
    assert rows() == [(State.WAITING, 1)] * 3
    assert (report.failed, report.lost) == (3, 1)
    assert jobs_charged() == 3


def test_unforeseen_error_leaves_what_had_ended_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    from ecom_llm.pipeline import running

    complete = running.complete

    def complete_then_trip(*arguments: Any) -> None:
        complete(*arguments)
        raise KeyError("unforeseen")

    monkeypatch.setattr(running, "complete", complete_then_trip)
    report = pipeline.run_once("test")
    assert (report.stored, report.failed, report.lost) == (4, 0, 0)
    assert rows() == [(State.DONE, 1)] * 4


@pytest.mark.django_db(transaction=True)
def test_stop_while_the_model_is_loaded_counts_what_went_back_and_charges_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(watchdog, "_loaded", set())

    def load(self: EchoBackend, prompts: Sequence[Any], sampling: Any, on_token: Callable[[], None]) -> None:
        until = time.monotonic() + 30
        while GenerationJob.objects.filter(state=State.RUNNING).exists() and time.monotonic() < until:
            time.sleep(0.05)
        on_token()

    monkeypatch.setattr(EchoBackend, "generate", load)
    report = pipeline.run_once("test", lambda: True)
    assert rows() == [(State.WAITING, 0)] * 4
    assert (report.claimed, report.released) == (4, 4)
    assert jobs_charged() == 0
