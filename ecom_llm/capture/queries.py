"""One form for searches that mean the same."""

from __future__ import annotations

import unicodedata

from ecom_llm.capture.scrubbing import scrub

# The column's width.
MAX_CHARACTERS = 200
# A very long search needs no work beyond what is kept; what is scrubbed from it makes room for more.
_READ_CHARACTERS = 4 * MAX_CHARACTERS
# Where reading stops, it may stop within an address or a number, which is no longer than this.
_CUT_CHARACTERS = 256
# Controls, surrogates and unassigned code points; direction marks are format characters that show nothing.
_DROPPED = frozenset({"Cc", "Cs", "Cn", "Co"})
_DIRECTION_MARKS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
# Joins characters, so means nothing at either end.
_JOINERS = "\u200c\u200d"


def normalise_query(text: str, max_characters: int) -> str:
    """Bring a search into the form in which it is kept and counted.

    Compatibility forms are unified (NFKC), case is folded, runs of white space become one space, controls go.
    Emoji and right-to-left text stay as they are. E-mail addresses, phone numbers, card numbers and IBANs are taken
    out, so that nothing that keeps or counts searches ever holds them.

    Args:
        text: as typed, of any length.
        max_characters: what is kept at most; never more than 200.

    Returns:
        The normalised words; empty when nothing is left. Normalising them again changes nothing.
    """
    limit = min(max_characters, MAX_CHARACTERS)
    words = _scrubbed(_tidy(_fold(text[:_READ_CHARACTERS])))
    if len(text) > _READ_CHARACTERS:
        words = words[:-_CUT_CHARACTERS]
    # Scrubbed before the cut, which must not leave half a number, and after it, as what is left may look like one.
    return _scrubbed(_tidy(words[:limit]))


def folded_query(text: str, max_characters: int) -> str:
    """Bring a search into one form without taking anything out: to look products up with, and never to be kept.

    A part number may look like somebody's phone number.

    Args:
        text: as typed, of any length.
        max_characters: of what is returned at most; never more than 200.
    """
    limit = min(max_characters, MAX_CHARACTERS)
    return _tidy(_tidy(_fold(text[:_READ_CHARACTERS]))[:limit])


def _scrubbed(text: str) -> str:
    """Take out what leads to a person, until tidying what is left brings no more of it to light."""
    while (scrubbed := _tidy(scrub(text))) != text:
        text = scrubbed
    return text


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
