"""A number or unit that no fact holds blocks; one that a fact holds passes in any spelling."""

from __future__ import annotations

import pytest

from ecom_llm.entities import ProductFacts
from ecom_llm.guard.screen import is_blocked, screen_content
from tests.guard.facts import JACKET, KETTLE, product


def codes(text: str, *products: ProductFacts, extra: tuple[str, ...] = (), language: str = "en") -> list[str]:
    return [finding.code for finding in screen_content(text, products, language, extra)]


@pytest.mark.parametrize(
    "text",
    [
        "It weighs 420 g.", "At 420 grams it is light.", "A 420g jacket.", "A 420-gram jacket.", "It weighs 0.42 kg.",
        "Four pockets and a hood.", "It has 4 pockets.", "Wash it at 30\u00b0.", "A jacket of 420.",
        "One of the jackets for rain; this one folds small.",
    ],
)  # fmt: skip
def test_number_of_a_fact_passes(text: str) -> None:
    assert codes(text, JACKET) == []


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("It weighs 420 ml.", "420 ml"),
        ("It weighs 420 kg.", "420 kg"),
        ("It weighs 42 g.", "42 g"),
        ("It weighs 4,200 g.", "4,200 g"),
        ("It has 4 cm of lining.", "4 cm"),
        ("It has five pockets.", "five"),
        ("It has 2\u00bd pockets.", "2\u00bd"),
        ("It is 30% lighter.", "30%"),
        ("Wash it at 30 \u00b0F.", "30 \u00b0F"),
        ("A one-kilo jacket.", "one-kilo"),
        ("It takes an XR7 zip.", "XR7"),
        ("Ready 24/7.", "24/7"),
        ("It keeps out 10 000 drops.", "10"),
    ],
)
def test_number_of_no_fact_blocks_where_it_stands(text: str, span: str) -> None:
    findings = screen_content(text, [JACKET])
    assert is_blocked(findings)
    assert {finding.code for finding in findings} == {"number.unsupported"}
    assert text[findings[0].start : findings[0].end] == span


def test_value_and_unit_must_come_from_one_fact() -> None:
    assert codes("It weighs 21 g.", JACKET, KETTLE) == ["number.unsupported"]
    assert codes("It is 420 cm high.", JACKET, KETTLE) == ["number.unsupported"]


def test_number_in_the_name_counts_as_a_fact() -> None:
    tent = product("Tarn Two-Person Tent", "Tents")
    assert codes("A tent for 2, the Tarn sleeps two.", tent) == []
    assert codes("A tent for three.", tent) == ["number.unsupported"]


@pytest.mark.parametrize(
    ("fact", "text"),
    [
        ({"Weight_(g)": "420"}, "It weighs 420 g."),
        ({"Buttons": "five buttons"}, "It has 5 buttons."),
        ({"Size": "40 x 60 cm"}, "It is 60 cm by 40 cm."),
        ({"Size": "40 x 60 cm"}, "It measures 40\u00d760 cm."),
        ({"Bulb": "E27"}, "It takes an E27 bulb."),
        ({"Comfort": "down to -8 degrees"}, "Warm down to minus 8 degrees."),
        ({"System": "Windows 8", "Memory": "4 GB"}, "It has Windows 8, 4 GB of memory."),
        ({"Waterhead": "3,000 mm"}, "It holds off 3000 mm of water."),
        ({"Waterhead": "3000 mm"}, "It holds off 3 m of water."),
        ({"Capacity": "1.5 litres"}, "It holds one and a half litres."),
    ],
)
def test_paraphrase_of_a_fact_passes(fact: dict[str, str], text: str) -> None:
    assert codes(text, product(**fact)) == []


def test_below_zero_is_not_above() -> None:
    assert codes("Down to 8 degrees.", product(Comfort="down to -8 degrees")) == ["number.unsupported"]


@pytest.mark.parametrize("text", ["Yours for $89.", "Only 89 euros.", "Now \u00a389.", "It costs EUR 89."])
def test_price_blocks_even_where_a_fact_has_the_number(text: str) -> None:
    assert "price.mentioned" in codes(text, product(Price="89 euros", Figure="89"))


def test_counting_the_products_themselves_passes() -> None:
    assert codes("The two go well together.", JACKET, KETTLE) == []
    assert codes("The two go well together.", JACKET) == ["number.unsupported"]
    assert codes("It has two handles.", JACKET, KETTLE) == ["number.unsupported"]


def test_search_words_may_be_used() -> None:
    assert codes("For 15 inch laptops, take this.", JACKET) == ["number.unsupported"]
    assert codes("For 15 inch laptops, take this.", JACKET, extra=("bag 15 inch",)) == []


@pytest.mark.parametrize("language", ["de", "fr-ca"])
def test_digits_are_checked_in_every_language(language: str) -> None:
    assert codes("Nur 0,42 kg leicht.", JACKET, language=language) == []
    assert codes("Nur 43 g leicht.", JACKET, language=language) == ["number.unsupported"]


def test_product_without_facts_supports_no_number() -> None:
    bare = product("Mug", "")
    assert codes("A mug for tea.", bare) == []
    assert codes("A mug of 300 ml.", bare) == ["number.unsupported"]
