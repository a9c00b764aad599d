"""With a closed vocabulary each value stays with its own fact, and with the right article."""

from __future__ import annotations

import pytest

from ecom_llm.entities import Fact, Kind, ProductFacts
from ecom_llm.guard.screen import screen

JACKET = ProductFacts(
    "jacket",
    "Harbour Jacket",
    "Jackets",
    (
        Fact("Material", "recycled nylon"),
        Fact("Colour", "navy"),
        Fact("Outer", "cotton"),
        Fact("Lining", "polyester and wool"),
        Fact("Height", "9 cm"),
        Fact("Diameter", "8 cm"),
        Fact("Filling", "linseed"),
        Fact("Cover", "silk"),
        Fact("Poles", "steel"),
        Fact("Straps", "removable shoulder straps"),
        Fact("Edge", "fringed"),
        Fact("Weight", "290 g"),
        Fact("Largest diameter", "29 cm"),
    ),
)


def codes(text: str) -> set[str]:
    found = screen(text, [JACKET], Kind.DESCRIPTION, is_closed=True)
    return {item.code for item in found if item.code in {"fact.misbound", "fact.repeated", "grammar.article"}}


@pytest.mark.parametrize(
    "text",
    [
        "The Harbour Jacket, made of recycled nylon in navy, has a cotton outer and a polyester and wool lining.",
        "The Harbour Jacket has an 8 cm diameter, a 9 cm height, and steel poles.",
        "The Harbour Jacket has removable shoulder straps, a linseed filling and a silk cover.",
        "Harbour Jacket (Jackets). Material: recycled nylon. Poles: steel. Filling: linseed.",
        "Shoppers who viewed the Harbour Jacket also looked at the Harbour Jacket, which has a fringed edge.",
        "Like the Harbour Jacket, with the same colour (navy), the Harbour Jacket has a 290 g weight.",
    ],
)
def test_values_beside_their_own_names_pass(text: str) -> None:
    assert codes(text) == set()


@pytest.mark.parametrize(
    "text",
    [
        "The Harbour Jacket has a polyester outer and a cotton lining.",
        "The Harbour Jacket has an 8 cm height and a 9 cm diameter.",
        "The Harbour Jacket has a linseed and a silk cover.",
        "The Harbour Jacket has a 290 g filling.",
        "The Harbour Jacket has a 29 cm diameter.",
    ],
)
def test_value_said_of_another_part_is_blocked(text: str) -> None:
    assert codes(text) == {"fact.misbound"}


@pytest.mark.parametrize(
    "text",
    [
        "The Harbour Jacket has a steel poles.",
        "The Harbour Jacket has an fringed edge.",
        "The Harbour Jacket has an 290 g weight.",
        "The Harbour Jacket has a 8 cm diameter.",
        "The Harbour Jacket has a removable shoulder straps.",
    ],
)
def test_wrong_article_is_blocked(text: str) -> None:
    assert codes(text) == {"grammar.article"}


@pytest.mark.parametrize(
    ("text", "is_repeated"),
    [
        ("The Harbour Jacket has a navy colour, steel poles, and a navy.", True),
        ("The Harbour Jacket has steel poles, a silk cover, and steel poles.", True),
        ("The Harbour Jacket has a navy colour and a silk cover.", False),
        ("The Harbour Jacket has a cotton outer, which has a fringed edge.", False),
    ],
)
def test_feature_that_says_nothing_new_is_blocked(text: str, is_repeated: bool) -> None:
    assert ("fact.repeated" in codes(text)) is is_repeated
