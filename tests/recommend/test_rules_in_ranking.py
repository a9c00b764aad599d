"""What the shop's rules do to a whole recommendation, and what they cannot undo."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ecom_llm.catalog.adapters.memory import MemoryCatalog
from ecom_llm.entities import EvidenceKind
from ecom_llm.models import RecommendationRule
from ecom_llm.recommend.learning import learn
from ecom_llm.recommend.ranking import recommend
from tests.recommend.conftest import ANYONE, IDS, Visit

pytestmark = pytest.mark.usefixtures("_learned")
Action = RecommendationRule.Action
SHOWN = {"harbour", "quay", "fell", "pot", "pan", "bag"}


@pytest.fixture
def _learned(shop: MemoryCatalog, visit: Visit) -> None:
    visit("harbour", "quay", "pot", times=3)
    visit("harbour", "fell", times=2)
    learn()


def make(action: Action, **fields: Any) -> None:
    RecommendationRule.objects.create(action=action, **fields)


def ids(**page: Any) -> list[str]:
    return [item.product_id for item in recommend(visitor=ANYONE, **page)]


def test_a_pinned_product_that_nothing_links_to_the_page_says_that_the_shop_chose_it() -> None:
    make(Action.PIN, product_id="bag", place=2, seed_id="harbour")
    found = recommend(visitor=ANYONE, product="harbour", limit=3)
    assert found[1].product_id == "bag"
    assert found[1].evidence.kind in {EvidenceKind.CHOSEN, EvidenceKind.POPULAR, EvidenceKind.SIMILAR}
    assert found[1].evidence.support == 0


def test_a_pinned_product_with_evidence_keeps_it() -> None:
    before = {item.product_id: item.evidence for item in recommend(visitor=ANYONE, product="harbour")}
    make(Action.PIN, product_id="fell", place=1)
    first = recommend(visitor=ANYONE, product="harbour")[0]
    assert first.product_id == "fell"
    assert first.evidence == before["fell"]


def test_an_excluded_product_or_category_stays_away_pinned_or_not() -> None:
    make(Action.EXCLUDE, product_category="kitchen")
    make(Action.EXCLUDE, product_id="quay", seed_id="harbour")
    make(Action.PIN, product_id="pot", place=1)
    make(Action.PIN, product_id="quay", place=1)
    assert not {"pot", "pan", "quay"} & {*ids(product="harbour", limit=9)}
    assert "quay" in ids(product="fell", limit=9)


def test_a_boost_raises_and_a_bury_lowers() -> None:
    found = ids(product="harbour", limit=9)
    make(Action.BOOST, product_id=found[1], factor=50)
    assert ids(product="harbour", limit=9)[0] == found[1]
    make(Action.BOOST, product_id=found[0], factor=0.01)
    assert ids(product="harbour", limit=9).index(found[0]) > 1


def test_rules_hold_for_searches_too() -> None:
    assert ids(query="jackets")[:3] == ["harbour", "quay", "fell"]
    make(Action.BOOST, product_id="fell", factor=10)
    assert ids(query="jackets")[0] == "fell"
    make(Action.EXCLUDE, product_category="jackets", query="rain jackets")
    assert {"harbour", "quay", "fell"} <= {*ids(query="jackets")}
    make(Action.EXCLUDE, product_category="jackets")
    assert not {"harbour", "quay", "fell"} & {*ids(query="jackets", limit=9)}


@pytest.mark.parametrize("limit", [2, 3, 4])
def test_a_pin_has_its_place_before_what_a_search_finds(limit: int) -> None:
    make(Action.PIN, product_id="bag", place=2, query="jackets")
    found = recommend(visitor=ANYONE, query="jackets", limit=limit)
    assert [item.product_id for item in found][:2] == ["harbour", "bag"]
    assert len(found) == limit
    make(Action.PIN, product_id="fell", place=1)
    assert ids(query="jackets", limit=limit)[:2] == ["fell", "bag"]


def test_no_pin_brings_the_pages_own_product_a_hidden_a_sold_out_one_or_a_variant() -> None:
    for product_id in ("harbour", "hidden", "sold-out", "fell-s"):
        make(Action.PIN, product_id=product_id, place=1)
    found = ids(product="harbour", limit=9)
    assert found[0] == "fell"
    assert not {"harbour", "hidden", "sold-out", "fell-s", "harbour-l"} & {*found}


rules = st.builds(
    RecommendationRule,
    action=st.sampled_from(list(Action)),
    product_id=st.sampled_from(IDS),
    place=st.integers(1, 9),
    factor=st.sampled_from([0.01, 0.5, 3, 100]),
    seed_id=st.sampled_from(["", "", "harbour"]),
)


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.lists(rules, max_size=8), st.sampled_from(["harbour", "pot", None]), st.integers(1, 9))
def test_whatever_the_rules_only_what_may_be_shown_is(
    found: list[RecommendationRule], product: str | None, limit: int
) -> None:
    RecommendationRule.objects.all().delete()
    for rule in found:
        rule.pk = None
        rule.save()
    shown = ids(product=product, limit=limit)
    assert len(shown) == len({*shown}) <= limit
    assert {*shown} <= SHOWN - {product}
