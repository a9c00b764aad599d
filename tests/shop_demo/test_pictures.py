"""Every product's drawing: well-formed, its own, safe, and cheap to serve."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
from django.test import Client

from shop_demo.art.colours import palette_for
from shop_demo.art.pictures import draw
from shop_demo.models import Product

SVG = "{http://www.w3.org/2000/svg}"


def test_every_picture_is_well_formed_and_its_own(shop: None) -> None:
    drawn: dict[str, str] = {}
    for product in Product.objects.filter(parent=None):
        svg = draw(product.sku, product.name, product.picture)
        root = ET.fromstring(svg)  # noqa: S314  # the project's own output
        assert root.tag == f"{SVG}svg"
        assert root.findtext(f"{SVG}title") == product.name
        shapes = svg.split("</title>")[1]
        assert shapes not in drawn, f"{product.sku} looks like {drawn.get(shapes)}"
        drawn[shapes] = product.sku


def test_colour_variants_look_different(shop: None) -> None:
    mugs = Product.objects.filter(parent__sku="potters-stoneware-mug")
    palettes = {tuple(mug.picture["palette"]) for mug in mugs}
    assert len(palettes) == mugs.count() > 1


@pytest.mark.parametrize(
    "spec",
    [
        {"shape": "kettle", "palette": ['"/><script>alert(1)</script>'] * 5},
        {"shape": '"><script>', "style": "<script>", "palette": palette_for("teal").as_list()},
        {"shape": "kettle", "palette": "none"},
        {},
        None,
        [],
    ],
    ids=["palette", "shape", "text palette", "empty", "nothing", "list"],
)
def test_nothing_of_a_spec_reaches_the_svg_unchecked(spec: object) -> None:
    svg = draw("a-sku", "A <b>name</b> & more", spec)
    root = ET.fromstring(svg)  # noqa: S314  # the project's own output
    assert root.findtext(f"{SVG}title") == "A <b>name</b> & more"
    assert {element.tag for element in root.iter()} <= {
        f"{SVG}{tag}" for tag in ("svg", "title", "path", "rect", "ellipse", "g")
    }


def test_picture_is_served_as_svg_with_caching(shop: None, client: Client) -> None:
    address = "/pictures/brown-hen-teapot.svg"
    response = client.get(address)
    assert response.status_code == 200
    assert response["Content-Type"] == "image/svg+xml"
    assert "max-age" in response["Cache-Control"]
    assert "default-src 'none'" in response["Content-Security-Policy"]
    again = client.get(address, headers={"If-None-Match": response["ETag"]})
    assert again.status_code == 304
    assert again.content == b""


def test_renamed_product_gets_a_new_etag(shop: None, client: Client) -> None:
    before = client.get("/pictures/brown-hen-teapot.svg")["ETag"]
    Product.objects.filter(sku="brown-hen-teapot").update(name="Red Hen Teapot")
    assert client.get("/pictures/brown-hen-teapot.svg")["ETag"] != before


def test_picture_of_an_unknown_product_is_not_found(shop: None, client: Client) -> None:
    assert client.get("/pictures/no-such-thing.svg").status_code == 404
