"""One form for searches that mean the same."""

from __future__ import annotations

import unicodedata

# The column's width.
MAX_CHARACTERS = 200
# NFKC makes at most 18 characters of one, and a very long search needs no work beyond what is kept.
_READ_FACTOR = 4
# Controls, surrogates and unassigned code points; direction marks are format characters that show nothing.
_DROPPED = frozenset({"Cc", "Cs", "Cn", "Co"})
_DIRECTION_MARKS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
# Joins characters, so means nothing at either end.
_JOINERS = "\u200c\u200d"


def normalise_query(text: str, max_characters: int) -> str:
    """Bring a search into the form in which it is kept and counted.

    Compatibility forms are unified (NFKC), case is folded, runs of white space become one space, controls go.
    Emoji and right-to-left text stay as they are.

    Args:
        text: as typed, of any length.
        max_characters: what is kept at most; never more than 200.

    Returns:
        The normalised words; empty when nothing is left. Normalising them again changes nothing.
    """
    limit = min(max_characters, MAX_CHARACTERS)
    folded = _fold(text[: limit * _READ_FACTOR])
    return _tidy(_tidy(folded)[:limit])


def _fold(text: str) -> str:
    """Fold case; the second round catches what the first one's normalisation brought to light."""
    for _ in range(2):
        text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return text


def _tidy(text: str) -> str:
    spaced = " ".join(text.split())
    kept = "".join(
        char for char in spaced if char not in _DIRECTION_MARKS and unicodedata.category(char) not in _DROPPED
    )
    return " ".join(kept.split()).strip(_JOINERS + " ")
