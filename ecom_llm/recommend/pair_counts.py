"""Counts which products go together, within a bound on memory."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import permutations
from math import sqrt

# Added to the counts that a weight is divided by, so that a pair seen once does not look certain.
SHRINKAGE = 2
# Pairs of one kind held at once. Beyond it the weakest of each seed go, as in lossy counting
# (Manku and Motwani, 2002): what is strong in the end was seldom among the weakest on the way.
MAX_PAIRS = 500_000


@dataclass(slots=True)
class PairCounts:
    """Strength and support of the pairs of one kind.

    Attributes:
        candidates: pairs kept for each seed at the end.
        max_pairs: pairs held at once.
    """

    candidates: int
    max_pairs: int = MAX_PAIRS
    totals: Counter[str] = field(default_factory=Counter)
    _pairs: dict[str, dict[str, tuple[float, int]]] = field(default_factory=dict)
    _size: int = 0
    _pruned_size: int = 0

    def add(self, products: Iterable[str], strengths: dict[tuple[str, str], float]) -> None:
        """Add one visit or order.

        Args:
            products: the distinct products in it.
            strengths: by (seed, candidate), how strongly it shows the pair, from 0 to 1.
        """
        self.totals.update(products)
        for (seed, candidate), strength in strengths.items():
            row = self._pairs.setdefault(seed, {})
            known = row.get(candidate)
            self._size += known is None
            old_strength, old_support = known or (0.0, 0)
            row[candidate] = (old_strength + strength, old_support + 1)
        if self._size > max(self.max_pairs, 2 * self._pruned_size):
            self._prune()

    def best(self, known: set[str]) -> Iterator[tuple[str, list[tuple[str, float, int]]]]:
        """The strongest candidates of each seed.

        The weight is the strength divided by the geometric mean of both products' counts (cosine similarity
        of items, Sarwar et al., 2001), shrunk towards 0 for what was seen little.

        Args:
            known: products that are in the shop; any other is left out.

        Yields:
            A seed, and its candidates as (product id, weight, support), strongest first.
        """
        for seed, row in self._pairs.items():
            if seed not in known:
                continue
            weighed = (
                (candidate, strength / self._scale(seed, candidate), support)
                for candidate, (strength, support) in row.items()
                if candidate in known
            )
            yield seed, heapq.nsmallest(self.candidates, weighed, key=lambda item: (-item[1], item[0]))

    def _scale(self, seed: str, candidate: str) -> float:
        return sqrt((self.totals[seed] + SHRINKAGE) * (self.totals[candidate] + SHRINKAGE))

    def _prune(self) -> None:
        keep = max(self.candidates, self.max_pairs // (2 * len(self._pairs)))
        for seed, row in self._pairs.items():
            if len(row) > keep:
                self._pairs[seed] = dict(heapq.nlargest(keep, row.items(), key=lambda item: item[1]))
        # With very many seeds little can go; then the bound doubles rather than prune at each visit.
        self._pruned_size = self._size = sum(len(row) for row in self._pairs.values())


def order_strengths(products: list[str]) -> dict[tuple[str, str], float]:
    """How strongly a visit shows that one product is viewed after another: 1 over the steps between them.

    Args:
        products: of one visit, oldest first; the same may come again.
    """
    strengths: dict[tuple[str, str], float] = {}
    for position, seed in enumerate(products):
        for steps, candidate in enumerate(products[position + 1 :], start=1):
            if candidate != seed:
                strengths[seed, candidate] = max(strengths.get((seed, candidate), 0.0), 1 / steps)
    return strengths


def set_strengths(products: Iterable[str]) -> dict[tuple[str, str], float]:
    """Each pair of different products, both ways, at full strength."""
    return dict.fromkeys(permutations(set(products), 2), 1.0)
