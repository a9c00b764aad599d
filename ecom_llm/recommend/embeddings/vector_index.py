"""Compares products by the encoder's vectors: NumPy, exact, block by block so that memory stays flat."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ecom_llm.recommend.embeddings.static_words import Floats
from ecom_llm.recommend.nearest import NEAREST, Neighbours

BLOCK_ROWS = 8_192


def pack_vectors(vectors: Floats) -> list[bytes]:
    """Each as float16, little-endian."""
    return [row.tobytes() for row in vectors.astype("<f2")]


def unpack_vectors(packed: Sequence[bytes]) -> Floats:
    """Vectors of one length that were packed."""
    return np.frombuffer(b"".join(packed), "<f2").reshape(len(packed), -1).astype(np.float32)


class VectorIndex:
    """A `NearestIndex` over unit vectors, by cosine; 77 MB for 100,000 products of 384 dimensions."""

    # Of all-MiniLM-L6-v2: unrelated products lie below.
    floor = 0.3

    def __init__(self) -> None:
        self._ids: list[str] = []
        self._places: dict[str, int] = {}
        self._free: list[int] = []
        self._rows: NDArray[np.float16] = np.zeros((0, 0), dtype=np.float16)

    def __contains__(self, product_id: object) -> bool:
        return product_id in self._places

    def __len__(self) -> int:
        return len(self._places)

    def put(self, product_id: str, packed: bytes) -> None:
        vector = np.frombuffer(packed, "<f2")
        if not self._ids:
            self._rows = np.zeros((64, len(vector)), dtype=np.float16)
        if len(vector) != self._rows.shape[1]:
            return
        place = self._places.get(product_id)
        if place is None:
            place = self._free.pop() if self._free else len(self._ids)
            if place == len(self._ids):
                self._ids.append("")
                self._grow()
            self._ids[place] = product_id
            self._places[product_id] = place
        self._rows[place] = vector

    def discard(self, product_id: str) -> None:
        place = self._places.pop(product_id, None)
        if place is not None:
            self._rows[place] = 0
            self._ids[place] = ""
            self._free.append(place)

    def find(self, product_ids: Sequence[str], limit: int = NEAREST) -> list[Neighbours]:
        seeds = self._rows[[self._places[item] for item in product_ids]].astype(np.float32)
        # One more than wanted: the product itself is among them.
        places = np.zeros((len(seeds), 0), dtype=np.int64)
        scores = np.zeros((len(seeds), 0), dtype=np.float32)
        for start in range(0, len(self._ids), BLOCK_ROWS):
            block = self._rows[start : min(start + BLOCK_ROWS, len(self._ids))].astype(np.float32)
            found = seeds @ block.T
            kept = _top(found, limit + 1)
            places = np.concatenate([places, kept + start], axis=1)
            scores = np.concatenate([scores, np.take_along_axis(found, kept, axis=1)], axis=1)
            kept = _top(scores, limit + 1)
            places, scores = np.take_along_axis(places, kept, axis=1), np.take_along_axis(scores, kept, axis=1)
        return [self._read(*row, limit) for row in zip(product_ids, places, scores, strict=True)]

    def _read(self, product_id: str, places: NDArray[np.int64], scores: Floats, limit: int) -> Neighbours:
        found = [
            (other, float(score))
            for place, score in zip(places, scores, strict=True)
            if score >= self.floor and (other := self._ids[place]) and other != product_id
        ]
        return sorted(found, key=lambda item: (-item[1], item[0]))[:limit]

    def _grow(self) -> None:
        if len(self._ids) > len(self._rows):
            self._rows = np.concatenate([self._rows, np.zeros_like(self._rows)])


def _top(scores: Floats, count: int) -> NDArray[np.int64]:
    if scores.shape[1] <= count:
        return np.tile(np.arange(scores.shape[1]), (len(scores), 1))
    return np.argpartition(-scores, count - 1, axis=1)[:, :count]
