"""Finds the products that are close to a search, in a web process: NumPy over compact vectors, no encoder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from ecom_llm.models import ProductVector, WordVectors
from ecom_llm.recommend.embeddings.static_words import (
    Floats,
    StaticWords,
    static_bytes,
    unpack_static,
    unpack_words,
)

# How close the closest product must be for any to be shown: of searches that have nothing to do with a shop, four in
# five find none. The others may be a little further away.
BEST_FLOOR = 0.35
FLOOR = 0.28
# The first components of a vector pick what is compared in full: an eighth of the memory to go through.
COARSE = 64
COARSE_FOUND = 1_000
# Products that are held; 600 bytes each.
MAX_PRODUCTS = 200_000
CHUNK_ROWS = 5_000
OVERLAP = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class SearchIndex:
    """Products to compare searches with.

    Attributes:
        words: of the encoder.
        product_ids: one for each row.
        coarse: the first components.
        rows: all of them, as int8.
        scales: what to multiply each row with.
        newest: when the newest row was made.
    """

    words: StaticWords
    product_ids: list[str]
    coarse: Floats
    rows: NDArray[np.int8]
    scales: Floats
    newest: datetime | None

    def is_word(self, word: str) -> bool:
        """Whether the encoder knows a word as a whole."""
        return self.words.is_one_token(word)

    def find(self, query: str, limit: int) -> list[str]:
        """Ids of the products that are close enough, closest first.

        Args:
            query: the searched words.
            limit: the most to return.
        """
        if not self.product_ids:
            return []
        wanted = self.words.encode([query])[0]
        rough = self.coarse @ wanted[:COARSE]
        count = min(max(COARSE_FOUND, limit), len(rough))
        near = np.argpartition(-rough, count - 1)[:count]
        scores = (self.rows[near].astype(np.float32) @ wanted) * self.scales[near]
        order = np.argsort(-scores, kind="stable")[:limit]
        if scores[order[0]] < BEST_FLOOR:
            return []
        return [self.product_ids[near[place]] for place in order if scores[place] >= FLOOR]


def load_index(encoder: str, before: SearchIndex | None) -> SearchIndex | None:
    """Read an index.

    Args:
        encoder: its name.
        before: what this process has of the same words; then only newer products are read.

    Returns:
        The index; None where a worker has not made the words yet.
    """
    words = before.words if before is not None else _read_words(encoder)
    if words is None:
        return None
    stored = ProductVector.objects.filter(model=encoder).exclude(static=b"")
    if before is not None and before.newest is not None:
        newer = _read_products(words, encoder, before.newest - OVERLAP)
        merged = _merge(before, newer)
        # Others have gone: they are few, and reading all again is simple.
        if len(merged.product_ids) == min(stored.count(), MAX_PRODUCTS):
            return merged
    return _read_products(words, encoder, None)


def _read_words(encoder: str) -> StaticWords | None:
    body = WordVectors.objects.filter(model=encoder).values_list("body", flat=True).first()
    return unpack_words(bytes(body), with_basis=False) if body else None


def _read_products(words: StaticWords, encoder: str, since: datetime | None) -> SearchIndex:
    query_set = ProductVector.objects.filter(model=encoder).exclude(static=b"")
    if since is not None:
        query_set = query_set.filter(updated_at__gte=since)
    rows = query_set.order_by("pk").values_list("product_id", "static", "updated_at")[:MAX_PRODUCTS]
    length = static_bytes(words.dimensions)
    product_ids: list[str] = []
    packed: list[bytes] = []
    newest: datetime | None = None
    for product_id, static, updated_at in rows.iterator(chunk_size=CHUNK_ROWS):
        if len(static) == length:
            product_ids.append(product_id)
            packed.append(bytes(static))
            newest = max(newest or updated_at, updated_at)
    return _make(words, product_ids, *unpack_static(packed, words.dimensions), newest)


def _make(
    words: StaticWords, product_ids: Sequence[str], rows: NDArray[np.int8], scales: Floats, newest: datetime | None
) -> SearchIndex:
    coarse = rows[:, :COARSE].astype(np.float32) * scales[:, None]
    return SearchIndex(words, list(product_ids), coarse, rows, scales, newest)


def _merge(before: SearchIndex, newer: SearchIndex) -> SearchIndex:
    """The two together; of a product that is in both, the newer."""
    renewed = set(newer.product_ids)
    kept = [place for place, product_id in enumerate(before.product_ids) if product_id not in renewed]
    return _make(
        before.words,
        [*(before.product_ids[place] for place in kept), *newer.product_ids],
        np.concatenate([before.rows[kept], newer.rows]),
        np.concatenate([before.scales[kept], newer.scales]),
        newer.newest or before.newest,
    )
