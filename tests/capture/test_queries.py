from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecom_llm.capture.queries import folded_query
from ecom_llm.capture.record import normalise_query


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Rain\t JACKET \n", "rain jacket"),
        ("\uff52\uff41\uff49\uff4e", "rain"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("🧥 jacket 👨‍👩‍👧", "🧥 jacket 👨‍👩‍👧"),
        ("معطف مطر", "معطف مطر"),
        ("\u202eمعطف\u202c", "معطف"),
        ("rain\x00 jac\x07ket", "rain jacket"),
        ("\ud800lamp", "lamp"),
        (" \u200d ", ""),
        ("", ""),
    ],
)
def test_search_is_brought_into_one_form(typed: str, kept: str) -> None:
    assert normalise_query(typed, 100) == kept


def test_ten_thousand_characters_are_cut_to_what_is_kept() -> None:
    assert normalise_query("lamp " * 2000, 100) == ("lamp " * 20).strip()


def test_no_setting_makes_a_query_longer_than_its_column() -> None:
    assert len(normalise_query("x" * 10_000, 5_000)) == 200


@given(st.text(max_size=400), st.integers(min_value=1, max_value=250))
def test_normalised_search_stays_as_it_is(typed: str, limit: int) -> None:
    once = normalise_query(typed, limit)
    assert len(once) <= min(limit, 200)
    assert normalise_query(once, limit) == once
    once.encode()
    assert "\x00" not in once


def test_products_are_looked_up_by_words_that_are_not_kept() -> None:
    assert folded_query("  Brake DISC 0986494123 ", 100) == "brake disc 0986494123"
    assert normalise_query("  Brake DISC 0986494123 ", 100) == "brake disc"
    assert len(folded_query("x" * 10_000, 100)) == 100
