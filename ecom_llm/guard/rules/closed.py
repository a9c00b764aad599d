"""A closed vocabulary: every word must stand in a fact or be one that only joins facts together.

A small model slips in words of its own ("textured", "laser-guided") that no lexicon can foresee. While its vocabulary
is closed it can say less, and nothing that the shop did not say first.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from ecom_llm.entities import Finding
from ecom_llm.guard.reading import Reading
from ecom_llm.guard.terms import LITTLE_WORDS

_JOINING_WORDS = (
    "also both but come comes feature features had includes including no none plus so then these those was where who"
    " whose yes"
    # In these a reason and search copy speak of their evidence.
    " after among bought category find found here item items like look looked looking match matching product products"
    " range results same search see shopper shoppers take together try viewed visit we our went"
)
JOINING = LITTLE_WORDS | frozenset(_JOINING_WORDS.split())


def check_closed(reading: Reading) -> Iterator[Finding]:
    """Code `word.unsupported` for each word that is in no fact and joins nothing. English only."""
    if not reading.is_english:
        return
    known = {stem(word) for word in reading.support.words}
    for word in reading.words:
        if word.text in JOINING or stem(word.text) in known or any(char.isdigit() for char in word.text):
            continue
        yield reading.block("word.unsupported", f"No fact says “{word.text}”.", word.start, word.end)


@lru_cache(maxsize=8192)
def stem(word: str) -> str:
    """One spelling for singular and plural: "handles" and "handle", "brushes" and "brush"."""
    for ending in ("es", "s"):
        if word.endswith(ending) and len(word) > len(ending) + 2:
            return word[: -len(ending)].rstrip("e")
    return word.rstrip("e")
