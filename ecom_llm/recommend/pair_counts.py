"""The counts of one seed's pairs, as they are stored and as they are changed."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ecom_llm.entities import EvidenceKind
from ecom_llm.recommend.packing import pack_floats, pack_ids, unpack_floats, unpack_ids

# What is counted, by the number under which it is stored. Only ever added to.
AFTER, BEFORE, TOGETHER, ADDED, BOUGHT = range(5)
COLUMNS = 5
# The evidence that each of them is; having been viewed before is none by itself.
EVIDENCE = {
    AFTER: EvidenceKind.VIEWED_AFTER,
    TOGETHER: EvidenceKind.VIEWED_TOGETHER,
    ADDED: EvidenceKind.ADDED_TOGETHER,
    BOUGHT: EvidenceKind.BOUGHT_TOGETHER,
}
NO_WEIGHTS = (0.0,) * COLUMNS
NO_SUPPORTS = (0,) * COLUMNS
# Pairs of one seed that are kept. Beyond it the weakest go, as in lossy counting (Manku and Motwani, 2002): what is
# strong in the end was seldom among the weakest on the way.
KEPT_PAIRS = 300


class PairCount(NamedTuple):
    """What is counted of one pair: five numbers each, see `AFTER` and the others.

    Attributes:
        candidate: the product that goes with the seed.
        weights: sums of strengths, recent ones counting more.
        supports: visits or orders.
    """

    candidate: str
    weights: tuple[float, ...]
    supports: tuple[int, ...]


def strongest(counts: Sequence[PairCount], limit: int = KEPT_PAIRS) -> list[PairCount]:
    """The pairs to keep of a seed: those with the most weight, the strongest first."""
    return sorted(counts, key=lambda count: (-sum(count.weights), count.candidate))[:limit]


def merged(counts: Iterable[PairCount], changes: Iterable[PairCount]) -> list[PairCount]:
    """Counts with changes added to them; what no visit or order shows any more is left out.

    Args:
        counts: as stored.
        changes: to be added; negative numbers take away.
    """
    by_candidate = {count.candidate: count for count in counts}
    for change in changes:
        known = by_candidate.get(change.candidate)
        by_candidate[change.candidate] = _sum(known, change) if known is not None else _sum(_nothing(change), change)
    return [count for count in by_candidate.values() if any(count.supports)]


def pack_counts(counts: Sequence[PairCount]) -> bytes:
    """One seed's counts as one value: how long the ids are, the ids, then for each kind weights and supports.

    A kind that none of the pairs has takes one byte.
    """
    ids = pack_ids(count.candidate for count in counts)
    parts = [len(ids).to_bytes(4, "little"), ids]
    for kind in range(COLUMNS):
        if any(count.supports[kind] for count in counts):
            parts.append(b"\1")
            parts.append(pack_floats(count.weights[kind] for count in counts))
            parts.append(_pack_whole(count.supports[kind] for count in counts))
        else:
            parts.append(b"\0")
    return b"".join(parts)


def unpack_counts(packed: bytes | memoryview) -> list[PairCount]:
    """The counts that were packed."""
    data = bytes(packed)
    if not data:
        return []
    place = 4 + int.from_bytes(data[:4], "little")
    ids = unpack_ids(data[4:place])
    size = 4 * len(ids)
    weights: list[Sequence[float]] = []
    supports: list[Sequence[int]] = []
    for _ in range(COLUMNS):
        is_there = data[place : place + 1] == b"\1"
        place += 1
        if is_there:
            weights.append(unpack_floats(data[place : place + size]))
            supports.append(_unpack_whole(data[place + size : place + 2 * size]))
            place += 2 * size
        else:
            weights.append([0.0] * len(ids))
            supports.append([0] * len(ids))
    return [
        PairCount(candidate, row_weights, row_supports)
        for candidate, row_weights, row_supports in zip(
            ids, zip(*weights, strict=True), zip(*supports, strict=True), strict=True
        )
    ]


def _nothing(change: PairCount) -> PairCount:
    return PairCount(change.candidate, NO_WEIGHTS, NO_SUPPORTS)


def _sum(known: PairCount, change: PairCount) -> PairCount:
    supports = tuple(max(a + b, 0) for a, b in zip(known.supports, change.supports, strict=True))
    weights = tuple(
        # What rounding leaves of a pair that nothing supports is nothing.
        max(a + b, 0.0) if support else 0.0
        for a, b, support in zip(known.weights, change.weights, supports, strict=True)
    )
    return PairCount(known.candidate, weights, supports)


def _pack_whole(values: Iterable[int]) -> bytes:
    numbers = array("I", values)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tobytes()


def _unpack_whole(packed: bytes) -> array[int]:
    numbers = array("I")
    numbers.frombytes(packed)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers
