"""Products that the guard's tests speak of."""

from __future__ import annotations

from ecom_llm.entities import Fact, ProductFacts


def product(name: str = "Harbour Rain Jacket", category: str = "Jackets", **facts: str) -> ProductFacts:
    """A product with these facts; underscores in their names stand for spaces."""
    named = ((key.replace("_", " "), value) for key, value in facts.items())
    return ProductFacts(name.lower().replace(" ", "-"), name, category, tuple(Fact(*pair) for pair in named))


JACKET = product(
    Material="recycled nylon",
    Colour="navy",
    Weight="420 g",
    Waterproof="yes",
    Pockets="4",
    Care="machine wash at 30 degrees",
)
KETTLE = product(
    "Alder Pour-over Kettle",
    "Coffee",
    Material="stainless steel",
    Handle="walnut",
    Capacity="0.9 l",
    Dishwasher_safe="no",
    Height="21 cm",
)
