"""The products of tests that need a handful and no table, and the browser of their shoppers."""

from __future__ import annotations

from decimal import Decimal

from ecom_llm.catalog.adapters.memory import MemoryProduct

# What a shopper's browser calls itself.
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"

SAMPLE_PRODUCTS = (
    MemoryProduct(
        id="jacket-1",
        name="Harbour Rain Jacket",
        category="Jackets",
        attributes={
            "Material": "recycled nylon",
            "Colour": "navy",
            "Weight": "420 g",
            "Waterproof": "yes",
            "Pockets": "2",
        },
        price=Decimal("89.00"),
        currency="EUR",
        url="/products/jacket-1/",
        image_url="/pictures/jacket-1.svg",
    ),
    MemoryProduct(
        id="jacket-2",
        name="Fell Wind Jacket",
        category="Jackets",
        attributes={"Material": "cotton", "Colour": "olive", "Weight": "510 g", "Waterproof": "no"},
        price=Decimal("120.00"),
        currency="EUR",
        url="/products/jacket-2/",
    ),
    MemoryProduct(
        id="jacket-1-l",
        name="Harbour Rain Jacket, L",
        category="Jackets",
        attributes={"Size": "L"},
        price=Decimal("89.00"),
        currency="EUR",
        parent_id="jacket-1",
        url="/products/jacket-1/?choice=jacket-1-l",
    ),
    MemoryProduct(
        id="kettle-1",
        name="Morning Pour-over Kettle",
        category="Coffee",
        attributes={"Material": "stainless steel", "Capacity": "0.9 l", "Height": "21 cm"},
        price=Decimal("54.50"),
        currency="EUR",
        url="/products/kettle-1/",
    ),
    MemoryProduct(
        id="lamp-1",
        name="Plain Desk Lamp",
        category="Lighting",
        price=Decimal("35"),
        currency="EUR",
        url="/l/1/",
    ),
    MemoryProduct(id="hidden-1", name="Hidden Flask", category="Coffee", is_visible=False, url="/h/1/"),
    MemoryProduct(id="soldout-1", name="Tin Mug", category="Coffee", is_available=False, url="/m/1/"),
)
