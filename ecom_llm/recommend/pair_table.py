"""Counts of very many pairs in memory."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from itertools import groupby

from ecom_llm.recommend.pair_counts import COLUMNS, PairCount

# A number of 31 bits beside another fits a machine's word.
_SHIFT = 31
_MASK = (1 << _SHIFT) - 1


class Numbering:
    """Numbers for product ids, from 0: a pair of numbers is a small key."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._ids: list[str] = []

    def __len__(self) -> int:
        return len(self._ids)

    def number(self, product_id: str) -> int:
        """The number of an id; a new one gets the next."""
        number = self._numbers.get(product_id)
        if number is None:
            number = self._numbers[product_id] = len(self._ids)
            self._ids.append(product_id)
        return number

    def id(self, number: int) -> str:
        """The id that has a number."""
        return self._ids[number]


class PairTable:
    """A table of counts, each pair about 220 bytes; weights and supports may be negative, to take away."""

    def __init__(self, numbering: Numbering) -> None:
        self._numbering = numbering
        self._places: dict[int, int] = {}
        self._weights = [array("d") for _ in range(COLUMNS)]
        self._supports = [array("i") for _ in range(COLUMNS)]

    def __len__(self) -> int:
        return len(self._places)

    def add(self, seed: int, candidate: int, kind: int, weight: float, support: int = 1) -> None:
        """Add to what is counted of a pair.

        Args:
            seed: a product's number.
            candidate: another one's.
            kind: `AFTER` or one of the others.
            weight: how much.
            support: visits or orders.
        """
        key = seed << _SHIFT | candidate
        place = self._places.get(key)
        if place is None:
            place = self._places[key] = len(self._places)
            for column in self._weights:
                column.append(0.0)
            for counted in self._supports:
                counted.append(0)
        self._weights[kind][place] += weight
        self._supports[kind][place] += support

    def by_seed(self) -> Iterator[tuple[str, list[PairCount]]]:
        """Each seed's id with what is counted of its pairs."""
        for seed, group in groupby(sorted(self._places.items()), key=lambda item: item[0] >> _SHIFT):
            yield self._numbering.id(seed), [self._count(key, place) for key, place in group]

    def _count(self, key: int, place: int) -> PairCount:
        weights = tuple(column[place] for column in self._weights)
        supports = tuple(column[place] for column in self._supports)
        return PairCount(self._numbering.id(key & _MASK), weights, supports)
