"""Compares products by the words their facts share, where there is no encoder: TF-IDF and cosine in plain Python."""

from __future__ import annotations

import math
import re
import struct
import zlib
from collections import Counter, defaultdict
from collections.abc import Sequence

from ecom_llm.recommend.nearest import NEAREST, Neighbours
from ecom_llm.recommend.product_text import ProductText

# What is stored with vectors made of words.
WORDS_NAME = "words#1"
HEAD_COUNTS = 3
# Beyond it a shop needs the encoder: memory, a kilobyte or two a product, and time grow with the products.
MAX_PRODUCTS = 50_000
# Products looked at for one, its rarest words first; what any text holds says nothing.
MAX_VISITED = 20_000

_WORD = re.compile(r"\w+")
_TERM = struct.Struct("<IB")
_MAX_COUNT = 255


def pack_words_of(text: ProductText) -> bytes:
    """The words of a product, each as a number and how much it counts."""
    counts: Counter[int] = Counter()
    for words, counted in ((text.head, HEAD_COUNTS), (text.rest, 1)):
        for word in _WORD.findall(words.casefold()):
            counts[_number(word)] += counted
    return b"".join(_TERM.pack(term, min(count, _MAX_COUNT)) for term, count in sorted(counts.items()))


class WordIndex:
    """A `NearestIndex` over words."""

    floor = 0.08

    def __init__(self) -> None:
        self._products: dict[str, bytes] = {}
        self._holders: defaultdict[int, dict[str, int]] = defaultdict(dict)
        self._lengths: dict[str, float] = {}
        self._measured_at = 0

    def __contains__(self, product_id: object) -> bool:
        return product_id in self._products

    def __len__(self) -> int:
        return len(self._products)

    def put(self, product_id: str, packed: bytes) -> None:
        self.discard(product_id)
        if len(self._products) >= MAX_PRODUCTS:
            return
        self._products[product_id] = packed
        for term, count in _TERM.iter_unpack(packed):
            self._holders[term][product_id] = count

    def discard(self, product_id: str) -> None:
        packed = self._products.pop(product_id, None)
        self._lengths.pop(product_id, None)
        for term, _ in _TERM.iter_unpack(packed or b""):
            holders = self._holders[term]
            holders.pop(product_id, None)
            if not holders:
                del self._holders[term]

    def find(self, product_ids: Sequence[str], limit: int = NEAREST) -> list[Neighbours]:
        # How rare a word is changes with the shop; a tenth more or fewer products change it little.
        if abs(len(self._products) - self._measured_at) > self._measured_at / 10:
            self._lengths.clear()
            self._measured_at = len(self._products)
        return [self._find(product_id, limit) for product_id in product_ids]

    def _find(self, product_id: str, limit: int) -> Neighbours:
        terms = sorted(_TERM.iter_unpack(self._products[product_id]), key=lambda item: len(self._holders[item[0]]))
        scores: defaultdict[str, float] = defaultdict(float)
        visited = 0
        for term, count in terms:
            holders = self._holders[term]
            visited += len(holders)
            if visited > MAX_VISITED:
                break
            strength = _damp(count) * self._rarity(term) ** 2
            for other, other_count in holders.items():
                scores[other] += strength * _damp(other_count)
        scores.pop(product_id, None)
        length = self._length(product_id)
        ranked = ((other, score / (length * self._length(other))) for other, score in scores.items())
        found = [(other, score) for other, score in ranked if score >= self.floor]
        return sorted(found, key=lambda item: (-item[1], item[0]))[:limit]

    def _rarity(self, term: int) -> float:
        return math.log((len(self._products) + 1) / len(self._holders[term]))

    def _length(self, product_id: str) -> float:
        length = self._lengths.get(product_id)
        if length is None:
            terms = _TERM.iter_unpack(self._products[product_id])
            length = math.sqrt(sum((_damp(count) * self._rarity(term)) ** 2 for term, count in terms)) or 1.0
            self._lengths[product_id] = length
        return length


def _damp(count: int) -> float:
    return 1.0 + math.log(count)


def _number(word: str) -> int:
    """A word as a number; a plural's "s" is left out, which does no harm in languages that have none."""
    stem = word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
    return zlib.crc32(stem.encode(errors="replace"))
