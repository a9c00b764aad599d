from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from ecom_llm.entities import EventKind, EvidenceKind, ListKind
from ecom_llm.models import Event, LearnedState, LearningRun
from ecom_llm.recommend import increments, learning
from ecom_llm.recommend.increments import number_waiting
from ecom_llm.recommend.learning import has_work, is_rebuild_due, learn
from ecom_llm.recommend.pair_counts import ADDED, AFTER, BEFORE, BOUGHT, TOGETHER
from tests.conftest import MakeCatalog
from tests.recommend.conftest import Visit
from tests.recommend.learned import all_lists, candidates, counts_now, pairs_of, shown

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shop")]


def test_a_fresh_shop_has_candidates_that_claim_nothing() -> None:
    run = learn()
    assert (run.kind, run.events) == (LearningRun.Kind.REBUILD, 0)
    assert candidates("Kitchen", ListKind.CATEGORY) == ["pot", "pan"]
    # What cannot be had comes last, what is hidden not at all.
    assert candidates("Jackets", ListKind.CATEGORY) == ["harbour", "quay", "fell", "sold-out"]
    assert {kind for kind, _ in all_lists()} == {"category", "shop"}
    assert shown("Kitchen", "pot", ListKind.CATEGORY).support == 0


def test_what_is_viewed_next_is_learned_in_its_direction(visit: Visit) -> None:
    visit("harbour", "quay", "pot", times=3)
    visit("harbour", "pan")
    learn()
    assert candidates("harbour") == ["quay", "pot", "pan"]
    assert pairs_of("harbour")["quay"].supports == _supports({AFTER: 3, TOGETHER: 3})
    assert pairs_of("quay")["harbour"].supports == _supports({BEFORE: 3, TOGETHER: 3})
    assert pairs_of("harbour")["quay"].weights[AFTER] == pytest.approx(2 * pairs_of("harbour")["pot"].weights[AFTER])


def _supports(numbers: dict[int, int]) -> tuple[int, ...]:
    return tuple(numbers.get(kind, 0) for kind in range(5))


def test_a_visit_counts_once_however_often_it_comes_back(visit: Visit) -> None:
    visit("harbour", "quay", "harbour", "quay", "harbour", "quay")
    learn()
    assert pairs_of("harbour")["quay"].supports == _supports({AFTER: 1, BEFORE: 1, TOGETHER: 1})
    assert shown("", "quay", ListKind.SHOP).support == 1


def test_what_is_bought_in_one_order_goes_together(order: Visit) -> None:
    order("pot", "pan", times=2)
    order("bag")
    learn()
    assert candidates("pot", ListKind.ORDERS) == ["pan"]
    assert candidates("pot") == []
    assert pairs_of("pot")["pan"].supports == _supports({BOUGHT: 2})
    assert candidates("bag", ListKind.ORDERS) == []
    assert candidates("", ListKind.SHOP)[:2] == ["pot", "pan"]


def test_what_is_put_into_the_cart_in_one_visit_goes_together(visit: Visit) -> None:
    visit("pot", "pan", times=2, kind=EventKind.ADD_TO_CART)
    learn()
    assert pairs_of("pot")["pan"].supports == _supports({AFTER: 2, TOGETHER: 2, ADDED: 2})
    assert shown("pot", "pan").kind is EvidenceKind.ADDED_TOGETHER


def test_the_most_viewed_is_the_most_popular(visit: Visit) -> None:
    visit("fell", times=3)
    visit("bag", times=2)
    learn()
    assert candidates("", ListKind.SHOP)[:2] == ["fell", "bag"]
    assert candidates("Jackets", ListKind.CATEGORY)[0] == "fell"


def test_only_the_strongest_candidates_are_kept(use_settings: Visit, visit: Visit) -> None:
    use_settings(RECOMMEND={"CANDIDATES": 2})
    visit("harbour", "quay", "pot", "pan")
    learn()
    assert candidates("harbour") == ["quay", "pot"]


def test_a_giant_visit_teaches_only_its_newest_part(use_settings: Visit, visit: Visit) -> None:
    use_settings(RECOMMEND={"VISIT_PRODUCTS": 2})
    visit("harbour", "quay", "pot", "pan")
    learn()
    assert candidates("harbour") == []
    assert candidates("pot") == ["pan"]


def test_learning_again_changes_nothing(visit: Visit) -> None:
    visit("harbour", "quay", "pot", times=2)
    learn()
    counts, lists = counts_now(), all_lists()
    run = learn()
    assert (run.kind, run.events, run.pk) == (LearningRun.Kind.INCREMENT, 0, None)
    assert not has_work()
    learn(rebuild=True)
    counts.check(counts_now())
    assert {key: list(row) for key, row in lists.items()} == {key: list(row) for key, row in all_lists().items()}
    assert LearningRun.objects.count() == 2


def test_events_that_come_while_others_are_learned_are_left_to_the_next_run(visit: Visit) -> None:
    learn()
    visit("pot", "pan")
    said: list[str] = []

    def go_on(words: str) -> None:
        said.append(words)
        # As shoppers do for as long as it learns.
        if len(said) < 9:
            visit("pot", "bag")

    assert learn(progress=go_on).events == 2
    assert (len(said), number_waiting()) == (1, 2)
    assert learn().is_complete


@pytest.mark.parametrize("limits", [{"should_stop": lambda: True}, {"seconds": 0.0}], ids=["told", "time"])
def test_who_is_to_stop_learns_one_step_and_says_whether_there_is_more(
    visit: Visit, monkeypatch: pytest.MonkeyPatch, limits: dict[str, Any]
) -> None:
    learn()
    visit("pot", "pan", "bag")
    monkeypatch.setattr(increments, "CHUNK_EVENTS", 2)
    assert [(run.events, run.is_complete) for run in (learn(**limits), learn(**limits))] == [(2, False), (1, True)]
    assert candidates("pot") == ["pan", "bag"]


def test_old_runs_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learning, "KEPT_RUNS", 2)
    runs = [learn(rebuild=True).pk for _ in range(4)]
    assert list(LearningRun.objects.order_by("pk").values_list("pk", flat=True)) == runs[-2:]


def test_much_is_new_is_told_by_the_last_rebuild_however_many_increments_came_after_it(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learning, "KEPT_RUNS", 2)
    for _ in range(4):
        visit("pot", "pan")
        learn()
    assert list(LearningRun.objects.order_by("pk").values_list("kind", flat=True)) == ["rebuild", *["increment"] * 2]
    monkeypatch.setattr(learning, "number_waiting", lambda: 334)
    assert is_rebuild_due()


def test_all_is_learned_anew_once_a_day(use_settings: Visit) -> None:
    assert is_rebuild_due()
    learn()
    assert not is_rebuild_due()
    LearnedState.objects.update(rebuilt_at=timezone.now() - timedelta(hours=25))
    assert is_rebuild_due()
    assert has_work()
    use_settings(RECOMMEND={"REBUILD_HOURS": 26})
    assert not is_rebuild_due()


@pytest.mark.parametrize(
    ("changed", "is_due"),
    [
        ({"RECOMMEND": {"LEARN_DAYS": 30}}, True),
        ({"RECOMMEND": {"HALF_LIFE_DAYS": 3}}, True),
        ({"RECOMMEND": {"VISIT_PRODUCTS": 3}}, True),
        ({"CAPTURE": {"VISIT_GAP_MINUTES": 3}}, True),
        ({"RECOMMEND": {"MIN_SUPPORT": 9}}, False),
    ],
)
def test_all_is_learned_anew_when_it_would_be_counted_otherwise(
    use_settings: Callable[..., None], changed: dict[str, Any], is_due: bool
) -> None:
    learn()
    use_settings(**changed)
    LearningRun.objects.update(seconds=600.0)
    assert not is_rebuild_due()
    LearningRun.objects.update(seconds=0.0)
    assert is_rebuild_due() is is_due
    learn()
    assert not is_rebuild_due()


def test_all_is_learned_anew_when_very_much_is_new(monkeypatch: pytest.MonkeyPatch) -> None:
    learn()
    for waiting, is_due in ((333, False), (334, True)):
        monkeypatch.setattr(learning, "number_waiting", lambda number=waiting: number)
        assert is_rebuild_due() is is_due
    LearningRun.objects.update(events=9_000)
    for waiting, is_due in ((3_000, False), (3_001, True)):
        monkeypatch.setattr(learning, "number_waiting", lambda number=waiting: number)
        assert is_rebuild_due() is is_due


def test_a_very_long_category_has_candidates_too(memory_catalog: MakeCatalog) -> None:
    memory_catalog([{"id": "a", "name": "A", "category": "c" * 300}])
    learn()
    assert candidates("c" * 100, ListKind.CATEGORY) == ["a"]


@pytest.mark.parametrize(("arguments", "kind"), [([], "increment"), (["--rebuild"], "rebuild")])
def test_the_command_ends_with_a_line_for_programs(visit: Visit, arguments: list[str], kind: str) -> None:
    learn()
    visit("harbour", "quay")
    out = io.StringIO()
    call_command("ecom_llm_learn", "--json", *arguments, stdout=out)
    result = json.loads(out.getvalue().splitlines()[-1])
    assert (result["kind"], result["events"], result["pairs"]) == (kind, 2, 2)
    assert Event.objects.count() == 2
    assert set(result) == {"kind", "pairs", "events", "seconds", "compared", "finished_at"}
