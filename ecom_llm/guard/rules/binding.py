"""What belongs to one part is not said of another: "a cotton lining" needs a fact that says so of the lining.

Where the vocabulary is closed, texts are lists of features, and each feature can be held to its own fact: a value's
words stand beside their fact's name. Free prose binds them in too many ways for this rule.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from ecom_llm.entities import Fact, Finding
from ecom_llm.guard.reading import Reading
from ecom_llm.guard.rules.closed import JOINING, stem
from ecom_llm.guard.terms import find_words

# One feature ends where the next begins.
_FEATURE_END = re.compile(r",(?=\s)|\band(?= an? )|\bwhich\b|\b(?:has|have)\b")
_SENTENCE_END = re.compile(r"[.;?!](?=\s|$)")
# Facts that a text may give without naming them: "made of oak", "in navy", "for day walks".
UNNAMED = frozenset(("material", "materials", "fabric", "colour", "color", "use", "suitable for"))
_ARTICLE = re.compile(r"\b(?P<article>an?) (?P<word>\S+)", re.IGNORECASE)
_TAKES_AN = re.compile(r"[aeio]|u(?!n[is]|s|tility)|8|11\b|18\b|hour|honest", re.IGNORECASE)
# Begins with a vowel's letter and the sound of "w" or "y".
_TAKES_A = re.compile(r"one\b|once|eu", re.IGNORECASE)


def check_binding(reading: Reading) -> Iterator[Finding]:
    """Code `fact.misbound`: a value said of another part than its fact's; and `fact.repeated`: a feature that says
    nothing but what one before it said, as "and a glass" after "a glass material". English only.
    """
    if not reading.is_english:
        return
    free = JOINING | {word for product in reading.products for word in _words(f"{product.name} {product.category}")}
    free |= {word for extra in reading.extra for word in _words(extra)}
    facts = [fact for product in reading.products for fact in product.facts]
    # Of two products the same may be said.
    is_alone = len(reading.products) == 1
    said: set[str] = set()
    for start, end in _features(reading.text):
        feature = reading.text[start:end]
        if wrong := _misbound(feature, facts, free):
            yield reading.block("fact.misbound", f"No fact says “{wrong}” of this.", start, end)
        stems = {stem(word) for word in _words(feature) if word not in free}
        if is_alone and stems and stems <= said:
            yield reading.block("fact.repeated", "It says this twice.", start, end)
        said |= stems


def _features(text: str) -> Iterator[tuple[int, int]]:
    """Where each feature starts and ends; "Sizes: S, M and L", the table's own form, is one."""
    for start, end in _parts(text, _SENTENCE_END, 0):
        if ": " in text[start:end]:
            yield start, end
        else:
            yield from _parts(text[start:end], _FEATURE_END, start)


def _parts(text: str, ends: re.Pattern[str], offset: int) -> Iterator[tuple[int, int]]:
    start = 0
    for end in [*(match.start() for match in ends.finditer(text)), len(text)]:
        yield offset + start, offset + end
        start = end


def _misbound(feature: str, facts: list[Fact], free: frozenset[str] | set[str]) -> str:
    """The first word of a feature that no fact named in it, or that needs no name, holds; empty when all is well."""
    words = [word for word in _words(feature) if word not in free]
    named = {stem(word) for word in words}
    bound: set[str] = set()
    for fact in facts:
        name, value = _stems(fact.name), _stems(fact.value)
        # A fact is named by all of its name ("largest diameter" is no diameter), by a value that names it too
        # ("shoulder straps"), or in the table's own form.
        if fact.name.lower() in UNNAMED or name <= named or f"{fact.name}:".lower() in feature.lower():
            bound |= name | value
    return next((word for word in words if stem(word) not in bound), "")


def check_articles(reading: Reading) -> Iterator[Finding]:
    """Code `grammar.article`: "an fringed edge", "a steel poles". English only."""
    if not reading.is_english:
        return
    for match in _ARTICLE.finditer(reading.text):
        takes_an = bool(_TAKES_AN.match(match["word"])) and not _TAKES_A.match(match["word"])
        if takes_an is not (match["article"].lower() == "an"):
            yield reading.block("grammar.article", f"“{match.group()}” has the wrong article.", *match.span())
    plurals = {fact.name.lower() for product in reading.products for fact in product.facts if _is_plural(fact.name)}
    for plural in plurals:
        for match in re.finditer(rf"\ban? (?:[\w-]+ ){{0,4}}{re.escape(plural)}\b", reading.text, re.IGNORECASE):
            yield reading.block("grammar.article", f"“{match.group()}” is one and many.", *match.span())


def _is_plural(name: str) -> bool:
    return bool(re.search(r"[^su]s$", name)) and not name.lower().endswith(("lens", "is"))


@lru_cache(maxsize=4096)
def _stems(text: str) -> frozenset[str]:
    return frozenset(stem(word) for word in _words(text))


@lru_cache(maxsize=4096)
def _words(text: str) -> tuple[str, ...]:
    return tuple(word.text for word in find_words(text))
