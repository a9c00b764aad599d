"""A mistyped word of a search is put right when the catalogue knows what was meant, and left alone otherwise."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecom_llm.models import WordVectors
from ecom_llm.recommend.spelling import Spelling, WordCount, load_words, words_in

WORDS = {"kettle": 3, "jacket": 9, "packet": 2, "jackets": 1, "lantern": 4}


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("ketle", "kettle"), ("kettel", "kettle"), ("kettlle", "kettle"), ("kattle", "kettle"), ("KETLE", "kettle"),
        ("red jakcet", "red jacket"),
    ],
)  # fmt: skip
def test_mistyped_word_is_put_right(typed: str, meant: str) -> None:
    assert Spelling(WORDS).correct(typed) == meant


@pytest.mark.parametrize(
    "typed",
    ["kettle", "Kettle", "couch", "lante", "lanter", "jck", "4k", "", "   ", "kettle  red", "%_\\"],
)
def test_what_is_right_unknown_short_or_half_typed_is_left_alone(typed: str) -> None:
    assert Spelling(WORDS).correct(typed) == typed


def test_word_that_the_encoder_knows_is_left_alone() -> None:
    assert Spelling({"coach": 5}, lambda word: word == "couch").correct("couch") == "couch"
    assert Spelling({"coach": 5}).correct("couch") == "coach"


def test_commonest_of_several_is_meant() -> None:
    assert Spelling({"tents": 1, "tenta": 9}).correct("tentx") == "tenta"


@given(st.text(max_size=300))
def test_any_query_can_be_corrected(query: str) -> None:
    assert isinstance(Spelling(WORDS).correct(query), str)


def test_words_are_of_letters_and_of_some_length() -> None:
    assert words_in("Tin Mug 500ml, Émaillé-Blue x2000") == {"émaillé", "blue"}


def count(*texts: str, is_full: bool = True) -> WordCount:
    counted = WordCount(is_full=is_full)
    for text in texts:
        counted.add(text)
    return counted


@pytest.mark.django_db
def test_words_are_stored_and_read() -> None:
    assert load_words() == Counter()
    count("Kettle", "A kettle in the Straße").store(has_changed=True)
    assert load_words() == Counter({"kettle": 2, "strasse": 1})


@pytest.mark.django_db
def test_look_at_some_products_adds_their_words_to_those_of_other_workers() -> None:
    count("Kettle", "Kettle").store(has_changed=True)
    count("Red kettle", "Lantern", is_full=False).store(has_changed=True)
    assert load_words() == Counter({"kettle": 3, "lantern": 1})


@pytest.mark.django_db
def test_look_at_all_forgets_the_words_of_what_is_gone() -> None:
    count("Kettle", "Lantern").store(has_changed=True)
    count("Kettle").store(has_changed=True)
    assert load_words() == Counter({"kettle": 1})


@pytest.mark.django_db
def test_look_at_all_keeps_what_another_worker_has_added_meanwhile() -> None:
    count("Kettle").store(has_changed=True)
    slow = count("Kettle")
    count("Lantern", is_full=False).store(has_changed=True)
    slow.store(has_changed=True)
    assert load_words() == Counter({"kettle": 1, "lantern": 1})


@pytest.mark.django_db
def test_same_words_are_not_stored_again() -> None:
    count("Kettle").store(has_changed=True)
    made_at = WordVectors.objects.get().made_at
    count("Kettle").store(has_changed=False)
    count(is_full=False).store(has_changed=False)
    assert WordVectors.objects.get().made_at == made_at
