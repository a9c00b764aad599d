"""What facts support: their words, numbers with units, codes and terms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache, reduce
from operator import or_

from ecom_llm.entities import Fact, ProductFacts
from ecom_llm.guard.quantities import Quantity, Sort, find_quantities
from ecom_llm.guard.terms import find_terms, find_words, wider

YES = frozenset({"yes", "true", "y"})
NO = frozenset({"no", "false", "none", "n", "not"})


@dataclass(frozen=True, slots=True)
class Support:
    """What a text may say, read from facts once.

    Attributes:
        words: every word of names and values, in small letters.
        measures: every number with its base unit; numbers without one have the unit ``""``.
        numbers: every number as the shop wrote it, whatever its unit.
        codes: words of letters and digits, such as ``e27``.
        affirmed: terms of the lexicons that the facts state.
        denied: terms that the facts say are not so.
    """

    words: frozenset[str] = frozenset()
    measures: frozenset[tuple[Decimal, str]] = frozenset()
    numbers: frozenset[Decimal] = frozenset()
    codes: frozenset[str] = frozenset()
    affirmed: frozenset[str] = frozenset()
    denied: frozenset[str] = frozenset()

    def __or__(self, other: Support) -> Support:
        """What either supports."""
        return Support(
            self.words | other.words,
            self.measures | other.measures,
            self.numbers | other.numbers,
            self.codes | other.codes,
            self.affirmed | other.affirmed,
            self.denied | other.denied,
        )

    def has_quantity(self, quantity: Quantity) -> bool:
        """Whether a fact holds the number: with the same unit, or any where the text names none."""
        if quantity.sort is Sort.CODE:
            return quantity.words in self.codes or set(quantity.words.split("-")) <= self.words
        if not quantity.unit:
            return any(number.normalize() in self.numbers for number in quantity.numbers)
        if quantity.is_shared and any((number.normalize(), "") in self.measures for number in quantity.numbers):
            return True  # "Windows 8 and 4 GB" is no 8 GB
        # "30 degrees" is said of 30 °C too.
        scales = ("°", "°c", "°f") if quantity.unit == "°" else (quantity.unit,)
        return any((number, unit) in self.measures for number, _ in quantity.measures for unit in scales)


def read_support(products: Sequence[ProductFacts], extra: Sequence[str] = ()) -> Support:
    """Read what a text about these products may say.

    Args:
        products: the facts of each.
        extra: further words that it may use, such as the search they answer.
    """
    parts = [*(support_of(product) for product in products), *(_of_text(words) for words in extra)]
    return reduce(or_, parts) if parts else Support()


@lru_cache(maxsize=2048)
def support_of(product: ProductFacts) -> Support:
    """What one product's name, category and facts support."""
    found = _of_text(product.name) | _of_text(product.category)
    denied: set[str] = set()
    for fact in product.facts:
        one = of_fact(fact)
        denied |= one.denied
        found |= one
    # A fact that says no outweighs a name that sounds like yes.
    return Support(found.words, found.measures, found.numbers, found.codes, found.affirmed - denied, frozenset(denied))


@lru_cache(maxsize=8192)
def of_fact(fact: Fact) -> Support:
    """What one fact supports; its name counts too, unless the value says no."""
    value = fact.value.strip().casefold()
    if value in NO:
        named = _of_text(fact.name)
        return Support(words=named.words, denied=named.affirmed | named.denied)
    if value in YES:
        return _of_text(fact.name)
    # "Drying: quick" supports "quick drying".
    joined = _of_text(f"{fact.value} {fact.name}").affirmed | _of_text(f"{fact.name} {fact.value}").affirmed
    measures = _measures_by_name(fact)
    return _of_text(fact.value) | _of_text(fact.name) | Support(measures=measures, affirmed=joined)


def _measures_by_name(fact: Fact) -> frozenset[tuple[Decimal, str]]:
    """Bare numbers with the unit that the fact's name ends in: "Weight (g): 420" supports 420 g."""
    name_words = find_words(fact.name)
    named = find_quantities(f"1 {name_words[-1].text}") if name_words else []
    if not named or not named[0].unit:
        return frozenset()
    bare = (item for item in find_quantities(fact.value) if item.sort is Sort.PLAIN and not item.unit)
    return frozenset(
        measure for item in bare for measure in replace(item, unit=named[0].unit, factor=named[0].factor).measures
    )


@lru_cache(maxsize=4096)
def _of_text(text: str) -> Support:
    quantities = find_quantities(text)
    terms = tuple(find_terms(text, needs_context=False))
    plain = [quantity for quantity in quantities if quantity.sort is not Sort.CODE]
    return Support(
        words=frozenset(word.text for word in find_words(text)),
        measures=frozenset(measure for quantity in plain for measure in quantity.measures),
        numbers=frozenset(number.normalize() for quantity in plain for number in quantity.numbers),
        codes=frozenset(quantity.words for quantity in quantities if quantity.sort is Sort.CODE),
        affirmed=frozenset(name for term in terms if not term.is_denied for name in wider(term.name)),
        denied=frozenset(term.name for term in terms if term.is_denied),
    )
