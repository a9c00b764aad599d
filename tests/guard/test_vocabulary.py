"""Materials, colours and claims pass where a fact states them and block where none does."""

from __future__ import annotations

from typing import Any

import pytest

from ecom_llm.entities import ProductFacts, Severity
from ecom_llm.guard.screen import screen_content
from tests.guard.facts import JACKET, KETTLE, product


def blocked(text: str, *products: ProductFacts, extra: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    return [
        (finding.code, text[finding.start : finding.end])
        for finding in screen_content(text, products, "en", extra)
        if finding.severity is Severity.BLOCK
    ]


@pytest.mark.parametrize(
    "text",
    [
        "A waterproof jacket in navy, made of recycled nylon.",
        "A navy blue jacket that is water-resistant.",
        "The jacket is machine washable.",
        "Made from nylon that has been recycled.",
        "A shell for wet days, folded down to nothing.",
    ],
)
def test_words_of_facts_pass_in_other_forms(text: str) -> None:
    assert blocked(text, JACKET) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A leather jacket.", ("material.unsupported", "leather")),
        ("A woollen jacket.", ("material.unsupported", "woollen")),
        ("Made of glass.", ("material.unsupported", "glass")),
        ("A red jacket.", ("colour.unsupported", "red")),
        ("A jacket in olive.", ("colour.unsupported", "olive")),
        ("A windproof jacket.", ("claim.unsupported", "windproof")),
        ("An eco-friendly jacket.", ("claim.unsupported", "eco-friendly")),
        ("It is hand-made.", ("claim.unsupported", "hand-made")),
        ("It has a lifetime guarantee.", ("claim.unsupported", "lifetime")),
        ("It is award winning.", ("claim.unsupported", "award winning")),
        ("The best jacket.", ("superlative.unsupported", "best")),
        ("Luxury for rain.", ("superlative.unsupported", "Luxury")),
        ("Of premium make.", ("superlative.unsupported", "premium")),
        ("With free shipping.", ("offer.unsupported", "free shipping")),
        ("Now on sale.", ("offer.unsupported", "on sale")),
        ("Back in stock.", ("offer.unsupported", "Back in stock")),
    ],
)
def test_words_of_no_fact_block_where_they_stand(text: str, expected: tuple[str, str]) -> None:
    assert blocked(text, JACKET)[0] == expected


@pytest.mark.parametrize(
    ("fact", "text"),
    [
        ({"Material": "aluminium"}, "A frame of aluminum."),
        ({"Colour": "gray"}, "A grey one."),
        ({"Colour": "grey"}, "A gray one."),
        ({"Material": "carbon fiber"}, "Of carbon fibre."),
        ({"Handle": "oak"}, "A wooden handle."),
        ({"Material": "stainless steel"}, "A metal jug."),
        ({"Lining": "merino"}, "Lined with wool."),
        ({"Drying": "quick"}, "A quick-drying shirt."),
        ({"Water_resistance": "rain"}, "A water-resistant coat."),
        ({"Oven_safe": "up to 250 degrees"}, "It is ovenproof."),
        ({"Legs": "removable"}, "With detachable legs."),
        ({"Stackable": "true"}, "Stackable mugs."),
        ({"Material": "Leathers"}, "Made of leather."),
    ],
)
def test_wider_words_and_other_spellings_pass(fact: dict[str, str], text: str) -> None:
    assert blocked(text, product("Thing", "", **fact)) == []


def test_narrower_word_blocks() -> None:
    assert blocked("Of stainless steel.", product("Jug", "", Material="steel")) == [
        ("material.unsupported", "stainless steel")
    ]
    assert blocked("An oak handle.", product("Jug", "", Handle="wood")) == [("material.unsupported", "oak")]


@pytest.mark.parametrize("value", ["no", "No", "false", "none"])
def test_fact_that_says_no_supports_no_claim(value: str) -> None:
    assert blocked("A waterproof jacket.", product(Waterproof=value)) == [("claim.contradicted", "waterproof")]


def test_fact_that_says_no_outweighs_the_name() -> None:
    poncho = product("Waterproof Poncho", "", Waterproof="no")
    assert blocked("A waterproof poncho.", poncho) == [("claim.contradicted", "waterproof")]


@pytest.mark.parametrize(
    "text", ["It is not dishwasher safe.", "It isn't dishwasher-safe.", "Not dishwasher safe, alas."]
)
def test_denial_that_a_fact_states_passes(text: str) -> None:
    assert blocked(text, KETTLE) == []


def test_denial_of_what_a_fact_affirms_blocks() -> None:
    assert blocked("It is not waterproof.", JACKET) == [("claim.contradicted", "waterproof")]
    assert blocked("It is nylon-free.", JACKET) == [("material.contradicted", "nylon")]


def test_denial_that_no_fact_states_blocks() -> None:
    assert blocked("Made without leather.", JACKET) == [("material.unsupported", "leather")]


def test_denial_reaches_no_further_than_its_clause() -> None:
    assert blocked("Not heavy, and waterproof.", JACKET) == []
    assert blocked("Not only waterproof.", JACKET) == []
    assert blocked("It has no hood but recycled nylon.", JACKET) == []


@pytest.mark.parametrize(
    "text",
    [
        "A place for a glass of water.", "Sit down and put it down.", "It felt right.",
        "For days at the beach in summer.", "Set in stone paths, it stands.", "A rose grows by it.",
        "Iron it on the reverse.", "Lemon trees love it.",
    ],
)  # fmt: skip
def test_everyday_words_are_no_materials_or_colours(text: str) -> None:
    assert blocked(text, product("Thing", "")) == []


def test_two_products_lend_words_to_a_reason() -> None:
    assert blocked("A navy jacket beside a stainless steel kettle.", JACKET, KETTLE) == []


def test_search_words_may_be_used() -> None:
    assert blocked("For “red lamp”, look here.", JACKET, extra=("red lamp",)) == []


def test_praise_warns_without_blocking() -> None:
    findings = screen_content("A stunning jacket.", [JACKET])
    assert [(finding.code, finding.severity) for finding in findings] == [("puffery.unsupported", Severity.WARN)]


def test_lexicons_are_english_only() -> None:
    assert screen_content("Ein Red Dot und Leather.", [JACKET], "de") == []


def test_banned_words_block_in_every_language(use_settings: Any) -> None:
    use_settings(GUARD={"BANNED_WORDS": ["billig", "x-ray"]})
    findings = screen_content("Nicht Billig, kein X-Ray, nicht billiger.", [JACKET], "de")
    assert [finding.code for finding in findings] == ["word.banned", "word.banned"]


def test_invented_name_blocks() -> None:
    assert blocked("Take a look at the Mallow Camping Stove.", JACKET) == [("name.unsupported", "Mallow Camping Stove")]


def test_name_mixed_from_two_products_blocks() -> None:
    assert blocked("Take a look at the Harbour Pour-over Kettle.", JACKET, KETTLE) == [
        ("name.unsupported", "Harbour Pour-over Kettle")
    ]


def test_products_own_name_passes_in_any_form() -> None:
    knife = product("Whetstone Cook's Knife", "Kitchen")
    assert blocked("Take the Whetstone Cook\u2019s Knife, a Cook\u2019s Knife.", knife) == []
