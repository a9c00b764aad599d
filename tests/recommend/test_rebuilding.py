from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from ecom_llm.capture.storing import store
from ecom_llm.catalog.adapters.memory import MemoryCatalog
from ecom_llm.entities import EventRecord, ListKind
from ecom_llm.ids import uuid7
from ecom_llm.models import CandidateList, Event, LearnedState, LearningRun, ProductCounts
from ecom_llm.recommend import rebuilding
from ecom_llm.recommend.forgetting import unlearn
from ecom_llm.recommend.increments import learn_next, number_waiting
from ecom_llm.recommend.learning import RebuildUnderWayError, is_rebuild_due, learn
from ecom_llm.recommend.packing import pack_floats, pack_ids
from ecom_llm.recommend.rebuilding import LEASE, Rebuild
from tests.conftest import MakeCatalog
from tests.recommend.conftest import PRODUCTS, Visit, record
from tests.recommend.learned import all_lists, candidates, counts_now, pairs_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shop")]

NOW = timezone.now()


def leased_until(moment: Any) -> None:
    LearnedState.objects.update(rebuilding_until=moment)


def generations() -> set[int]:
    """Of all rows, counts and lists."""
    learned = CandidateList.objects.exclude(kind=ListKind.CONTENT.value)
    return {*learned.values_list("generation", flat=True), *ProductCounts.objects.values_list("generation", flat=True)}


def test_a_history_of_long_ago_is_weighed_as_one_of_today() -> None:
    def learned(years: int, *, is_late: bool) -> Any:
        Event.objects.all().delete()
        LearnedState.objects.all().delete()
        end = NOW - timedelta(days=365 * years, hours=1)
        for number, products in enumerate((("pot", "pan"), ("pot", "pan", "bag"), ("bag", "pot"))):
            for minute, product_id in enumerate(products):
                moment = end - timedelta(days=30 * (2 - number), minutes=-minute)
                record(f"p:{number}", product_id, moment)
                record(f"p:{number}", product_id, moment, kind="purchase", order_id=f"order-{number}")
            if number == 1 and is_late:
                learn(rebuild=True)
        learn(rebuild=not is_late)
        return all_lists()

    # Orders are damped by a number that is measured in visits of the present.
    for is_late in (False, True):
        old, new = learned(12, is_late=is_late), learned(0, is_late=is_late)
        assert old.keys() == new.keys()
        for key, weights in old.items():
            assert weights == pytest.approx(new[key], rel=1e-4), key


@pytest.mark.parametrize("max_pairs", [1, 7, 20])
def test_a_rebuild_in_several_parts_counts_the_same(
    visit: Visit, order: Visit, monkeypatch: pytest.MonkeyPatch, max_pairs: int
) -> None:
    visit("harbour", "quay", "pot", "harbour", "pan", times=3)
    visit("bag", "pan", "fell", times=2)
    order("pot", "pan", "bag", times=2)
    said: list[str] = []
    whole = learn(rebuild=True)
    counts, lists = counts_now(), all_lists()
    monkeypatch.setattr(rebuilding, "MAX_PAIRS", max_pairs)
    parts = learn(rebuild=True, progress=said.append)
    assert len([words for words in said if "part" in words]) > 1
    assert (parts.events, parts.pairs) == (whole.events, whole.pairs)
    counts.check(counts_now())
    assert {key: list(row) for key, row in lists.items()} == {key: list(row) for key, row in all_lists().items()}


STEPS = ["make_lists", "rank_catalogue", "pack_counts", "iter_all", "strongest"]


@pytest.mark.parametrize("step", STEPS)
def test_a_rebuild_that_fails_leaves_the_old_lists_and_the_next_one_makes_up_for_it(
    visit: Visit, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    visit("harbour", "quay", times=2)
    learn()
    lists = all_lists()
    visit("harbour", "pot", times=5)
    monkeypatch.setattr(rebuilding, "CHUNK_ROWS", 1)
    with monkeypatch.context() as context:
        real, calls = getattr(rebuilding, step), []

        def fail_at_the_second(*args: Any) -> Any:
            calls.append(args)
            if len(calls) == (2 if step in ("make_lists", "pack_counts", "strongest") else 1):
                raise ZeroDivisionError
            return real(*args)

        context.setattr(rebuilding, step, fail_at_the_second)
        with pytest.raises(ZeroDivisionError):
            learn(rebuild=True)
    assert all_lists() == lists
    assert (number_waiting(), LearningRun.objects.count()) == (10, 1)
    assert LearnedState.objects.get().rebuilding_until is None
    learn(rebuild=True)
    assert candidates("harbour") == ["pot", "quay"]
    assert generations() == {2}
    assert number_waiting() == 0


def test_what_a_killed_rebuild_has_left_is_cleaned_up(visit: Visit) -> None:
    visit("harbour", "quay", times=2)
    learn()
    for generation in (2, 3):
        CandidateList.objects.create(
            kind="pairs", seed="harbour", generation=generation, product_ids=b"bag", weights=pack_floats([1])
        )
        ProductCounts.objects.create(generation=generation, product_id="harbour")
    leased_until(timezone.now() - timedelta(seconds=1))
    assert candidates("harbour") == ["quay"]
    learn(rebuild=True)
    assert generations() == {2}
    assert candidates("harbour") == ["quay"]


def test_the_clean_up_of_a_rebuild_leaves_the_next_one_alone(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its lease is given back, so the next one may have written its rows already."""
    visit("harbour", "quay", times=3)
    learn()
    clear, swap_in = Rebuild._clear, Rebuild._swap_in
    calls: list[str] = []

    def rebuild_before(own: Rebuild, unwanted: Any) -> None:
        calls.append("clear")
        if len(calls) == 2:
            monkeypatch.setattr(Rebuild, "_swap_in", lambda *args: (clear(own, unwanted), swap_in(*args)))
            learn(rebuild=True)
        else:
            clear(own, unwanted)

    monkeypatch.setattr(Rebuild, "_clear", rebuild_before)
    learn(rebuild=True)
    assert LearnedState.objects.get().generation == 3
    assert candidates("harbour") == ["quay"]
    assert generations() == {3}


def test_lists_of_content_outlive_a_rebuild() -> None:
    CandidateList.objects.create(
        kind="content", seed="harbour", product_ids=pack_ids(["quay"]), weights=pack_floats([0.9])
    )
    learn()
    learn(rebuild=True)
    assert CandidateList.objects.filter(kind="content").count() == 1


def test_others_are_told_that_a_rebuild_is_under_way_until_its_lease_lapses(visit: Visit) -> None:
    learn()
    visit("harbour", "quay")
    leased_until(timezone.now() + LEASE)
    for work in (learn_next, learn, lambda: learn(rebuild=True)):
        with pytest.raises(RebuildUnderWayError):
            work()
    leased_until(timezone.now() - timedelta(microseconds=1))
    assert learn().events == 2
    leased_until(timezone.now() - timedelta(microseconds=1))
    learn(rebuild=True)
    assert candidates("harbour") == ["quay"]


def test_whoever_rebuilds_says_so_from_time_to_time(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    visit("harbour", "quay", times=3)
    learn()
    monkeypatch.setattr(rebuilding, "LEASE", timedelta(0))
    ends: list[Any] = []
    monkeypatch.setattr(rebuilding, "rank_catalogue", lambda *_: ends.append(until()) or iter(()))
    began = timezone.now()
    learn(rebuild=True)
    assert ends[0] > began
    assert until() is None


def until() -> Any:
    return LearnedState.objects.get().rebuilding_until


def test_a_rebuild_that_was_held_up_leaves_the_field_to_the_next_one(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its lease has lapsed, and another rebuild has begun."""
    visit("harbour", "quay", times=2)
    learn()
    lists = all_lists()
    anothers = timezone.now() + timedelta(minutes=3)
    monkeypatch.setattr(rebuilding, "rank_catalogue", lambda *_: leased_until(anothers) or iter(()))
    with pytest.raises(RebuildUnderWayError):
        learn(rebuild=True)
    assert until() == anothers
    assert all_lists() == lists
    assert LearnedState.objects.get().generation == 1


def test_whoever_counts_for_long_notices_that_another_rebuild_has_begun(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit("harbour", "quay", times=9)
    monkeypatch.setattr(rebuilding, "LEASE", timedelta(0))
    monkeypatch.setattr(rebuilding, "BEAT_ITEMS", 3)
    counted: list[Any] = []
    monkeypatch.setattr(rebuilding, "of_visit", lambda *args: leased_until(NOW) or counted.append(args) or iter(()))
    with pytest.raises(RebuildUnderWayError):
        learn(rebuild=True)
    assert len(counted) == 3


def test_a_visitor_who_is_forgotten_during_a_rebuild_is_left_out_by_another_one(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit("harbour", "quay", visitor="p:eva")
    learn()
    rank = rebuilding.rank_catalogue

    def forget(*args: Any) -> Any:
        unlearn(["p:eva"], lambda: None)
        return rank(*args)

    with monkeypatch.context() as context:
        context.setattr(rebuilding, "rank_catalogue", forget)
        learn(rebuild=True)
    assert LearnedState.objects.get().rebuilt_at is None
    LearningRun.objects.update(seconds=600.0)
    assert not is_rebuild_due()
    LearningRun.objects.update(seconds=0.0)
    assert is_rebuild_due()


def test_events_that_come_during_a_rebuild_are_learned_after_it(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    visit("harbour", "quay", visitor="p:eva")
    read = rebuilding.iter_all

    def read_late(*args: Any) -> Any:
        moment = timezone.now() - timedelta(days=1) + timedelta(minutes=2)
        store([EventRecord(uuid7(moment), "view_item", moment, "p:eva", "personal", product_id="pot")])
        return read(*args)

    with monkeypatch.context() as context:
        context.setattr(rebuilding, "iter_all", read_late)
        assert learn(rebuild=True).events == 2
    assert (candidates("harbour"), number_waiting()) == (["quay"], 1)
    assert learn().events == 1
    assert sorted(candidates("harbour")) == ["pot", "quay"]
    counts = counts_now()
    learn(rebuild=True)
    counts.check(counts_now())


@pytest.mark.django_db(transaction=True)
def test_of_two_who_rebuild_at_once_one_is_told(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    visit("harbour", "quay", "pot", times=2)
    goes_on, has_begun = threading.Event(), threading.Event()
    read, told = rebuilding.iter_all, []

    def read_slowly(*args: Any) -> Any:
        has_begun.set()
        assert goes_on.wait(30)
        return read(*args)

    def work() -> None:
        try:
            Rebuild(lambda words: None).run(lambda: None)
        finally:
            connection.close()

    monkeypatch.setattr(rebuilding, "iter_all", read_slowly)
    thread = threading.Thread(target=work)
    thread.start()
    assert has_begun.wait(30)
    try:
        learn(rebuild=True)
    except RebuildUnderWayError as error:
        told.append(error)
    goes_on.set()
    thread.join()
    assert len(told) == 1
    assert candidates("harbour") == ["quay", "pot"]
    assert generations() == {1}


def test_events_older_than_the_shop_learns_from_are_left_out(use_settings: Callable[..., None]) -> None:
    use_settings(RECOMMEND={"LEARN_DAYS": 30})
    for days, product_id in ((90, "pot"), (1, "quay")):
        for minute, seen in enumerate(("harbour", product_id)):
            record(f"p:{days}", seen, NOW - timedelta(days=days, minutes=-minute))
    learn()
    assert candidates("harbour") == ["quay"]


def test_recent_visits_count_more_than_old_ones(use_settings: Callable[..., None]) -> None:
    use_settings(RECOMMEND={"HALF_LIFE_DAYS": 10})
    for days, product_id in ((20, "pot"), (0, "quay")):
        for minute, seen in enumerate(("harbour", product_id)):
            record(f"p:{days}", seen, NOW - timedelta(days=days, minutes=9 - minute))
    learn()
    pairs = pairs_of("harbour")
    assert candidates("harbour") == ["quay", "pot"]
    assert sum(pairs["quay"].weights) == pytest.approx(4 * sum(pairs["pot"].weights), rel=1e-3)


def test_deleted_products_leave_the_pairs(visit: Visit, memory_catalog: MakeCatalog) -> None:
    visit("harbour", "quay", times=2)
    learn()
    memory_catalog([product for product in PRODUCTS if product.id != "quay"])
    learn(rebuild=True)
    assert candidates("harbour") == candidates("quay") == []
    assert not ProductCounts.objects.filter(product_id="quay").exists()


def test_a_failing_catalogue_leaves_the_old_lists(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    visit("harbour", "quay")
    learn()
    lists = all_lists()
    monkeypatch.setattr(MemoryCatalog, "in_bulk", lambda self, product_ids: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        learn(rebuild=True)
    assert all_lists() == lists
    assert LearningRun.objects.count() == 1


def test_a_shop_whose_events_come_from_long_ago_learns_from_them() -> None:
    for minute, product_id in enumerate(("harbour", "quay")):
        record("p:1", product_id, NOW - timedelta(days=3000, minutes=-minute))
    learn()
    assert candidates("harbour") == ["quay"]
