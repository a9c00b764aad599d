"""Materials, colours and claims from closed lexicons must stand in a fact; some words may stand nowhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from ecom_llm.conf import get_settings
from ecom_llm.entities import Finding
from ecom_llm.guard.reading import Reading
from ecom_llm.guard.terms import Term, find_terms


def check_terms(reading: Reading) -> Iterator[Finding]:
    """Codes `material.unsupported`, `colour.…`, `claim.…`, `superlative.…`, `offer.…` block, `puffery.…` warns.

    A term that the facts deny blocks as `….contradicted` when the text affirms it, and the other way round.
    """
    if not reading.is_english:
        return
    for term in find_terms(reading.text):
        yield from _check_term(reading, term)


def _check_term(reading: Reading, term: Term) -> Iterator[Finding]:
    affirmed, denied = reading.support.affirmed, reading.support.denied
    stated, opposed = (denied, affirmed) if term.is_denied else (affirmed, denied)
    if term.name in stated:
        return
    words = reading.text[term.start : term.end]
    report = reading.warn if term.sort == "puffery" else reading.block
    if term.name in opposed:
        yield report(f"{term.sort}.contradicted", f"A fact says otherwise of “{words}”.", term.start, term.end)
    else:
        yield report(f"{term.sort}.unsupported", f"No fact says “{words}”.", term.start, term.end)


def check_banned(reading: Reading) -> Iterator[Finding]:
    """Code `word.banned`: the shop's own `GUARD["BANNED_WORDS"]`, in any language."""
    pattern = _banned(get_settings().guard.banned_words)
    if pattern is None:
        return
    for match in pattern.finditer(reading.text):
        yield reading.block("word.banned", f"“{match.group()}” is a banned word here.", *match.span())


@lru_cache(maxsize=4)
def _banned(words: tuple[str, ...]) -> re.Pattern[str] | None:
    found = [re.escape(word.strip()) for word in words if word.strip()]
    return re.compile(rf"(?<!\w)(?:{'|'.join(found)})(?!\w)", re.IGNORECASE) if found else None
