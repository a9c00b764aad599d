"""What a sweep trips over keeps no text from being made, and an outage costs no worker its jobs."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, DataError, OperationalError, ProgrammingError
from django.db.models import F
from django.utils import timezone

from ecom_llm import pipeline
from ecom_llm.entities import Kind, TextKey
from ecom_llm.generate import interrupted, jobs
from ecom_llm.generate.requests import request_texts
from ecom_llm.models import GenerationJob, LearningRun
from ecom_llm.pipeline import sweeping
from ecom_llm.recommend import increments
from ecom_llm.recommend.increments import number_waiting
from tests.recommend.conftest import record

pytestmark = pytest.mark.django_db

State = GenerationJob.State
KEYS = [TextKey(Kind.DESCRIPTION, name, "en") for name in ("jacket-1", "kettle-1")]


@pytest.fixture(autouse=True)
def _catalog(memory_catalog: Callable[..., Any]) -> None:
    memory_catalog()


def fail_learning(monkeypatch: pytest.MonkeyPatch, error: Exception) -> list[int]:
    """Have learning raise; gives a list that grows with each try."""
    tries: list[int] = []

    def learn(**_: Any) -> None:
        tries.append(1)
        raise error

    monkeypatch.setattr(sweeping, "learn", learn)
    return tries


def take_database_away(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    monkeypatch.setattr(interrupted, "_answers", lambda _: False)

    def claim(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(jobs, "claim", claim)


def lapse() -> None:
    GenerationJob.objects.update(lease_expires_at="2020-01-01T00:00:00Z")


@pytest.mark.parametrize(
    "error",
    [
        OperationalError("canceling statement due to statement timeout"), DataError("value too long"),
        ProgrammingError("column does not exist"), KeyError("name"),
    ],
    ids=lambda error: type(error).__name__,
)  # fmt: skip
def test_learning_that_fails_keeps_no_text_from_being_made(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    fail_learning(monkeypatch, error)
    request_texts(KEYS)
    pipeline.sweep()
    assert pipeline.run_once("test").stored == 2


def test_learning_that_failed_is_not_tried_at_every_sweep(
    monkeypatch: pytest.MonkeyPatch, use_settings: Callable[..., None]
) -> None:
    tries = fail_learning(monkeypatch, KeyError("name"))
    for _ in range(3):
        pipeline.sweep()
    assert len(tries) == 1
    monkeypatch.setattr(sweeping, "_learning_failed_at", time.monotonic() - 61)
    pipeline.sweep()
    assert len(tries) == 1
    use_settings(RECOMMEND={"LEARN_MINUTES": 1})
    pipeline.sweep()
    assert len(tries) == 2


def test_learning_in_a_database_that_is_away_tells_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    tries = fail_learning(monkeypatch, OperationalError("server closed the connection unexpectedly"))
    with monkeypatch.context() as outage:
        outage.setattr(interrupted, "_answers", lambda _: False)
        with pytest.raises(DatabaseError):
            pipeline.sweep()
    pipeline.sweep()
    assert len(tries) == 2


def test_learning_takes_turns_with_texts_and_goes_on_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(increments, "CHUNK_EVENTS", 1)
    monkeypatch.setattr(sweeping, "_content_rests_until", float("inf"))
    pipeline.sweep()
    LearningRun.objects.update(finished_at=timezone.now() - timedelta(hours=1))
    for number in range(4):
        record(f"p:{number}", "jacket-1", timezone.now())
    request_texts(KEYS)
    learned = []
    for pause in (0, 0, 31):
        LearningRun.objects.update(finished_at=F("finished_at") - timedelta(seconds=pause))
        pipeline.sweep()
        learned.append(4 - number_waiting())
    assert learned == [1, 1, 2]
    # Nothing else to be done.
    assert pipeline.run_once("test").stored == 2
    pipeline.sweep()
    assert number_waiting() == 0
    record("p:5", "jacket-1", timezone.now())
    pipeline.sweep()
    assert number_waiting() == 1


def test_first_worker_back_from_an_outage_leaves_others_time_to_come_back(
    monkeypatch: pytest.MonkeyPatch, use_settings: Callable[..., None]
) -> None:
    request_texts(KEYS)
    jobs.claim(2, worker="other", lease_seconds=60)
    with monkeypatch.context() as outage:
        take_database_away(outage, OperationalError("connection refused"))
        with pytest.raises(OperationalError):
            pipeline.run_once("test")
    lapse()
    pipeline.sweep()
    assert set(GenerationJob.objects.values_list("state", "lapses")) == {(State.RUNNING, 0)}

    # A lease's time later they are dead.
    monkeypatch.setattr(interrupted, "_away_at", float("-inf"))
    pipeline.sweep()
    assert set(GenerationJob.objects.values_list("state", "lapses")) == {(State.WAITING, 1)}


def test_outage_lasts_as_long_as_the_sweeps_that_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any) -> None:
        raise OperationalError("connection refused")

    with monkeypatch.context() as outage:
        outage.setattr(interrupted, "give_back", away)
        with pytest.raises(OperationalError):
            pipeline.sweep()
    assert interrupted.was_away(60)
