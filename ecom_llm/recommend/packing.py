"""Packs a list of candidates into a row and reads it again: ids as text, weights and evidence as arrays of numbers.

A page unpacks ten such lists in well under a millisecond, which as JSON, or as a row a pair, takes several.
"""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ecom_llm.entities import EvidenceKind

# Kind, support, lift.
_RECORD = struct.Struct("<BIf")
# An id cannot hold it: PostgreSQL refuses it in text.
_BETWEEN = "\0"
# What a list may say of a candidate, by the number that stands for it. Only ever added to.
_KINDS = (
    EvidenceKind.VIEWED_AFTER,
    EvidenceKind.VIEWED_TOGETHER,
    EvidenceKind.ADDED_TOGETHER,
    EvidenceKind.BOUGHT_TOGETHER,
    EvidenceKind.SIMILAR,
    EvidenceKind.POPULAR,
    EvidenceKind.POPULAR_IN_CATEGORY,
)
_NUMBERS = {kind: number for number, kind in enumerate(_KINDS)}
_MAX_SUPPORT = 2**32 - 1


class Shown(NamedTuple):
    """What shows that a candidate belongs to a seed.

    Attributes:
        kind: the strongest kind of evidence.
        support: visits or orders that show it.
        lift: how many times as often as by chance; 0 when that was not counted.
    """

    kind: EvidenceKind
    support: int
    lift: float


def pack_ids(product_ids: Iterable[str]) -> bytes:
    """Ids as one value; none may hold NUL."""
    return _BETWEEN.join(product_ids).encode()


def unpack_ids(packed: bytes | memoryview, most: int = -1) -> list[str]:
    """The ids that were packed; the first `most` of them where it is given."""
    text = bytes(packed).decode()
    return text.split(_BETWEEN, most)[: most if most > 0 else None] if text else []


def pack_floats(values: Iterable[float]) -> bytes:
    """Numbers as float32, little-endian."""
    numbers = array("f", values)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tobytes()


def unpack_floats(packed: bytes | memoryview) -> array[float]:
    """The numbers that were packed."""
    numbers = array("f")
    numbers.frombytes(bytes(packed))
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def pack_evidence(shown: Sequence[Shown]) -> bytes:
    """What shows each candidate, in the order of the ids."""
    return b"".join(_RECORD.pack(_NUMBERS[item.kind], min(item.support, _MAX_SUPPORT), item.lift) for item in shown)


def unpack_evidence(packed: bytes | memoryview, place: int) -> Shown:
    """What shows the candidate at a place, from 0."""
    number, support, lift = _RECORD.unpack_from(packed, place * _RECORD.size)
    return Shown(_KINDS[number], support, lift)
