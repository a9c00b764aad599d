"""A name of several words must be one that the facts hold: a model likes to invent products and brands."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ecom_llm.entities import Finding
from ecom_llm.guard.reading import Reading
from ecom_llm.guard.support import read_support, support_of
from ecom_llm.guard.terms import find_words

_WORD = r"[A-Z][\w'\u2019]*(?:-\w+)*"
# Not at the start of a sentence, where any word is capitalised.
_NAME = re.compile(rf"(?<![.!?:\u201c\"'\s])\s{_WORD}(?:\s{_WORD})+")


def check_names(reading: Reading) -> Iterator[Finding]:
    """Code `name.unsupported`: two or more capitalised words within a sentence that no one product's facts hold."""
    if not reading.is_english:
        return
    allowed = read_support((), reading.extra).words
    pools = [support_of(product).words | allowed for product in reading.products] or [allowed]
    for match in _NAME.finditer(reading.text):
        words = {word.text for word in find_words(match.group())}
        if not any(all(_holds(pool, word) for word in words) for pool in pools):
            name = match.group().strip()
            yield reading.block("name.unsupported", f"No fact holds the name “{name}”.", match.start() + 1, match.end())


def _holds(pool: frozenset[str], word: str) -> bool:
    return word in pool or f"{word}s" in pool or word.removesuffix("s") in pool
