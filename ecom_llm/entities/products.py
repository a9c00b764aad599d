"""What the shop knows of a product."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Fact:
    """One verified attribute of a product.

    Attributes:
        name: the label a shopper would read, such as ``Material``.
        value: its value as text, such as ``recycled nylon`` or ``420 g``.
        source: the field of the shop's own model that it was read from.
    """

    name: str
    value: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class ProductFacts:
    """All that a text may say about one product.

    Attributes:
        product_id: the catalogue's id, as text.
        name: the product's name.
        category: its category's name, or empty.
        facts: the rest, in the catalogue's order.
        description: the shop's own words, if it has any; shown as they are, never rewritten.
    """

    product_id: str
    name: str
    category: str = ""
    facts: tuple[Fact, ...] = ()
    description: str = ""

    @property
    def content_hash(self) -> str:
        """SHA-256 (hexadecimal) over all that a text may cite; the same facts give the same hash in any process."""
        payload = [self.product_id, self.name, self.category, [(fact.name, fact.value) for fact in self.facts]]
        return hashlib.sha256(json.dumps(payload, ensure_ascii=False).encode()).hexdigest()

    @property
    def citable(self) -> dict[str, str]:
        """Every fact by name; the product's name and category are facts too."""
        named = {"name": self.name, "category": self.category}
        return {key: value for key, value in named.items() if value} | {fact.name: fact.value for fact in self.facts}


@dataclass(frozen=True, slots=True)
class Offer:
    """What a product costs and whether it can be had now. Rendered live, never part of a text.

    Attributes:
        price: in units of `currency`; None when the shop does not show one.
        currency: an ISO 4217 code.
        is_available: whether it can be bought now.
    """

    price: Decimal | None = None
    currency: str = ""
    is_available: bool = True
