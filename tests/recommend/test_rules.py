from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from ecom_llm.models import RecommendationRule
from ecom_llm.recommend import rules
from ecom_llm.recommend.rules import PageRules, Rule, Rules, load_rules, words_of

NOW = timezone.now()
HOUR = timedelta(hours=1)
Action = RecommendationRule.Action


def on_page(*found: Rule, **page: str) -> PageRules:
    return Rules(found).on_page(NOW, **page)


def order(page: PageRules, ranked: str) -> str:
    return "".join(page.with_pins(ranked, id_of=lambda item: item, limit=9))


def make(**fields: Any) -> RecommendationRule:
    return RecommendationRule.objects.create(**{"action": Action.EXCLUDE} | fields)


def test_a_rule_holds_everywhere_unless_it_says_where() -> None:
    page = on_page(Rule(Action.EXCLUDE, "pot"))
    assert page.is_excluded("pot")
    assert not page.is_excluded("pan")
    assert on_page(Rule(Action.EXCLUDE, "pot"), seed_id="x", category="y", query="z").is_excluded("pot")


@pytest.mark.parametrize(
    ("where", "page"),
    [
        ({"seed_id": "tent"}, {"seed_id": "tent", "category": "Tents"}),
        ({"seed_category": "rain jackets"}, {"seed_id": "coat", "category": "Rain  Jackets"}),
        ({"query": words_of("Zelt  blau")}, {"query": "BLAU: ein \uff5aelt!"}),
    ],
)
def test_a_rule_holds_only_where_it_says(where: dict[str, Any], page: dict[str, str]) -> None:
    rule = Rule(Action.EXCLUDE, "pot", **where)
    assert on_page(rule, **page).is_excluded("pot")
    assert not on_page(rule, seed_id="lamp", category="Lamps", query="blau").is_excluded("pot")
    assert not on_page(rule).is_excluded("pot")


@pytest.mark.parametrize(
    ("starts", "ends", "holds"),
    [(None, None, True), (-1, 1, True), (0, 1, True), (1, 2, False), (-2, -1, False), (-1, 0, False)],
)
def test_a_rule_holds_from_its_start_until_before_its_end(starts: int | None, ends: int | None, holds: bool) -> None:
    moments = [None if hours is None else NOW + hours * HOUR for hours in (starts, ends)]
    rule = Rule(Action.EXCLUDE, "pot", starts_at=moments[0], ends_at=moments[1])
    assert on_page(rule).is_excluded("pot") is holds


def test_a_category_is_excluded_however_it_is_written() -> None:
    page = on_page(Rule(Action.EXCLUDE, category="kitchen"))
    assert page.is_excluded("pot", "Kitchen ")
    assert not page.is_excluded("pot", "Kitchens")
    assert not page.is_excluded("pot")


def test_factors_of_a_product_and_of_its_category_go_together() -> None:
    page = on_page(
        Rule(Action.BOOST, "pot", factor=3), Rule(Action.BOOST, "pot", factor=0.5),
        Rule(Action.BOOST, category="kitchen", factor=2), Rule(Action.BOOST, "pan", factor=90),
    )  # fmt: skip
    assert page.factor("pot", "Kitchen") == pytest.approx(3.0)
    assert page.factor("pot") == pytest.approx(1.5)
    assert page.factor("lamp", "Lamps") == 1.0
    assert page.factor("pan", "Kitchen") == 100


def test_a_pinned_product_takes_its_place_from_above_and_from_below() -> None:
    assert order(on_page(Rule(Action.PIN, "d", place=1)), "abcd") == "dabc"
    assert order(on_page(Rule(Action.PIN, "a", place=3)), "abcd") == "bcad"
    assert order(on_page(Rule(Action.PIN, "a", place=9)), "abcd") == "bcda"


def test_a_pin_brings_back_nothing_that_must_not_be_shown() -> None:
    page = on_page(Rule(Action.PIN, "sold-out", place=1), Rule(Action.PIN, "b", place=2))
    assert order(page, "abc") == "abc"


def test_of_two_at_one_place_the_narrower_rule_goes_first_then_the_newer() -> None:
    found = (
        Rule(Action.PIN, "b", place=1), Rule(Action.PIN, "c", place=1),
        Rule(Action.PIN, "d", place=1, seed_category="tents"), Rule(Action.PIN, "e", place=1, seed_id="tent"),
    )  # fmt: skip
    assert order(on_page(*found, seed_id="tent", category="Tents"), "abcde") == "edbca"


def test_a_product_pinned_twice_stands_where_the_narrower_rule_says() -> None:
    found = (Rule(Action.PIN, "c", place=1), Rule(Action.PIN, "c", place=2, seed_id="tent"))
    assert order(on_page(*found, seed_id="tent"), "abc") == "acb"


def test_a_pin_beyond_the_page_moves_nothing() -> None:
    page = on_page(Rule(Action.PIN, "a", place=4))
    assert page.with_pins("abc", id_of=lambda item: item, limit=3) == ["a", "b", "c"]


def test_only_pins_that_can_be_seen_are_looked_up() -> None:
    page = on_page(Rule(Action.PIN, "b", place=2), Rule(Action.PIN, "z", place=5))
    assert page.pinned_ids(4) == ("b",)
    assert page.pinned_ids(5) == ("b", "z")


def test_only_raised_candidates_are_looked_up() -> None:
    found = (Rule(Action.BOOST, "a", factor=2), Rule(Action.BOOST, "b", factor=0.5), Rule(Action.BOOST, "z", factor=2))
    assert on_page(*found).raised_ids(among="abc") == ["a"]


@given(
    st.lists(st.sampled_from("abcdefgh"), unique=True),
    st.lists(st.tuples(st.sampled_from("abcdefghxyz"), st.integers(1, 9))),
)
def test_pins_lose_nothing_add_nothing_and_keep_the_order_of_the_rest(
    ranked: list[str], pins: list[tuple[str, int]]
) -> None:
    page = on_page(*(Rule(Action.PIN, product_id, place=place) for product_id, place in pins))
    placed = page.with_pins(ranked, id_of=lambda item: item, limit=9)
    pinned = {product_id for product_id, _ in pins}
    assert sorted(placed) == sorted(ranked)
    assert [item for item in placed if item not in pinned] == [item for item in ranked if item not in pinned]


@pytest.mark.usefixtures("db", "shop")
def test_rules_are_read_once_and_again_when_one_was_saved_or_deleted() -> None:
    rule = make(product_id="pot")
    assert load_rules(NOW).on_page(NOW).is_excluded("pot")
    with CaptureQueriesContext(connection) as captured:
        load_rules(NOW)
    assert len(captured) == 0
    rule.is_active = False
    rule.save()
    assert not load_rules(NOW).on_page(NOW).is_excluded("pot")
    rule.is_active = True
    rule.save()
    assert load_rules(NOW).on_page(NOW).is_excluded("pot")
    rule.delete()
    assert not load_rules(NOW).on_page(NOW).is_excluded("pot")


@pytest.mark.usefixtures("db", "shop")
def test_a_rule_of_another_process_counts_within_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_rules(NOW) == Rules()
    # Without signals, as another process's rule arrives.
    RecommendationRule.objects.bulk_create([RecommendationRule(action=Action.EXCLUDE, product_id="pot")])
    assert load_rules(NOW) == Rules()
    monkeypatch.setattr(rules, "REMEMBERED_SECONDS", 0.0)
    assert load_rules(NOW).on_page(NOW).is_excluded("pot")


@pytest.mark.usefixtures("db", "shop")
def test_a_rule_about_a_variant_is_about_its_product() -> None:
    make(product_id="harbour-l", seed_id="fell-s")
    assert load_rules(NOW).on_page(NOW, seed_id="fell").is_excluded("harbour")


@pytest.mark.usefixtures("db", "shop")
@pytest.mark.parametrize(
    "fields",
    [
        {"product_id": "gone"},
        {"product_id": "pot", "seed_id": "gone"},
        {"product_id": "pot", "query": "?!"},
        {"product_category": "  "},
        {"product_id": "pot", "is_active": False},
        {"product_id": "pot", "ends_at": NOW - HOUR},
    ],
)
def test_a_rule_that_means_nothing_does_nothing(fields: dict[str, Any]) -> None:
    make(**fields)
    assert load_rules(NOW) == Rules()


@pytest.mark.usefixtures("db", "shop")
@pytest.mark.parametrize("factor", [-1.0, 0.0, 1e300])
def test_no_factor_turns_a_ranking_around(factor: float) -> None:
    make(action=Action.BOOST, product_id="pot", factor=factor)
    assert 0.01 <= load_rules(NOW).on_page(NOW).factor("pot") <= 100
