from __future__ import annotations

import io
import json
import threading

import pytest
from django.core.management import call_command
from django.db import connection

from ecom_llm import conf
from ecom_llm.catalog.adapters.memory import MemoryCatalog
from ecom_llm.models import Event, ItemPair, LearningRun
from ecom_llm.recommend import learning
from ecom_llm.recommend.learning import learn
from tests.conftest import MakeCatalog
from tests.recommend.conftest import PRODUCTS, Visit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shop")]


def candidates(kind: str, seed: str) -> list[str]:
    return list(ItemPair.objects.filter(kind=kind, seed=seed).order_by("rank").values_list("product_id", flat=True))


def test_a_fresh_shop_has_candidates_that_claim_nothing() -> None:
    run = learn()
    assert run.events == 0
    assert candidates("popular_in_category", "Kitchen") == ["pot", "pan"]
    # What cannot be had comes last, what is hidden not at all.
    assert candidates("popular_in_category", "Jackets") == ["harbour", "quay", "fell", "sold-out"]
    assert set(ItemPair.objects.values_list("weight", "support")) == {(0.0, 0)}


def test_what_is_viewed_next_is_learned_in_its_direction(visit: Visit) -> None:
    visit("harbour", "quay", "pot", times=3)
    visit("harbour", "pan")
    learn()
    assert candidates("viewed_after", "harbour") == ["quay", "pot", "pan"]
    assert candidates("viewed_after", "pot") == []
    assert set(candidates("viewed_together", "pot")) == {"harbour", "quay"}
    assert ItemPair.objects.get(kind="viewed_after", seed="harbour", product_id="quay").support == 3


def test_a_visit_counts_once_however_often_it_comes_back(visit: Visit) -> None:
    visit("harbour", "quay", "harbour", "quay", "harbour", "quay")
    learn()
    assert ItemPair.objects.get(kind="viewed_after", seed="harbour").support == 1
    assert ItemPair.objects.get(kind="popular", product_id="quay").support == 1


def test_what_is_bought_in_one_order_goes_together(order: Visit) -> None:
    order("pot", "pan", times=2)
    order("bag")
    learn()
    assert candidates("bought_together", "pot") == ["pan"]
    assert candidates("bought_together", "bag") == []
    assert candidates("popular", "")[:2] == ["pot", "pan"]


def test_the_most_viewed_is_the_most_popular(visit: Visit) -> None:
    visit("fell", times=3)
    visit("bag", times=2)
    learn()
    assert candidates("popular", "")[:2] == ["fell", "bag"]
    assert candidates("popular_in_category", "Jackets")[0] == "fell"


def test_only_the_strongest_candidates_are_kept(use_settings: Visit, visit: Visit) -> None:
    use_settings(RECOMMEND={"CANDIDATES": 2})
    visit("harbour", "quay", "pot", "pan")
    learn()
    assert candidates("viewed_after", "harbour") == ["quay", "pot"]
    assert len(candidates("popular", "")) == 2


def test_a_giant_visit_teaches_only_its_newest_part(use_settings: Visit, visit: Visit) -> None:
    use_settings(RECOMMEND={"VISIT_PRODUCTS": 2})
    visit("harbour", "quay", "pot", "pan")
    learn()
    assert candidates("viewed_after", "harbour") == []
    assert candidates("viewed_after", "pot") == ["pan"]


def test_deleted_products_leave_the_pairs(visit: Visit, memory_catalog: MakeCatalog) -> None:
    visit("harbour", "quay", times=2)
    learn()
    memory_catalog([product for product in PRODUCTS if product.id != "quay"])
    learn()
    assert not ItemPair.objects.filter(product_id="quay").exists()
    assert not ItemPair.objects.filter(seed="quay").exists()


def test_learning_again_changes_nothing(visit: Visit) -> None:
    visit("harbour", "quay", "pot", times=2)
    learn()
    before = sorted(ItemPair.objects.values_list("kind", "seed", "product_id", "weight", "support", "rank"))
    learn()
    after = sorted(ItemPair.objects.values_list("kind", "seed", "product_id", "weight", "support", "rank"))
    assert after == before
    assert LearningRun.objects.count() == 2


def test_old_runs_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learning, "KEPT_RUNS", 2)
    runs = [learn().pk for _ in range(4)]
    assert list(LearningRun.objects.order_by("pk").values_list("pk", flat=True)) == runs[-2:]


@pytest.mark.django_db(transaction=True)
def test_two_workers_that_learn_first_follow_each_other(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    visit("harbour", "quay", "pot", times=2)
    both_have_counted = threading.Barrier(2, timeout=30)
    count = learning._count
    errors: list[Exception] = []

    def count_together(settings: conf.Recommend) -> learning._Counts:
        counts = count(settings)
        both_have_counted.wait()
        return counts

    def work() -> None:
        try:
            learn()
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    monkeypatch.setattr(learning, "_count", count_together)
    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert LearningRun.objects.count() == 2
    assert candidates("viewed_after", "harbour") == ["quay", "pot"]


def test_a_failed_run_leaves_the_old_pairs(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    learn()
    before = ItemPair.objects.count()
    monkeypatch.setattr(MemoryCatalog, "offer", lambda self, product: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        learn()
    assert ItemPair.objects.count() == before
    assert LearningRun.objects.count() == 1


def test_a_very_long_category_has_candidates_too(memory_catalog: MakeCatalog) -> None:
    memory_catalog([{"id": "a", "name": "A", "category": "c" * 300}])
    learn()
    assert candidates("popular_in_category", "c" * 100) == ["a"]


def test_the_command_ends_with_a_line_for_programs(visit: Visit) -> None:
    visit("harbour", "quay")
    out = io.StringIO()
    call_command("ecom_llm_learn", "--json", stdout=out)
    result = json.loads(out.getvalue().splitlines()[-1])
    assert result["events"] == Event.objects.count() == 2
    assert result["pairs"] == ItemPair.objects.count()
    assert set(result) == {"pairs", "events", "seconds", "finished_at"}
