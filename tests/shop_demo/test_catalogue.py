"""The goods themselves: enough of them, described truthfully, all different."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from shop_demo.art.colours import COLOURS
from shop_demo.art.pictures import DRAWINGS
from shop_demo.catalogue.reading import CatalogueProduct, read_catalogue
from shop_demo.models import Category, Product
from shop_demo.seeding import seed_catalogue

CATEGORIES = list(read_catalogue())
PRODUCTS = [product for category in CATEGORIES for product in category.products]
NUMBER_WORDS = {
    "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9",
    "ten": "10", "eleven": "11", "twelve": "12", "twenty": "20", "eighty": "80",
}  # fmt: skip

each_product = pytest.mark.parametrize("product", PRODUCTS, ids=lambda product: product.sku)


def test_shop_is_large_enough_to_believe() -> None:
    assert len(PRODUCTS) >= 150
    assert len(CATEGORIES) >= 8
    assert min(len(category.products) for category in CATEGORIES) >= 12


def test_names_and_skus_are_unique() -> None:
    names = Counter(product.name for product in PRODUCTS)
    skus = Counter(product.sku for product in PRODUCTS)
    assert [name for name, count in names.items() if count > 1] == []
    assert [sku for sku, count in skus.items() if count > 1] == []


def test_no_two_products_share_their_attributes() -> None:
    seen = Counter(tuple(product.shown_attributes.items()) for product in PRODUCTS)
    assert max(seen.values()) == 1


def test_about_a_third_have_a_human_description() -> None:
    described = sum(bool(product.description) for product in PRODUCTS)
    assert 0.3 <= described / len(PRODUCTS) <= 0.45


@each_product
def test_attributes_are_five_to_twelve_plain_strings(product: CatalogueProduct) -> None:
    assert 5 <= len(product.shown_attributes) <= 12
    for label, value in product.shown_attributes.items():
        assert re.fullmatch(r"[A-Z][A-Za-z -]{2,24}", label), label
        assert value == value.strip()
        assert 0 < len(value) <= 60


@each_product
def test_picture_and_colour_are_known(product: CatalogueProduct) -> None:
    assert product.shape in DRAWINGS
    assert product.colour in COLOURS


@pytest.mark.parametrize("product", [p for p in PRODUCTS if p.description], ids=lambda product: product.sku)
def test_each_number_of_a_description_is_in_the_attributes(product: CatalogueProduct) -> None:
    facts = " ".join(product.shown_attributes.values()).lower() + f" {product.name.lower()}"
    known = set(re.findall(r"\d+(?:[.,]\d+)*", facts))
    known |= {digits for word, digits in NUMBER_WORDS.items() if re.search(rf"\b{word}\b", facts)}
    text = product.description.lower()
    told = set(re.findall(r"\d+(?:[.,]\d+)*", text))
    told |= {digits for word, digits in NUMBER_WORDS.items() if re.search(rf"\b{word}\b", text)}
    assert told <= known
    assert 1 <= len(re.findall(r"[.!?](?:\s|$)", product.description)) <= 4


@pytest.mark.django_db
def test_seeding_again_creates_nothing_and_keeps_an_editors_change() -> None:
    assert seed_catalogue() > len(PRODUCTS)
    Product.objects.filter(sku="brown-hen-teapot").update(description="An editor's words.", stock=3)
    assert seed_catalogue() == 0
    teapot = Product.objects.get(sku="brown-hen-teapot")
    assert (teapot.description, teapot.stock) == ("An editor's words.", 3)


@pytest.mark.django_db
def test_seeding_brings_back_what_was_deleted() -> None:
    seed_catalogue()
    gone = Product.objects.get(sku="brown-hen-teapot")
    lost = 1 + gone.variants.count()
    gone.delete()
    assert seed_catalogue() == lost
    assert Category.objects.count() == len(CATEGORIES)


@pytest.mark.django_db
def test_parents_hold_the_stock_of_their_variants() -> None:
    seed_catalogue()
    for parent in Product.objects.filter(variants__isnull=False).distinct().prefetch_related("variants"):
        assert parent.stock == sum(variant.stock for variant in parent.variants.all())


@pytest.mark.django_db
def test_saving_a_variant_updates_its_parents_stock() -> None:
    seed_catalogue()
    variant = Product.objects.get(sku="tern-roll-top-rucksack-navy")
    assert variant.parent is not None
    before = variant.parent.stock
    variant.stock += 4
    variant.save()
    variant.parent.refresh_from_db()
    assert variant.parent.stock == before + 4
