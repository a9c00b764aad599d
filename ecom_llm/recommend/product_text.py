"""What of a product is compared with others and with searches."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from ecom_llm.entities import Fact, ProductFacts

# Of a description; what follows says little more of what a product is, and encoders cut it anyway.
DESCRIPTION_CHARACTERS = 1_000
_YES = frozenset({"yes", "true"})
_NO = frozenset({"no", "false", "none", "n/a", "-"})


@dataclass(frozen=True, slots=True)
class ProductText:
    """A product in words.

    Attributes:
        product_id: which.
        head: its name and category.
        rest: its attributes and the shop's own description.
    """

    product_id: str
    head: str
    rest: str

    @property
    def whole(self) -> str:
        """All of it."""
        return f"{self.head} {self.rest}".strip()

    @property
    def hash(self) -> str:
        """SHA-256, in hexadecimal; another one means another vector."""
        return hashlib.sha256(f"{self.head}\0{self.rest}".encode(errors="replace")).hexdigest()


def write_text(facts: ProductFacts) -> ProductText:
    """Put a product's facts into the words that are compared."""
    head = ". ".join(filter(None, (facts.name.strip(), facts.category.strip())))
    said = filter(None, (_say(fact) for fact in facts.facts))
    rest = " ".join([*said, facts.description[:DESCRIPTION_CHARACTERS]])
    return ProductText(facts.product_id, f"{head}." if head else "", " ".join(rest.split()))


def _say(fact: Fact) -> str:
    """What is not so is left out: to a comparison of words "Waterproof: no" is about waterproof things."""
    value = fact.value.strip()
    if value.casefold() in _NO:
        return ""
    return f"{fact.name}." if value.casefold() in _YES else f"{fact.name}: {value}."
