"""English number words as digits: `twenty-one`, `three hundred and five`, `two dozen`, `one and a half`."""

from __future__ import annotations

import re
from decimal import Decimal

_BELOW_20 = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
    " seventeen eighteen nineteen"
)
_FROM_20 = "twenty thirty forty fifty sixty seventy eighty ninety"
_ONES, _TENS = _BELOW_20.split(), _FROM_20.split()
_VALUES = {word: number for number, word in enumerate(_ONES)} | {
    word: 10 * number for number, word in enumerate(_TENS, 2)
}
_SCALES = {"dozen": 12, "hundred": 100, "thousand": 1000, "million": 1_000_000}

# Longest first, so that "fourteen" is not read as "four".
_ONE = "|".join(sorted(_ONES[1:], key=len, reverse=True))
_BELOW_100 = rf"(?:(?:{'|'.join(_TENS)})(?:[\s-](?:{'|'.join(_ONES[1:10])}))?|{_ONE}|zero)"
_SCALE = "|".join(_SCALES)
PATTERN = re.compile(
    rf"\b(?:(?:{_BELOW_100}\s)?(?:{_SCALE})(?:\s(?:and\s)?{_BELOW_100}\b(?:\shundred)?)*|{_BELOW_100})"
    r"(?:\sand\sa\shalf)?\b|\bhalf(?:\san?)?(?=[\s-])",
    re.IGNORECASE,
)
"""Finds a spelled-out number; `half` alone too, for `half a litre`."""


def read(words: str) -> Decimal | None:
    """The number that words matched by `PATTERN` mean; None for two numbers that only stand side by side."""
    lowered = words.lower()
    if lowered.startswith("half"):
        return Decimal("0.5")
    halves = Decimal("0.5") if lowered.endswith("half") else Decimal(0)
    total, current = 0, 0
    parts = re.split(r"[\s-]+", lowered.removesuffix("and a half").strip())
    for part in parts:
        if part in ("and", ""):
            continue
        if part in _SCALES:
            total, current = total + max(current, 1) * _SCALES[part], 0
        elif current and not (current in range(20, 100, 10) and _VALUES[part] < 10):
            return None
        else:
            current += _VALUES[part]
    return Decimal(total + current) + halves
