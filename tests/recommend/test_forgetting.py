"""What a visitor has taught goes with them, and nothing of anybody else's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from ecom_llm.capture.storing import store
from ecom_llm.entities import EvidenceKind
from ecom_llm.models import CandidateList, Erasure, Event, LearnedState, UnlearnedBatch
from ecom_llm.privacy import erasing
from ecom_llm.privacy.erasing import erase, resume
from ecom_llm.recommend import applying, forgetting
from ecom_llm.recommend.applying import LearnedMeanwhileError
from ecom_llm.recommend.forgetting import sole_pairs, taught_by, unlearn
from ecom_llm.recommend.learning import learn
from ecom_llm.recommend.pair_counts import AFTER
from tests.conftest import MakeCatalog
from tests.recommend import streams
from tests.recommend.conftest import Visit, record
from tests.recommend.learned import all_lists, candidates, counts_now, pairs_of
from tests.recommend.streams import Batch
from tests.recommend.test_increments import check_order

pytestmark = pytest.mark.django_db

EVA, ADAM = streams.VISITORS[:2]


@pytest.fixture(autouse=True)
def _shop(memory_catalog: MakeCatalog) -> None:
    memory_catalog(streams.PRODUCTS)


@hypothesis_settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(batches=streams.batches(), rebuilt=st.booleans())
def test_erasing_comes_to_what_a_rebuild_without_the_visitor_counts(
    renewed: list[CandidateList], batches: list[Batch], rebuilt: bool
) -> None:
    streams.begin_anew()
    learn()
    for batch in batches:
        store(batch.records)
        if batch.is_learned:
            learn()
    if rebuilt:
        learn(rebuild=True)
    assert erase([EVA]).is_complete
    learn()
    counts, lists = counts_now(), all_lists()
    assert not Event.objects.filter(visitor=EVA).exists()
    assert erase([EVA]).is_complete
    counts.check(counts_now())
    learn(rebuild=True)
    counts.check(counts_now())
    check_order(lists, all_lists(), {(row.kind, row.seed) for row in renewed})


def test_what_waits_to_be_learned_is_not_taken_back(visit: Visit) -> None:
    visit("p0", "p1", visitor=ADAM)
    learn()
    visit("p0", "p1", visitor=EVA)
    counts = counts_now()
    erase([EVA])
    counts.check(counts_now())
    learn()
    counts.check(counts_now())
    assert not UnlearnedBatch.objects.exists()


def test_the_pair_that_only_they_support_is_gone_at_once(visit: Visit) -> None:
    visit("p0", "p1", visitor=ADAM)
    visit("p0", "p2", visitor=EVA)
    learn()
    assert sorted(candidates("p0")) == ["p1", "p2"]
    erase([EVA])
    assert candidates("p0") == ["p1"]
    assert candidates("p2") == []
    assert pairs_of("p0").keys() == {"p1"}


def test_sole_pairs_are_those_that_nobody_else_supports(visit: Visit, order: Visit) -> None:
    visit("p0", "p1", visitor=ADAM)
    visit("p0", "p1", "p2", visitor=EVA)
    order("p0", "p1", visitor=EVA)
    learn()
    taught = taught_by([EVA])
    assert taught is not None
    found = set(sole_pairs(taught))
    bought = {("p0", "p1", EvidenceKind.BOUGHT_TOGETHER), ("p1", "p0", EvidenceKind.BOUGHT_TOGETHER)}
    after = {("p0", "p2", EvidenceKind.VIEWED_AFTER), ("p1", "p2", EvidenceKind.VIEWED_AFTER)}
    together = {
        (seed, candidate, EvidenceKind.VIEWED_TOGETHER)
        for seed, candidate in (("p0", "p2"), ("p2", "p0"), ("p1", "p2"), ("p2", "p1"))
    }
    assert found == bought | after | together
    everything = taught_by([EVA, ADAM])
    assert everything is not None
    assert ("p0", "p1", EvidenceKind.VIEWED_AFTER) in set(sole_pairs(everything))


def test_a_pair_that_is_no_longer_counted_rests_on_nothing(visit: Visit) -> None:
    visit("p0", "p1", visitor=EVA)
    learn()
    LearnedState.objects.update(generation=7)
    taught = taught_by([EVA])
    assert taught is not None
    assert ("p0", "p1", EvidenceKind.VIEWED_AFTER) in set(sole_pairs(taught))


def test_nobody_has_taught_anything_before_the_first_learning(visit: Visit) -> None:
    visit("p0", "p1", visitor=EVA)
    done: list[int] = []
    assert taught_by([EVA]) is None
    unlearn([EVA], lambda: done.append(1))
    assert done == [1]


STEPS = [
    (erasing, "_forget_texts"),
    (applying, "write_counts"),
    (applying, "write_lists"),
    (erasing, "_forget_search_copy"),
    (erasing, "_forget_rows"),
    (erasing, "_forget_stream"),
]


# Without a transaction around it, which would take back what was done before.
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("module", "step"), STEPS, ids=[step for _, step in STEPS])
def test_an_erasure_that_is_killed_anywhere_takes_nothing_from_others(
    visit: Visit, monkeypatch: pytest.MonkeyPatch, module: Any, step: str
) -> None:
    visit("p0", "p1", "p2", visitor=ADAM, times=2)
    learn()
    expected = counts_now()
    visit("p1", "p0", "p2", visitor=EVA, times=2)
    learn()
    with monkeypatch.context() as context:
        context.setattr(module, step, lambda *_, **__: 1 // 0)
        assert not erase([EVA]).is_complete
    assert Erasure.objects.get().done_at is None
    assert Erasure.objects.get().is_unlearned is (step in ("_forget_search_copy", "_forget_rows", "_forget_stream"))
    for _ in range(2):
        resume()
        expected.check(counts_now())
    assert Erasure.objects.get().done_at is not None


def test_who_learns_meanwhile_takes_nothing_from_the_erasure(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    visit("p0", "p1", visitor=EVA)
    learn()
    visit("p0", "p2", visitor=ADAM)
    real = forgetting.apply

    def learn_before(*args: Any) -> int:
        monkeypatch.setattr(forgetting, "apply", real)
        learn()
        return real(*args)

    monkeypatch.setattr(forgetting, "apply", learn_before)
    erase([EVA])
    assert pairs_of("p0").keys() == {"p2"}
    counts = counts_now()
    learn(rebuild=True)
    counts.check(counts_now())


def test_an_erasure_that_is_always_slower_waits(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    visit("p0", "p1", visitor=EVA)
    learn()

    def slower(*_: Any) -> int:
        raise LearnedMeanwhileError

    with monkeypatch.context() as context:
        context.setattr(forgetting, "apply", slower)
        assert not erase([EVA]).is_complete
    assert Event.objects.filter(visitor=EVA).exists()
    assert resume().is_complete
    assert pairs_of("p0") == {}


def test_two_browsers_of_one_person_are_taken_back_together(visit: Visit) -> None:
    visit("p0", "p1", visitor=EVA)
    visit("p0", "p1", visitor=ADAM)
    visit("p0", "p1", visitor="p:other")
    learn()
    erase([EVA, ADAM])
    assert pairs_of("p0")["p1"].supports[AFTER] == 1
    assert Erasure.objects.filter(is_unlearned=True, done_at__isnull=False).count() == 2


@pytest.mark.parametrize(
    ("then", "now", "minutes"),
    [
        ({"RECOMMEND": {"LEARN_DAYS": 30}}, {"RECOMMEND": {"LEARN_DAYS": 365}}, 1),
        ({"CAPTURE": {"VISIT_GAP_MINUTES": 30}}, {"CAPTURE": {"VISIT_GAP_MINUTES": 90}}, 60),
        ({"RECOMMEND": {"HALF_LIFE_DAYS": 10}}, {"RECOMMEND": {"HALF_LIFE_DAYS": 300}}, 1),
    ],
    ids=["days", "gap", "half-life"],
)
def test_a_visitor_is_taken_back_as_they_were_counted_whatever_the_settings_say_by_now(
    visit: Visit, use_settings: Callable[..., None], then: dict[str, Any], now: dict[str, Any], minutes: int
) -> None:
    use_settings(**then)
    visit("p0", "p1", "p2", visitor=ADAM)
    learn()
    expected = counts_now()
    for days in (60, 1):
        for number, seen in enumerate(("p0", "p1")):
            record(EVA, seen, timezone.now() - timedelta(days=days, minutes=-minutes * number))
    learn(rebuild=True)
    use_settings(**now)
    erase([EVA])
    expected.check(counts_now())


def test_what_a_machine_whose_clock_is_ahead_has_stored_is_taken_back_too(visit: Visit) -> None:
    visit("p0", "p1", visitor=ADAM)
    learn()
    for seconds, seen in ((3600, "p2"), (3605, "p3")):
        record(EVA, seen, timezone.now() + timedelta(seconds=seconds))
    learn()
    assert pairs_of("p2").keys() == {"p3"}
    erase([EVA])
    assert pairs_of("p2") == {}


def test_a_visitor_of_long_ago_is_taken_back_as_they_were_counted(use_settings: Callable[..., None]) -> None:
    use_settings(RECOMMEND={"LEARN_DAYS": 30})
    now = timezone.now()
    for days, product_id in ((29, "p1"), (60, "p2"), (1, "p3")):
        for minute, seen in enumerate(("p0", product_id)):
            record(EVA, seen, now - timedelta(days=days, minutes=-minute))
    for minute, seen in enumerate(("p0", "p4")):
        record(ADAM, seen, now - timedelta(days=2, minutes=-minute))
    learn()
    erase([EVA])
    counts = counts_now()
    assert pairs_of("p0").keys() == {"p4"}
    learn(rebuild=True)
    counts.check(counts_now())
