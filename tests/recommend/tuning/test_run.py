"""Parameters fit the shop's visits, and serve only where they prove better."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecom_llm.capture.visitors import NOBODY
from ecom_llm.catalog.registry import get_catalog
from ecom_llm.models import Event, LearnedState, LearningRun
from ecom_llm.recommend.blend import Blend, serving_blend
from ecom_llm.recommend.learning import is_rebuild_due, learn
from ecom_llm.recommend.measuring.metrics import Accuracy
from ecom_llm.recommend.ranking import recommend
from ecom_llm.recommend.tuning.parts import StoppedError, TooFewVisitsError, read_parts
from ecom_llm.recommend.tuning.run import Limits, Tuned, is_better, keep, tune
from ecom_llm.recommend.tuning.searching import GRID
from ecom_llm.recommend.tuning.trial import Trials
from ecom_llm.recommend.visits import Learned, iter_all
from tests.recommend.tuning.conftest import chains, companies, record, whims

pytestmark = pytest.mark.django_db


def found(grid: Mapping[str, Sequence[float]], **values: Any) -> Tuned:
    return tune(Limits(grid=grid, **values))


def only(*names: str) -> dict[str, Sequence[float]]:
    return {name: GRID[name] for name in names}


def serve(**values: float) -> None:
    """Have the shop serve by other parameters than the defaults."""
    keep(replace(Blend(), **values))


def test_where_the_order_matters_what_came_before_counts_less() -> None:
    record(chains(1100))
    serve(reverse=1.0, step=0.0, hop=0.0)
    tuned = found(only("reverse", "step"))
    assert tuned.chosen.reverse < 0.5
    assert tuned.chosen.step > 0
    assert tuned.is_better
    assert tuned.after.mrr > tuned.before.mrr + 0.1


def test_where_the_company_matters_all_that_was_viewed_counts() -> None:
    record(companies(1100))
    serve(reverse=0.0, recent=2.0, hop=0.0, together=0.0, step=2.0)
    tuned = found(only("reverse", "recent", "together"))
    assert tuned.chosen.reverse > 0.3 or tuned.chosen.together > 0
    assert tuned.chosen.recent < 2
    assert tuned.is_better


def test_tuning_changes_nothing_by_itself() -> None:
    record(chains(1100))
    found(only("reverse"))
    assert not LearnedState.objects.exists()
    assert not LearningRun.objects.exists()


def test_what_was_kept_is_served_and_found_again() -> None:
    record(chains(1100))
    serve(reverse=1.0, step=0.0, hop=0.0)
    grid = only("reverse", "step")
    first = found(grid)
    keep(first.chosen)
    again = found(grid)
    assert serving_blend() == again.serving == again.chosen == first.chosen
    assert not again.is_better
    assert again.changed == {}


def test_the_same_visits_and_seed_give_the_same() -> None:
    record(chains(1100))
    grid = only("reverse", "recent")
    first, again = found(grid), found(grid)
    assert (first.chosen, first.before, first.after) == (again.chosen, again.before, again.after)


def test_visits_without_any_pattern_do_not_change_what_serves() -> None:
    record(whims(1100))
    tuned = found(only("together", "recent"))
    assert not tuned.is_better


def test_too_few_visits_are_told_with_how_many_it_takes() -> None:
    record(chains(300))
    with pytest.raises(TooFewVisitsError, match=r"needs about 1,000 visits .* the shop has 300"):
        found(only("hop"))


def test_a_shop_without_events_is_told() -> None:
    with pytest.raises(TooFewVisitsError, match="the shop has 0"):
        found(only("hop"))


def test_it_ends_in_time() -> None:
    record(chains(1100))
    tuned = found(GRID, seconds=0.0)
    assert (tuned.tried, tuned.is_complete) == (3, False)
    assert tuned.chosen == tuned.serving


def test_it_stops_when_told() -> None:
    record(chains(1100))
    with pytest.raises(StoppedError):
        found(GRID, should_stop=lambda: True)
    asked = iter([False] * 6_000)
    with pytest.raises(StoppedError):
        found(GRID, should_stop=lambda: next(asked, True))


def test_parts_follow_each_other() -> None:
    record(chains(1100))
    parts = read_parts(seed=1)
    assert all(item.at <= parts.until for item in parts.older)
    assert 870 <= len(parts.older) <= 890
    assert len(parts.choosing) == len(parts.confirming) == 110
    assert len(parts.older) + 220 == 1100


def test_older_events_than_are_learned_from_are_not_read(use_settings: Any) -> None:
    record(chains(1100))
    use_settings(RECOMMEND={"LEARN_DAYS": 30})
    # An hour for each visit: 30 days and the slack of two are 768 visits, of which 220 are held out.
    assert len(read_parts(seed=1).older) == pytest.approx(768 - 220, abs=30)


def test_what_is_kept_is_what_differs_and_asks_for_all_to_be_learned_anew() -> None:
    record(chains(50))
    learn()
    assert not is_rebuild_due()
    version = LearnedState.objects.get().version
    keep(replace(Blend(), hop=0.2))
    state = LearnedState.objects.get()
    assert state.blend == {"hop": 0.2}
    assert state.tuned_at is not None
    assert state.version > version
    assert state.rebuilt_at is None
    learn(rebuild=True)
    assert LearnedState.objects.get().blend == {"hop": 0.2}
    assert serving_blend().hop == 0.2


@pytest.mark.parametrize("values", [{}, {"hop": 0.0, "recent": 0.5}, {"power": 1.2, "step": 0.0, "shrinkage": 2.0}])
def test_a_trial_ranks_as_the_shop_does(use_settings: Any, values: dict[str, float]) -> None:
    record(chains(300) + companies(300))
    use_settings(RECOMMEND={"DIVERSITY": 0.0})
    blend = replace(Blend(), content=0.0, **values)
    keep(blend)
    learn(rebuild=True)
    landmark = LearnedState.objects.get().landmark
    assert landmark is not None
    parts = _all_older()
    trials = Trials(parts, landmark, frozenset(get_catalog().iter_ids()))
    ranker = trials._ranker(blend)
    for visit in (["p00"], ["p05", "p06", "p07"], ["p40", "p10", "p40"], ["p59", "p58"]):
        served = [item.product_id for item in recommend(visitor=NOBODY, visit=visit, limit=12)]
        # Lists hold float32, and what serves goes by the recency of today: ties and near ones may change places.
        tried = ranker.recommend(visit, 12)
        assert served[:3] == tried[:3]
        assert len(set(served) & set(tried)) >= 11


def _all_older() -> list[Learned]:
    times = Event.objects.order_by("id").values_list("occurred_at", flat=True)
    first, last = times.first(), times.last()
    assert first is not None
    assert last is not None
    return list(iter_all(first - timedelta(days=1), last + timedelta(days=1), lambda rows: rows))


def outcome(hits: int) -> Accuracy:
    return Accuracy(n=1, hits=hits, reciprocals=float(hits))


def test_a_gain_in_few_of_many_visits_is_taken_for_chance() -> None:
    before = [outcome(0)] * 100
    assert not is_better(before, [outcome(1)] * 2 + [outcome(0)] * 98)
    assert is_better(before, [outcome(1)] * 10 + [outcome(0)] * 90)
    assert not is_better(before, before)
    assert not is_better([], [])


@given(st.lists(st.integers(0, 1), min_size=1), st.lists(st.integers(0, 1), min_size=1))
def test_two_are_never_each_better_than_the_other(one: list[int], other: list[int]) -> None:
    size = min(len(one), len(other))
    a, b = [outcome(hit) for hit in one[:size]], [outcome(hit) for hit in other[:size]]
    assert not (is_better(a, b) and is_better(b, a))
