"""With a closed vocabulary a text says nothing that the facts did not say first."""

from __future__ import annotations

import pytest

from ecom_llm.entities import Fact, Finding, Kind, ProductFacts
from ecom_llm.guard.screen import screen

KNIFE = ProductFacts(
    "knife", "Loaf Day Bread Knife", "Kitchen", (Fact("Handle", "oak"), Fact("Blade", "stainless steel, 24 cm"))
)


def unsupported(text: str, *, is_closed: bool = True, language: str = "en") -> list[str]:
    findings: list[Finding] = screen(text, [KNIFE], Kind.DESCRIPTION, language, is_closed=is_closed)
    return [text[item.start : item.end] for item in findings if item.code == "word.unsupported"]


@pytest.mark.parametrize(
    "text",
    [
        "The Loaf Day Bread Knife has an oak handle and a stainless steel blade.",
        "Shoppers who viewed the Loaf Day Bread Knife also looked at its handles of oak.",
        "The 24 cm blade is made of stainless steel.",
    ],
)
def test_words_of_the_facts_and_joining_words_pass(text: str) -> None:
    assert unsupported(text) == []


def test_each_word_of_the_models_own_is_found_where_it_stands() -> None:
    text = "The Loaf Day Bread Knife has a textured oak handle and a laser-guided blade."
    assert unsupported(text) == ["textured", "laser", "guided"]


def test_open_vocabulary_leaves_such_words_to_the_other_rules() -> None:
    assert unsupported("A knife that glides.", is_closed=False) == []


def test_other_languages_are_not_judged_by_english_words() -> None:
    assert unsupported("Das Brotmesser hat einen Griff aus Eiche.", language="de") == []
