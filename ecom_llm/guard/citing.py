"""Which facts a text rests on; when one of them changes, the text is stale."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from ecom_llm.entities import Fact, ProductFacts
from ecom_llm.guard.quantities import find_quantities
from ecom_llm.guard.support import NO, YES, Support, of_fact
from ecom_llm.guard.terms import LITTLE_WORDS, find_terms, find_words, wider
from ecom_llm.guard.units import UNITS


def cited(text: str, facts: Sequence[ProductFacts]) -> dict[str, dict[str, str]]:
    """The facts whose words or numbers a text uses.

    A fact is cited when the text shares one telling word, number, code or lexicon term with its value, or, where the
    value is yes or no, with its name. In doubt a fact counts as cited: a text made anew needlessly costs less
    than one that has become untrue.

    Args:
        text: a text that passed the guard.
        facts: those it was made from.

    Returns:
        By product id, by fact name (`name` and `category` too): the value as it was.
    """
    used = _Used.of(text)
    found: dict[str, dict[str, str]] = {}
    for product in facts:
        own = {
            name: value
            for name, value in product.citable.items()
            if used.rests_on(Fact("" if name in ("name", "category") else name, value))
        }
        if own:
            found[product.product_id] = own
    return found


class _Used:
    """The words, numbers and terms of a text, to be compared with one fact after another."""

    def __init__(self, words: frozenset[str], terms: set[str], text: str) -> None:
        self._words = words
        self._terms = terms
        self._quantities = find_quantities(text)

    @classmethod
    def of(cls, text: str) -> _Used:
        terms = {name for term in find_terms(text, needs_context=False) for name in wider(term.name)}
        return cls(_telling(text), terms, text)

    def rests_on(self, fact: Fact) -> bool:
        support = of_fact(fact)
        is_flag = fact.value.strip().casefold() in YES | NO
        words = _telling(fact.name if is_flag else fact.value)
        return bool(
            words & self._words or (support.affirmed | support.denied) & self._terms or self._shares_number(support)
        )

    def _shares_number(self, support: Support) -> bool:
        return any(support.has_quantity(quantity) for quantity in self._quantities)


@lru_cache(maxsize=4096)
def _telling(text: str) -> frozenset[str]:
    """Words that carry meaning, plurals reduced; numbers and units are compared as quantities."""
    words = (word.text for word in find_words(text))
    return frozenset(
        _stem(word) for word in words if not (len(word) < 2 or word.isdigit() or word in LITTLE_WORDS or word in UNITS)
    )


def _stem(word: str) -> str:
    for ending in ("ing", "able", "ed", "es", "s", "en", "e", "y"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word.removesuffix(ending)
    return word
