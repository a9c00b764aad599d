"""Reads the TOML files into dataclasses: what the seeding writes to the database."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.utils.text import slugify

_FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class CatalogueChoice:
    """One variant: its value ("navy", "XL"), how many there are, and its price."""

    value: str
    stock: int
    price: Decimal


@dataclass(frozen=True, slots=True)
class CatalogueProduct:
    """One product of a file. ``choose`` names what its variants differ in, or is empty."""

    name: str
    shape: str
    style: str
    price: Decimal
    stock: int
    keywords: str
    description: str
    attributes: dict[str, str]
    choose: str
    choices: tuple[CatalogueChoice, ...]

    @property
    def sku(self) -> str:
        """The product's id, made of its name."""
        return slugify(self.name.replace("'", ""))

    @property
    def colour(self) -> str:
        """The colour its picture is drawn in."""
        return self.choices[0].value if self.choose == "Colour" else self.attributes.get("Colour", "")

    @property
    def shown_attributes(self) -> dict[str, str]:
        """The attributes, led by the choice there is ("Colours": "moss green, mustard and navy")."""
        if not self.choose:
            return self.attributes
        values = [choice.value for choice in self.choices]
        label = self.choose + "s"
        if label in self.attributes:
            label = f"Choice of {label.lower()}"
        return {label: f"{', '.join(values[:-1])} and {values[-1]}", **self.attributes}


@dataclass(frozen=True, slots=True)
class CatalogueCategory:
    """One file."""

    slug: str
    name: str
    blurb: str
    hue: int
    position: int
    products: tuple[CatalogueProduct, ...]


def read_catalogue() -> Iterator[CatalogueCategory]:
    """Every category in the shop's order."""
    for path in sorted(_FOLDER.glob("*.toml")):
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        products = tuple(_product(row) for row in data.pop("products"))
        yield CatalogueCategory(**data, products=products)


def _product(row: dict[str, Any]) -> CatalogueProduct:
    shape, _, style = row["picture"].partition(":")
    price = Decimal(row["price"])
    choices = tuple(_choice(value, given, price) for value, given in row.get("choices", {}).items())
    return CatalogueProduct(
        name=row["name"],
        shape=shape,
        style=style,
        price=price,
        stock=sum(choice.stock for choice in choices) if choices else row["stock"],
        keywords=row["keywords"],
        description=row.get("description", ""),
        attributes=row["attributes"],
        choose=row.get("choose", ""),
        choices=choices,
    )


def _choice(value: str, given: int | dict[str, Any], price: Decimal) -> CatalogueChoice:
    if isinstance(given, int):
        return CatalogueChoice(value, given, price)
    return CatalogueChoice(value, given["stock"], Decimal(given["price"]))
