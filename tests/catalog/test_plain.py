from __future__ import annotations

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from ecom_llm.catalog.plain import describe, readable_label
from ecom_llm.entities import Fact, ProductFacts


def test_a_product_is_described_by_its_facts() -> None:
    facts = (Fact("Material", "recycled nylon"), Fact("colour", "navy"), Fact("fabric_weight", "90 g"))
    described = describe(ProductFacts("1", "Harbour Rain Jacket", "Coats", facts), "en")
    assert described == ("Harbour Rain Jacket (Coats). Material: recycled nylon. Colour: navy. Fabric weight: 90 g.")


@pytest.mark.parametrize(
    ("name", "category", "described"),
    [
        ("Harbour Jacket", "", "Harbour Jacket."),
        ("Rain Jacket", "Jacket", "Rain Jacket."),
        ("Ready?", "", "Ready?"),
        ("", "Jackets", "Jackets."),
        ("", "", ""),
        ("100% Wool Hat", "50% off", "100% Wool Hat (50% off)."),
        ("معطف", "", "معطف."),
        ("هل؟", "", "هل؟"),
        ("提灯。", "", "提灯。"),
        ("🏮", "Lights", "🏮 (Lights)."),
    ],
)
def test_a_product_without_attributes_is_described(name: str, category: str, described: str) -> None:
    assert describe(ProductFacts("1", name, category), "en") == described


def test_a_value_that_ends_a_sentence_gets_no_second_stop() -> None:
    facts = ProductFacts("1", "Tin", facts=(Fact("Care", "Wipe clean."), Fact("Size", "2 in.")))
    assert describe(facts, "en") == "Tin. Care: Wipe clean. Size: 2 in."


def test_the_shops_own_words_are_not_repeated() -> None:
    assert describe(ProductFacts("1", "Tin", description="A tin."), "en") == "Tin."


@pytest.mark.parametrize("language", ["de", "ar", "", "xx", "en-gb"])
def test_any_language_is_answered_and_the_page_keeps_its_own(language: str) -> None:
    with translation.override("fr"):
        assert describe(ProductFacts("1", "Tin"), language) == "Tin."
        assert translation.get_language() == "fr"


@pytest.mark.parametrize(("name", "label"), [("material", "Material"), ("uv_index", "Uv index"), ("", ""), ("_", "")])
def test_labels_read_as_words(name: str, label: str) -> None:
    assert readable_label(name) == label


@given(st.lists(st.tuples(st.text(max_size=20), st.text(min_size=1, max_size=20)), max_size=12))
def test_every_fact_is_in_the_description(pairs: list[tuple[str, str]]) -> None:
    facts = tuple(Fact(name, value) for name, value in pairs)
    described = describe(ProductFacts("1", "Tin", facts=facts), "en")
    assert all(fact.value.strip() in described for fact in facts)
