from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings

from ecom_llm.capture.storing import store
from ecom_llm.entities import EventKind, EventRecord, ListKind
from ecom_llm.ids import uuid7
from ecom_llm.models import CandidateList, Event, LearnedState, LearningRun, UnlearnedBatch
from ecom_llm.models.event import ID_SLACK
from ecom_llm.recommend import applying, increments, new_rows
from ecom_llm.recommend.applying import LearnedMeanwhileError
from ecom_llm.recommend.increments import learn_next, number_waiting
from ecom_llm.recommend.learning import learn
from ecom_llm.recommend.pair_counts import AFTER, BOUGHT
from tests.conftest import MakeCatalog
from tests.recommend import streams
from tests.recommend.conftest import Visit, record
from tests.recommend.learned import all_lists, candidates, counts_now, pairs_of
from tests.recommend.streams import Batch

pytestmark = pytest.mark.django_db

NOW = timezone.now()


@pytest.fixture(autouse=True)
def _shop(memory_catalog: MakeCatalog) -> None:
    memory_catalog(streams.PRODUCTS)


def check_order(before: dict[Any, dict[str, float]], after: dict[Any, dict[str, float]], keys: set[Any]) -> None:
    """Lists hold the same candidates, and in the same order unless two weigh the same."""
    assert {key: set(weights) for key, weights in before.items()} == {
        key: set(weights) for key, weights in after.items()
    }
    for key in keys & after.keys():
        weights = [after[key][candidate] for candidate in before[key]]
        assert all(first >= second * 0.999 for first, second in pairwise(weights)), key


@hypothesis_settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(batches=streams.batches())
def test_learning_from_new_events_comes_to_what_a_rebuild_counts(
    renewed: list[CandidateList], batches: list[Batch]
) -> None:
    streams.begin_anew()
    learn()
    for batch in batches:
        store(batch.records)
        if batch.is_learned:
            assert learn().kind == LearningRun.Kind.INCREMENT
    learn()
    counts, lists = counts_now(), all_lists()
    assert number_waiting() == 0
    learn(rebuild=True)
    counts.check(counts_now())
    check_order(lists, all_lists(), {(row.kind, row.seed) for row in renewed})


def test_a_named_visit_that_goes_on_for_days_is_one_visit() -> None:
    learn()
    for hours in range(0, 100, 20):
        record("p:1", f"p{hours // 20}", NOW - timedelta(hours=200 - hours), visit="v")
        learn()
    counts = counts_now()
    assert pairs_of("p0")["p4"].supports[AFTER] == 1
    learn(rebuild=True)
    counts.check(counts_now())


def test_an_order_whose_lines_come_over_days_is_one_order() -> None:
    learn()
    for hours in (0, 20, 40, 60):
        moment = NOW - timedelta(hours=100 - hours)
        record("p:1", f"p{hours // 20}", moment, kind=EventKind.PURCHASE, order_id="1", visit=f"v{hours}")
        learn()
    counts = counts_now()
    assert pairs_of("p0")["p3"].supports[BOUGHT] == 1
    learn(rebuild=True)
    counts.check(counts_now())


def test_an_order_across_midnight_is_one_order() -> None:
    learn()
    midnight = NOW.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=3)
    for number, seconds in enumerate((-1, 1)):
        moment = midnight + timedelta(seconds=seconds)
        record("p:1", f"p{number}", moment, kind=EventKind.PURCHASE, order_id="1")
        learn()
    counts = counts_now()
    assert pairs_of("p0")["p1"].supports[BOUGHT] == 1
    learn(rebuild=True)
    counts.check(counts_now())


def test_an_event_that_is_stored_while_others_are_learned_counts_once(monkeypatch: pytest.MonkeyPatch) -> None:
    learn()
    record("p:1", "p0", NOW - timedelta(minutes=9))
    read = new_rows.iter_of

    def read_late(*args: Any) -> Any:
        monkeypatch.setattr(new_rows, "iter_of", read)
        record("p:1", "p1", NOW - timedelta(minutes=8))
        return read(*args)

    monkeypatch.setattr(new_rows, "iter_of", read_late)
    assert [learn().events, learn().events] == [1, 1]
    counts = counts_now()
    learn(rebuild=True)
    counts.check(counts_now())
    assert pairs_of("p0")["p1"].supports[AFTER] == 1


def test_nothing_new_is_nothing_done(django_assert_num_queries: Any) -> None:
    learn()
    with django_assert_num_queries(2):
        assert learn_next() is None


def test_very_many_events_are_learned_in_several_steps(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    learn()
    visit("p0", "p1", "p2", times=5)
    monkeypatch.setattr(increments, "CHUNK_EVENTS", 4)
    steps = 0
    while learn_next() is not None:
        steps += 1
    assert steps == 4
    counts = counts_now()
    learn(rebuild=True)
    counts.check(counts_now())


def test_events_before_the_first_rebuild_are_learned_by_it(visit: Visit) -> None:
    visit("p0", "p1", times=2)
    assert learn().kind == LearningRun.Kind.REBUILD
    assert (candidates("p0"), number_waiting()) == (["p1"], 0)


def test_events_that_teach_nothing_leave_nothing_to_learn() -> None:
    record("p:1", "", NOW, kind=EventKind.SEARCH, query="lamp")
    record("p:1", "p1", NOW, kind=EventKind.VIEW_ITEM_LIST)
    assert not UnlearnedBatch.objects.exists()


def test_a_batch_that_was_stored_before_is_learned_as_nothing() -> None:
    learn()
    moment = NOW - timedelta(minutes=5)
    seen = [EventRecord(uuid7(moment), "view_item", moment, "p:1", "personal", product_id=f"p{n}") for n in range(2)]
    store(seen)
    learn()
    counts = counts_now()
    store(seen)
    assert number_waiting() == 2
    assert learn().events == 0
    assert number_waiting() == 0
    counts.check(counts_now())


@pytest.mark.parametrize("step", ["write_counts", "write_lists", "popular_lists", "take_turn"])
def test_a_run_that_is_killed_changes_nothing_and_the_next_one_makes_up_for_it(
    visit: Visit, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    visit("p0", "p1", times=2)
    learn()
    counts, lists = counts_now(), all_lists()
    visit("p0", "p2", "p1", times=3)
    with monkeypatch.context() as context:
        context.setattr(applying, step, lambda *_: 1 // 0)
        with pytest.raises(ZeroDivisionError):
            learn()
    counts.check(counts_now())
    assert all_lists() == lists
    assert number_waiting() == 9
    learn()
    counts = counts_now()
    assert candidates("p0") == ["p1", "p2"] or candidates("p0") == ["p2", "p1"]
    learn(rebuild=True)
    counts.check(counts_now())


def test_who_is_always_slower_than_others_gives_up(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    learn()
    visit("p0", "p1")

    def slower(*_: Any) -> int:
        raise LearnedMeanwhileError

    monkeypatch.setattr(increments, "apply", slower)
    with pytest.raises(LearnedMeanwhileError):
        learn()
    assert number_waiting() == 2


@pytest.mark.django_db(transaction=True)
def test_two_who_learn_at_once_learn_every_batch_once(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    learn()
    visit("p0", "p1", "p2", times=2)
    both_have_counted = threading.Barrier(2, timeout=30)
    waited = threading.local()
    write, told, errors, events = increments.apply, [], [], []

    def write_together(*args: Any) -> int:
        if not getattr(waited, "is_done", False):
            waited.is_done = True
            both_have_counted.wait()
        try:
            return write(*args)
        except LearnedMeanwhileError:
            told.append(1)
            raise

    def work() -> None:
        try:
            events.append(learn().events)
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    monkeypatch.setattr(increments, "apply", write_together)
    in_threads(work, 2)
    assert (errors, told, sum(events), number_waiting()) == ([], [1], 6, 0)
    counts = counts_now()
    learn(rebuild=True)
    counts.check(counts_now())


@pytest.mark.django_db(transaction=True)
def test_many_who_store_and_learn_at_once_lose_nothing() -> None:
    learn()
    errors: list[Exception] = []

    def work(number: int) -> None:
        try:
            for step in range(6):
                # All threads write to the same visits.
                moment = NOW - timedelta(minutes=100 - step * 3 - number)
                product = f"p{(number + step) % 6}"
                store([EventRecord(uuid7(moment), "view_item", moment, "p:1", "personal", product_id=product)])
                learn()
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    in_threads(work, 3)
    assert errors == []
    learn()
    assert (number_waiting(), Event.objects.count()) == (0, 18)
    counts = counts_now()
    learn(rebuild=True)
    counts.check(counts_now())


def in_threads(work: Callable[..., None], number: int) -> None:
    arguments = [(index,) for index in range(number)] if work.__code__.co_argcount else [()] * number
    threads = [threading.Thread(target=work, args=args) for args in arguments]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_lists_of_the_shop_follow_new_events(visit: Visit) -> None:
    learn()
    visit("p4", times=3)
    learn()
    assert candidates("", ListKind.SHOP)[0] == "p4"
    assert candidates("Category 0", ListKind.CATEGORY)[0] == "p4"
    assert LearnedState.objects.get().generation == 1


def test_what_is_new_is_counted_as_all_else_was_until_all_is_learned_anew(use_settings: Visit) -> None:
    use_settings(RECOMMEND={"LEARN_DAYS": 30}, CAPTURE={"VISIT_GAP_MINUTES": 30})
    record("p:1", "p0", NOW)
    learn()
    use_settings(RECOMMEND={"LEARN_DAYS": 90}, CAPTURE={"VISIT_GAP_MINUTES": 90})
    for days, minutes, product_id in ((60, 0, "p0"), (60, 1, "p1"), (2, 0, "p0"), (2, 60, "p2")):
        record("p:2", product_id, NOW - timedelta(days=days, minutes=-minutes))
    while learn_next() is not None:
        pass
    assert pairs_of("p0").keys() == set()
    LearningRun.objects.update(seconds=0.0)
    assert learn().kind == LearningRun.Kind.REBUILD
    assert pairs_of("p0").keys() == {"p1", "p2"}


def test_events_from_another_time_count_as_little_as_in_a_rebuild(use_settings: Visit) -> None:
    """Of a machine with a wrong clock, or older than what is learned from."""
    use_settings(RECOMMEND={"LEARN_DAYS": 30})
    record("p:1", "p0", NOW)
    learn()
    for number, days in enumerate((-4000, 31, 1000), start=1):
        record(f"p:{days}", "p0", NOW - timedelta(days=days))
        record(f"p:{days}", f"p{number}", NOW - timedelta(days=days, seconds=-9))
    # A visit that begins where what counts ends.
    last = timezone.now() + ID_SLACK
    for minutes, product_id in ((-5, "p4"), (5, "p5")):
        record("p:last", product_id, last + timedelta(minutes=minutes))
    learn()
    counts = counts_now()
    assert pairs_of("p0") == {}
    assert pairs_of("p4") == {}
    learn(rebuild=True)
    counts.check(counts_now())
