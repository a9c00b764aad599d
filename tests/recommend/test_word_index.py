"""Products are compared by the words they share, the rarer the more."""

from __future__ import annotations

import pytest

from ecom_llm.recommend import word_index
from ecom_llm.recommend.product_text import ProductText
from ecom_llm.recommend.word_index import WordIndex, pack_words_of


def fill(*texts: tuple[str, str, str]) -> WordIndex:
    index = WordIndex()
    for product_id, head, rest in texts:
        index.put(product_id, pack_words_of(ProductText(product_id, head, rest)))
    return index


def test_rare_words_link_more_than_common_ones() -> None:
    index = fill(
        ("a", "red titanium mug", ""),
        ("b", "blue titanium pen", ""),
        ("c", "red wool hat", ""),
        ("d", "red cotton", ""),
    )
    assert index.find(["a"])[0][0][0] == "b"


def test_singular_and_plural_are_one_word() -> None:
    index = fill(("a", "jackets", ""), ("b", "jacket", ""), ("c", "kettle", ""))
    assert [product_id for product_id, _ in index.find(["a"])[0]] == ["b"]


def test_names_count_more_than_descriptions() -> None:
    index = fill(("a", "tent", "pole"), ("b", "tent", "rope"), ("c", "hat", "tent"), ("d", "hat", "sun"))
    assert index.find(["a"])[0][0][0] == "b"


def test_same_words_are_fully_alike() -> None:
    index = fill(("a", "red mug", "of tin"), ("b", "red mug", "of tin"), ("c", "hat", ""))
    assert index.find(["a"])[0][0] == ("b", pytest.approx(1.0))


def test_discarded_product_is_found_no_more() -> None:
    index = fill(("a", "mug", ""), ("b", "mug", ""))
    index.discard("b")
    index.discard("b")
    assert index.find(["a"]) == [[]]
    assert len(index) == 1


def test_product_put_again_has_its_new_words_only() -> None:
    index = fill(("a", "mug", ""), ("b", "mug", ""), ("c", "hat", ""))
    index.put("b", pack_words_of(ProductText("b", "hat", "")))
    assert index.find(["a"]) == [[]]
    assert [product_id for product_id, _ in index.find(["c"])[0]] == ["b"]


def test_product_without_words_is_like_nothing() -> None:
    assert fill(("a", "", ""), ("b", "mug", "")).find(["a"]) == [[]]


def test_more_products_than_it_can_hold_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(word_index, "MAX_PRODUCTS", 1)
    index = fill(("a", "mug", ""), ("b", "mug", ""))
    assert "b" not in index
