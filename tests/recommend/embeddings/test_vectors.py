"""Vectors keep what they say through packing, and the nearest are the nearest."""

from __future__ import annotations

import numpy as np
import pytest

from ecom_llm.recommend.embeddings import search_index, vector_index
from ecom_llm.recommend.embeddings.search_index import SearchIndex
from ecom_llm.recommend.embeddings.static_words import (
    Floats,
    StaticWords,
    pack_static,
    pack_words,
    quantise,
    unit,
    unpack_static,
    unpack_words,
)
from ecom_llm.recommend.embeddings.vector_index import VectorIndex, pack_vectors, unpack_vectors
from tests.recommend.embeddings.tiny import WORDS, make_tokenizer


def draw(rows: int, dimensions: int = 96) -> Floats:
    return unit(np.random.default_rng(3).normal(size=(rows, dimensions)).astype(np.float32))


def make_words() -> StaticWords:
    rows, scales = quantise(draw(len(WORDS), 16))
    return StaticWords(make_tokenizer(), rows, scales, draw(1, 24)[0], draw(24, 16))


def test_vectors_survive_packing() -> None:
    vectors = draw(5)
    assert np.allclose(unpack_vectors(pack_vectors(vectors)), vectors, atol=1e-3)


def test_static_vectors_survive_packing() -> None:
    vectors = draw(5)
    rows, scales = unpack_static(pack_static(vectors), 96)
    assert np.allclose(rows * scales[:, None], vectors, atol=3e-3)


@pytest.mark.parametrize("with_basis", [True, False])
def test_words_survive_packing(with_basis: bool) -> None:
    words = make_words()
    again = unpack_words(pack_words(words), with_basis=with_basis)
    assert np.allclose(again.encode(["rain jacket", ""]), words.encode(["rain jacket", ""]))
    assert (again.basis is not None) is with_basis
    assert again.is_one_token("jacket")
    assert not again.is_one_token("jackets")


def test_words_without_a_basis_cannot_be_packed() -> None:
    with pytest.raises(ValueError, match="distilled"):
        pack_words(unpack_words(pack_words(make_words()), with_basis=False))


def test_zeros_stay_zeros() -> None:
    assert not unit(np.zeros((2, 3), dtype=np.float32)).any()


def test_nearest_are_those_of_a_full_comparison_in_any_number_of_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vector_index, "BLOCK_ROWS", 7)
    monkeypatch.setattr(VectorIndex, "floor", -1.0)
    vectors = draw(50)
    index = VectorIndex()
    for place, packed in enumerate(pack_vectors(vectors)):
        index.put(str(place), packed)
    scores = vectors @ vectors.T
    np.fill_diagonal(scores, -2)
    for seed, near in zip(("0", "31"), index.find(["0", "31"], 5), strict=True):
        assert [int(other) for other, _ in near] == list(np.argsort(-scores[int(seed)])[:5])


def test_discarded_place_is_taken_by_the_next_product(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(VectorIndex, "floor", -1.0)
    index = VectorIndex()
    for product_id, packed in zip("abc", pack_vectors(draw(3)), strict=True):
        index.put(product_id, packed)
    index.discard("b")
    index.put("d", pack_vectors(draw(4))[3])
    assert {other for other, _ in index.find(["a"])[0]} == {"c", "d"}
    assert len(index) == 3


def test_two_stages_find_what_one_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_index, "COARSE", 8)
    monkeypatch.setattr(search_index, "COARSE_FOUND", 40)
    words = make_words()
    rows, scales = quantise(draw(60, 16))
    ids = [str(place) for place in range(60)]
    index = search_index._make(words, ids, rows, scales, None)
    wanted = words.encode(["rain jacket"])[0]
    scores = (rows * scales[:, None]) @ wanted
    expected = [ids[place] for place in np.argsort(-scores)[:3] if scores[place] >= search_index.FLOOR]
    assert index.find("rain jacket", 3) == expected


def test_index_without_products_finds_nothing() -> None:
    empty = SearchIndex(make_words(), [], draw(0, 8), np.zeros((0, 16), np.int8), np.zeros(0, np.float32), None)
    assert empty.find("rain", 3) == []
