"""The guard on sentences by hand: true ones about the demo shop pass, and those of another product do not."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest

from ecom_llm.catalog.plain import describe
from ecom_llm.entities import Evidence, EvidenceKind, Fact, Kind, ProductFacts
from ecom_llm.guard.screen import is_blocked, screen, screen_content
from ecom_llm.recommend.sentences import explain
from shop_demo.catalogue.reading import read_catalogue
from tests.guard.facts import JACKET, KETTLE

TRUE_SENTENCES = [
    (JACKET, "Rain runs off this navy jacket, which is made of recycled nylon and weighs just 420 g."),
    (JACKET, "With four pockets and a shell of nylon, the Harbour Rain Jacket is ready for wet days."),
    (JACKET, "It keeps you dry because it is waterproof, and it goes in the machine at 30 degrees."),
    (JACKET, "A blue jacket for rain: recycled, waterproof, 420 grams."),
    (KETTLE, "The Alder Pour-over Kettle holds 900 ml in stainless steel, with a walnut handle to pour by."),
    (KETTLE, "At 21 cm it fits a small kitchen; wash it by hand, as it is not dishwasher safe."),
    (KETTLE, "Steel body, wooden handle, 0.9 litres of coffee."),
]
UNTRUE_SENTENCES = [
    (JACKET, "Rain runs off this navy jacket, which is made of organic cotton and weighs just 420 g."),
    (JACKET, "With six pockets and a shell of nylon, the Harbour Rain Jacket is ready for wet days."),
    (JACKET, "It keeps you dry because it is waterproof, and it goes in the machine at 60 degrees."),
    (JACKET, "A green jacket for rain: recycled, waterproof, 420 grams."),
    (KETTLE, "The Alder Pour-over Kettle holds 900 ml in copper, with a walnut handle to pour by."),
    (KETTLE, "At 21 cm it fits a small kitchen; it is dishwasher safe."),
    (KETTLE, "Steel body, wooden handle, 1.9 litres of coffee."),
    (KETTLE, "The world's finest kettle, guaranteed for a lifetime."),
]


def demo_products() -> list[ProductFacts]:
    """The demo shop's products as facts, straight from its files."""
    return [
        ProductFacts(
            item.name,
            item.name,
            category.name,
            tuple(Fact(name, str(value)) for name, value in item.shown_attributes.items()),
        )
        for category in read_catalogue()
        for item in category.products
    ]


@pytest.mark.parametrize(("product", "text"), TRUE_SENTENCES)
def test_true_sentence_passes(product: ProductFacts, text: str) -> None:
    assert screen(text, [product], Kind.DESCRIPTION) == []


@pytest.mark.parametrize(("product", "text"), UNTRUE_SENTENCES)
def test_untrue_sentence_is_blocked(product: ProductFacts, text: str) -> None:
    assert is_blocked(screen(text, [product], Kind.DESCRIPTION))


def test_plain_sentences_of_the_whole_demo_shop_pass() -> None:
    products = demo_products()
    assert len(products) >= 150
    blocked = [
        describe(product, "en")
        for product in products
        if is_blocked(screen_content(describe(product, "en"), [product]))
    ]
    assert blocked == []


def test_plain_reasons_pass_for_every_kind_of_evidence() -> None:
    products = demo_products()
    blocked = []
    for seed, product in zip(products, products[7:], strict=False):
        shared = product.facts[0]
        for kind in EvidenceKind:
            is_shared = kind is EvidenceKind.SAME_ATTRIBUTE
            detail, value = (shared.name, shared.value) if is_shared else (product.category, "")
            reason = explain(Evidence(kind, seed.product_id, 3, detail, value), product, seed, "en")
            if is_blocked(screen_content(reason, [product, seed])):
                blocked.append(reason)
    assert blocked == []


def test_sentence_about_another_product_is_blocked() -> None:
    products = demo_products()
    pairs = list(pairwise(products))
    caught = [is_blocked(screen_content(describe(product, "en"), [other])) for product, other in pairs]
    assert all(caught)


def test_five_hundred_texts_are_screened_in_a_second() -> None:
    cases = [TRUE_SENTENCES[index % len(TRUE_SENTENCES)] for index in range(500)]
    started = time.process_time()
    for product, text in cases:
        screen(text, [product], Kind.DESCRIPTION)
    assert time.process_time() - started < 1
