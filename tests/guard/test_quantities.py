"""Numbers are found with the unit they carry, however they are written."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecom_llm.guard.quantities import Sort, find_quantities


def measures(text: str) -> list[tuple[str, str]]:
    return [
        (f"{number:f}", unit)
        for quantity in find_quantities(text)
        for number, unit in sorted(quantity.measures)
        if quantity.sort is Sort.PLAIN
    ]


@pytest.mark.parametrize(
    "text", ["420 g", "420g", "420-g", "420 grams", "420 Grammes", "0.42 kg", "420\u00a0g", "0,42 kg"]
)
def test_spellings_of_a_weight_are_one(text: str) -> None:
    assert measures(text) == [("420", "g")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1,200 g", [("1200", "g")]),
        ("1200 g", [("1200", "g")]),
        ("1.2 kg", [("1200", "g")]),
        ("12,500.5 ml", [("12500.5", "ml")]),
        ("0.9 l", [("900", "ml")]),
        (".5 l", [("500", "ml")]),
        ("1\u00bd litres", [("1500", "ml")]),
        ("1 1/2 litres", [("1500", "ml")]),
        ("3/4 inch", [("0.75", "inch")]),
        ("\u00be inch", [("0.75", "inch")]),
        ("15in", [("15", "inch")]),
        ("20%", [("20", "%")]),
        ("20 per cent", [("20", "%")]),
        ("30\u00b0C", [("30", "\u00b0c")]),
        ("30 degrees Celsius", [("30", "\u00b0c")]),
        ("30 degrees", [("30", "\u00b0")]),
        ("down to -8 degrees", [("-8", "\u00b0")]),
        ("minus 8 degrees", [("-8", "\u00b0")]),
        ("180 g per square metre", [("180", "gsm")]),
        ("180 g/m\u00b2", [("180", "gsm")]),
        ("2 square metres", [("2000000", "mm2")]),
        ("12 fl oz", [("12", "floz")]),
        ("40 x 60 cm", [("400", "mm"), ("600", "mm")]),
        ("40x60cm", [("400", "mm"), ("600", "mm")]),
        ("3-5 cm", [("30", "mm"), ("50", "mm")]),
        ("1, 2 and 4 litres", [("1000", "ml"), ("2000", "ml"), ("4000", "ml")]),
        ("two-litre", [("2000", "ml")]),
        ("half a litre", [("500", "ml")]),
        ("one and a half litres", [("1500", "ml")]),
        ("one litre", [("1000", "ml")]),
        ("twenty-one days", [("1814400", "s")]),
        ("three hundred and five g", [("305", "g")]),
        ("two thousand five hundred", [("2500", "")]),
        ("two dozen", [("24", "")]),
        ("UPF 50+", [("50", "")]),
        ("4 pockets", [("4", "")]),
        ("87 performance laptops", [("87", "")]),
        ("12 flowers", [("12", "")]),
    ],
)
def test_number_is_read_with_its_unit(text: str, expected: list[tuple[str, str]]) -> None:
    assert measures(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "one of them",
        "this one",
        "half zip",
        "the first, 2nd and third",
        "dozens",
        "a seconds sale",
        "inches",
        "zero",
        "",
    ],
)
def test_pronouns_ordinals_and_bare_units_are_no_numbers(text: str) -> None:
    assert find_quantities(text) == []


def test_two_numbers_side_by_side_are_two() -> None:
    assert measures("two and three") == [("2", ""), ("3", "")]


@pytest.mark.parametrize("text", ["$40", "40 \u20ac", "\u00a340.50", "EUR 40", "40 dollars", "40-euro"])
def test_money_is_a_price(text: str) -> None:
    (quantity,) = find_quantities(text)
    assert quantity.sort is Sort.PRICE


@pytest.mark.parametrize(
    ("text", "code"), [("an E27 bulb", "e27"), ("A4", "a4"), ("MP3-ready", "mp3-ready"), ("1080p", "1080p")]
)
def test_letters_with_digits_are_a_code(text: str, code: str) -> None:
    (quantity,) = find_quantities(text)
    assert (quantity.sort, quantity.words) == (Sort.CODE, code)


@given(st.decimals(Decimal("0.01"), 99_999, places=2), st.sampled_from(["g", "kg", "cm", "ml"]))
def test_any_number_is_read_the_same_with_and_without_separators(number: Decimal, unit: str) -> None:
    (plain,) = find_quantities(f"{number} {unit}")
    (grouped,) = find_quantities(f"{number:,}{unit}")
    assert plain.measures == grouped.measures


@given(st.text(max_size=200))
def test_any_text_is_read_and_every_span_lies_within_it(text: str) -> None:
    for quantity in find_quantities(text):
        assert 0 <= quantity.start < quantity.end <= len(text)
