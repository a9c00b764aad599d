"""Fills an empty shop: the catalogue from its files, and made-up visits so that there is something to learn."""

from __future__ import annotations

from django.db import transaction

from shop_demo.art.colours import palette_for
from shop_demo.catalogue.reading import CatalogueCategory, CatalogueChoice, CatalogueProduct, read_catalogue
from shop_demo.demo_visits import seed_visits
from shop_demo.models import Category, Product

__all__ = ["seed_catalogue", "seed_visits"]

_SEARCHABLE = ("Colour", "Material", "Upper", "Outer", "Blade", "Use", "Season")


def seed_catalogue() -> int:
    """Create the categories and products that are missing; never touch a row that is there.

    Returns:
        How many products and variants were created.
    """
    with transaction.atomic():
        known = set(Product.objects.values_list("sku", flat=True))
        created = 0
        position = 0
        for category in read_catalogue():
            row = _category(category)
            for product in category.products:
                position += 1
                created += _seed_product(product, row, position, known)
    return created


def _category(data: CatalogueCategory) -> Category:
    defaults = {"name": data.name, "blurb": data.blurb, "hue": data.hue, "position": data.position}
    return Category.objects.get_or_create(slug=data.slug, defaults=defaults)[0]


def _seed_product(data: CatalogueProduct, category: Category, position: int, known: set[str]) -> int:
    before = len(known)
    if data.sku not in known:
        known.add(data.sku)
        Product.objects.create(
            sku=data.sku,
            name=data.name,
            category=category,
            attributes=data.shown_attributes,
            description=data.description,
            keywords=_keywords(data),
            price=data.price,
            stock=data.stock,
            picture=_picture(data, data.colour),
            position=position,
        )
    missing = [choice for choice in data.choices if _variant_sku(data, choice) not in known]
    if missing:
        parent = Product.objects.get(sku=data.sku)
        for place, choice in enumerate(data.choices):
            if choice in missing:
                known.add(_variant_sku(data, choice))
                _create_variant(data, choice, parent, place)
    return len(known) - before


def _create_variant(data: CatalogueProduct, choice: CatalogueChoice, parent: Product, place: int) -> None:
    Product.objects.create(
        sku=_variant_sku(data, choice),
        name=f"{data.name}, {choice.value}",
        category=parent.category,
        parent=parent,
        choice=choice.value,
        attributes={data.choose: choice.value, **data.attributes},
        price=choice.price,
        stock=choice.stock,
        picture=_picture(data, choice.value if data.choose == "Colour" else data.colour),
        position=place,
    )


def _variant_sku(data: CatalogueProduct, choice: CatalogueChoice) -> str:
    return f"{data.sku}-{choice.value.lower().replace(' ', '-')}"


def _keywords(data: CatalogueProduct) -> str:
    found = [value for label, value in data.attributes.items() if label in _SEARCHABLE]
    return " ".join([data.keywords, *found, *(choice.value for choice in data.choices)])[:500]


def _picture(data: CatalogueProduct, colour: str) -> dict[str, object]:
    return {"shape": data.shape, "style": data.style, "palette": palette_for(colour).as_list()}
