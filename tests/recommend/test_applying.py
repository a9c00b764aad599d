from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from ecom_llm.catalog.adapters.memory import MemoryCatalog
from ecom_llm.models import LearnedState
from ecom_llm.recommend.applying import LearnedMeanwhileError, apply, take_turn, weighing_now
from ecom_llm.recommend.changes import Totals
from ecom_llm.recommend.learning import learn
from ecom_llm.recommend.state import changes_to, read_state
from ecom_llm.recommend.visits import Visit as Seen
from tests.recommend.conftest import Visit
from tests.recommend.learned import all_lists, candidates, counts_now

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shop")]


def seen(*product_ids: str) -> Seen:
    return Seen(product_ids, frozenset(), timezone.now())


def test_changes_are_written_with_what_else_belongs_to_them(shop: MemoryCatalog) -> None:
    learn()
    state = read_state()
    changes = changes_to(state)
    changes.add([seen("harbour", "quay")])
    done: list[int] = []
    assert apply(state, changes, lambda: done.append(1)) == 2
    assert (candidates("harbour"), done) == (["quay"], [1])


def test_all_is_taken_back_where_what_belongs_to_them_fails(visit: Visit) -> None:
    visit("harbour", "quay")
    learn()
    counts, lists = counts_now(), all_lists()
    state = read_state()
    changes = changes_to(state)
    changes.add([seen("harbour", "pot")])
    with pytest.raises(ZeroDivisionError):
        apply(state, changes, lambda: 1 // 0)
    counts.check(counts_now())
    assert all_lists() == lists
    take_turn(read_state())


def test_who_has_read_an_older_state_is_told_and_writes_nothing(visit: Visit) -> None:
    visit("harbour", "quay")
    learn()
    state = read_state()
    changes = changes_to(state)
    changes.add([seen("harbour", "pot")])
    take_turn(read_state())
    counts = counts_now()
    with pytest.raises(LearnedMeanwhileError):
        apply(state, changes, lambda: pytest.fail("nothing else may be written"))
    counts.check(counts_now())


def test_what_was_not_learned_yet_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="Nothing has been learned yet"):
        changes_to(LearnedState())


def test_a_visit_that_ends_now_counts_more_the_older_the_landmark_is(use_settings: Visit) -> None:
    use_settings(RECOMMEND={"HALF_LIFE_DAYS": 10})
    learn()
    state = read_state()
    assert state.landmark is not None
    state.landmark -= timedelta(days=20)
    assert weighing_now(state, Totals()).present == pytest.approx(4, rel=1e-3)
