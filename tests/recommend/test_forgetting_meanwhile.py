"""Whoever learns while a visitor is being forgotten keeps nothing of theirs, wherever the two meet."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, connections

from ecom_llm.models import Erasure, Event, LearnedState
from ecom_llm.privacy import erasing
from ecom_llm.privacy.erasing import erase, resume
from ecom_llm.recommend import increments, rebuilding
from ecom_llm.recommend.increments import learn_next
from ecom_llm.recommend.learning import learn
from tests.conftest import MakeCatalog
from tests.recommend import streams
from tests.recommend.conftest import Visit
from tests.recommend.learned import counts_now, pairs_of

pytestmark = pytest.mark.django_db

EVA, ADAM = streams.VISITORS[:2]


@pytest.fixture(autouse=True)
def _shop(memory_catalog: MakeCatalog) -> None:
    memory_catalog(streams.PRODUCTS)


def once_before(monkeypatch: pytest.MonkeyPatch, module: Any, name: str, do: Callable[[], object]) -> None:
    """Have something done right before a function is first called."""
    real = getattr(module, name)

    def do_and_call(*args: Any, **kwargs: Any) -> Any:
        monkeypatch.setattr(module, name, real)
        do()
        return real(*args, **kwargs)

    monkeypatch.setattr(module, name, do_and_call)


@pytest.mark.parametrize("is_learned", [False, True], ids=["waiting", "learned"])
@pytest.mark.parametrize("rebuild", [False, True], ids=["increment", "rebuild"])
def test_who_learns_before_the_rows_are_deleted_learns_nothing_of_the_visitor(
    visit: Visit, monkeypatch: pytest.MonkeyPatch, is_learned: bool, rebuild: bool
) -> None:
    visit("p0", "p1", visitor=ADAM)
    learn()
    visit("p2", "p3", visitor=EVA)
    if is_learned:
        learn()
    visit("p0", "p4", visitor=ADAM)
    once_before(monkeypatch, erasing, "_forget_rows", lambda: learn(rebuild=rebuild))
    assert erase([EVA]).is_complete
    learn()
    assert (pairs_of("p2"), pairs_of("p0").keys()) == ({}, {"p1", "p4"})
    assert LearnedState.objects.get().rebuilt_at is not None


def test_who_learns_before_an_erasure_goes_on_learns_nothing_of_the_visitor(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit("p0", "p1", visitor=ADAM)
    learn()
    visit("p2", "p3", visitor=EVA)
    assert not erase([EVA], should_stop=lambda: Erasure.objects.filter(is_unlearned=True).exists()).is_complete
    assert Event.objects.filter(visitor=EVA).exists()
    learn()
    assert resume().is_complete
    assert pairs_of("p2") == {}


def test_who_has_asked_and_is_not_taken_back_yet_is_learned_from_and_taken_back(visit: Visit) -> None:
    visit("p0", "p1", visitor=ADAM)
    learn()
    counts = counts_now()
    visit("p0", "p1", visitor=EVA)
    learn()
    assert not erase([EVA], should_stop=lambda: True).is_complete
    visit("p0", "p2", visitor=EVA)
    learn()
    assert resume().is_complete
    counts.check(counts_now())


@pytest.mark.parametrize("is_first", [False, True], ids=["later", "first"])
def test_a_visitor_who_has_taught_nothing_yet_and_is_forgotten_during_a_rebuild_has_it_done_again(
    visit: Visit, monkeypatch: pytest.MonkeyPatch, is_first: bool
) -> None:
    if not is_first:
        learn()
    visit("p2", "p3", visitor=EVA)
    once_before(monkeypatch, rebuilding, "rank_catalogue", lambda: erase([EVA]))
    learn(rebuild=True)
    assert not Event.objects.filter(visitor=EVA).exists()
    assert LearnedState.objects.get().rebuilt_at is None


def test_a_visitor_who_is_forgotten_while_new_events_are_counted_is_not_in_them(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit("p0", "p1", visitor=ADAM)
    learn()
    visit("p2", "p3", visitor=EVA)
    visit("p0", "p4", visitor=ADAM)
    once_before(monkeypatch, increments, "apply", lambda: erase([EVA]))
    learn()
    assert not Event.objects.filter(visitor=EVA).exists()
    assert (pairs_of("p2"), pairs_of("p0").keys()) == ({}, {"p1", "p4"})


@pytest.mark.django_db(transaction=True)
def test_a_visitor_who_is_forgotten_right_before_the_swap_has_the_rebuild_done_again(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By another process, between any two statements of the swap; on SQLite that one waits for its end."""
    if connection.vendor != "postgresql":
        pytest.skip("Only PostgreSQL lets another one write within the swap.")
    visit("p0", "p1", visitor=ADAM)
    visit("p2", "p3", visitor=EVA)
    learn()
    asked: list[str] = []

    def forget() -> None:
        try:
            erase([EVA])
        finally:
            connections.close_all()

    def forget_in_between(execute: Any, statement: str, *args: Any) -> Any:
        is_swap = 'UPDATE "ecom_llm_learnedstate"' in statement and '"generation" = ' in statement
        if is_swap and not asked:
            asked.append(statement)
            thread = threading.Thread(target=forget)
            thread.start()
            thread.join()
        return execute(statement, *args)

    with connection.execute_wrapper(forget_in_between):
        learn(rebuild=True)
    assert asked
    assert not Event.objects.filter(visitor=EVA).exists()
    assert LearnedState.objects.get().rebuilt_at is None


def test_an_increment_that_erasures_come_before_learns_less_at_a_time(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    learn()
    visit("p0", "p1", times=4)
    monkeypatch.setattr(increments, "CHUNK_EVENTS", 8)
    once_before(monkeypatch, increments, "apply", lambda: erase(["p:who-was-never-here"]))
    first = learn_next()
    assert first is not None
    assert first.events == 4
