from __future__ import annotations

import pytest
from django.test import Client

from ecom_llm.entities import Kind, TextKey
from ecom_llm.publish.drafts import Draft, store
from tests.api.conftest import ROOT


def test_published_copy_is_given_for_any_spelling_of_the_search(client: Client) -> None:
    store(TextKey(Kind.SEARCH_COPY, "rain jacket", "en-gb"), Draft(body="Jackets for rain.", facts={}, cited={}))
    answer = client.get(f"{ROOT}search-copy/", {"q": "  RAIN   Jacket "}).json()
    assert answer == {
        "query": "rain jacket",
        "language": "en-gb",
        "text": "Jackets for rain.",
        "origin": "model",
        "is_pending": False,
    }


def test_long_search_is_cut_not_refused(client: Client) -> None:
    answer = client.get(f"{ROOT}search-copy/", {"q": "jacket" * 1700})
    assert answer.status_code == 200
    assert len(answer.json()["query"]) == 100


@pytest.mark.parametrize("query", ["🧥", "סוודר חם", "<script>alert(1)</script>", "\u200f"])
def test_search_that_finds_nothing_has_no_text(client: Client, query: str) -> None:
    answer = client.get(f"{ROOT}search-copy/", {"q": query})
    assert answer.status_code == 200
    assert answer.json()["text"] == ""


@pytest.mark.parametrize("words", ["", "?q=", "?q=%20", "?q=a%00b"])
def test_search_without_words_is_400(client: Client, words: str) -> None:
    answer = client.get(f"{ROOT}search-copy/{words}")
    assert answer.status_code == 400
    assert list(answer.json()) == ["q"]
