"""The shop's pages as a shopper asks for them."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from shop_demo.models import Category, Product

pytestmark = pytest.mark.usefixtures("shop")

# Departments, products and a count, plus what the template tags need: texts, pairs and their products.
MOST_QUERIES = 16


def queries_of(client: Client, address: str) -> int:
    # With words of its own no product asks for a text, so that only the page itself is counted.
    Product.objects.filter(description="").update(description="Plain words.")
    client.get(address)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


@pytest.mark.parametrize(
    "address",
    ["/", "/products/", "/products/?page=4&sort=price", "/departments/tents/", "/search/", "/cart/", "/admin/login/"],
)
def test_page_opens(client: Client, address: str) -> None:
    assert client.get(address).status_code == 200


def test_every_product_and_category_page_opens(client: Client) -> None:
    for thing in [*Category.objects.all(), *Product.objects.filter(parent=None)[::9]]:
        response = client.get(thing.get_absolute_url())
        assert response.status_code == 200
        assert thing.name.split("'")[0] in response.content.decode().replace("&amp;", "&")


# Without a transaction around the test, as pages are served: there a savepoint would count as a query, and the
# day's salt would be read each time.
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("address", ["/", "/products/", "/search/?q=cotton", "/products/potters-stoneware-mug/"])
def test_page_needs_few_queries(client: Client, address: str) -> None:
    assert queries_of(client, address) <= MOST_QUERIES


@pytest.mark.django_db(transaction=True)
def test_a_longer_listing_needs_no_more_queries(client: Client) -> None:
    Product.objects.filter(category__slug="tents", position__gt=4).delete()
    assert queries_of(client, "/departments/tents/") == queries_of(client, "/departments/garden/")


def test_listing_shows_24_a_page_and_no_variants(client: Client) -> None:
    page = client.get("/products/").context["page"]
    assert len(page.object_list) == 24
    assert all(product.parent_id is None for product in page.object_list)


@pytest.mark.parametrize("asked", ["0", "-1", "99999", "abc", ""])
def test_senseless_page_numbers_show_a_page(client: Client, asked: str) -> None:
    response = client.get("/products/", {"page": asked, "sort": "nonsense"})
    assert response.status_code == 200
    assert response.context["sort"] == "featured"


def test_sorting_by_price_sorts_by_price(client: Client) -> None:
    prices = [product.price for product in client.get("/products/?sort=-price").context["page"].object_list]
    assert prices == sorted(prices, reverse=True)


@pytest.mark.parametrize(
    ("query", "sku"),
    [
        ("kettle", "kittiwake-stovetop-kettle"),
        ("KETTLES", "kittiwake-stovetop-kettle"),
        ("waxed cotton", "tern-roll-top-rucksack"),
        ("wool blanket", "croft-wool-blanket"),
        ("kettle zebra", "kittiwake-stovetop-kettle"),
    ],
)
def test_search_finds(client: Client, query: str, sku: str) -> None:
    found = client.get("/search/", {"q": query}).context["page"].object_list
    assert sku in [product.sku for product in found]


@pytest.mark.parametrize(
    "query",
    [
        "x" * 10_000,
        "kettle " * 1_500,
        "🫖🏕️",
        "مصباح للحديقة",
        "\u202eettle\x00\x1b",
        "%_\\'\";--",
        "<script>",
        " \t\n ",
    ],
    ids=["10,000 letters", "10,000 words", "emoji", "right-to-left", "control", "sql", "markup", "blank"],
)
def test_search_for_anything_answers(client: Client, query: str) -> None:
    response = client.get("/search/", {"q": query})
    assert response.status_code == 200
    assert len(response.context["query"]) <= 100
    assert b"<script>alert" not in response.content
    assert b"\x00" not in response.content


def test_markup_in_a_search_is_escaped(client: Client) -> None:
    page = client.get("/search/", {"q": "<img src=x onerror=alert(1)>"}).content.decode()
    assert "<img src=x" not in page
    assert "&lt;img src=x" in page


def test_variant_address_opens_its_parent_with_the_variant_chosen(client: Client) -> None:
    response = client.get("/products/potters-stoneware-mug-sage/")
    assert response.context["product"].sku == "potters-stoneware-mug"
    assert response.context["chosen"].sku == "potters-stoneware-mug-sage"
    assert "/pictures/potters-stoneware-mug-sage.svg" in response.content.decode()


@pytest.mark.parametrize(
    "address", ["/products/no-such-thing/", "/departments/none/", "/orders/ABCDE-FGHJK/", "/nowhere/"]
)
def test_unknown_address_is_a_helpful_404(client: Client, address: str) -> None:
    response = client.get(address)
    assert response.status_code == 404
    assert "This path ends here" in response.content.decode()


def test_hidden_product_is_gone_from_everywhere(client: Client) -> None:
    Product.objects.filter(sku="brown-hen-teapot").update(is_visible=False)
    assert client.get("/products/brown-hen-teapot/").status_code == 404
    assert client.get("/products/brown-hen-teapot-mustard/").status_code == 404
    found = client.get("/search/?q=teapot").context["page"].object_list
    assert "brown-hen-teapot" not in [product.sku for product in found]


def test_product_without_attributes_still_has_a_page(client: Client) -> None:
    Product.objects.filter(sku="drovers-skillet").update(attributes={}, description="")
    assert client.get("/products/drovers-skillet/").status_code == 200


def test_recently_viewed_lists_the_last_eight_without_the_current(client: Client) -> None:
    client.cookies["ecom_llm_consent"] = "personal"
    skus = list(Product.objects.filter(parent=None).values_list("sku", flat=True)[:11])
    for sku in skus:
        client.get(f"/products/{sku}/")
    shown = [product.sku for product in client.get("/").context["recent"]]
    assert shown == skus[:2:-1]
    on_product = [product.sku for product in client.get(f"/products/{skus[-1]}/").context["recent"]]
    assert on_product == skus[-2:2:-1]


@pytest.mark.parametrize("change", ["none", "anonymous", "objection", "deletion"])
def test_recently_viewed_is_forgotten_with_the_rest(client: Client, change: str) -> None:
    root = "/ecom-llm/api/v1/me/"
    client.post(f"{root}consent/", {"level": "personal"}, "application/json")
    client.get(f"/products/{Product.objects.listed()[0].sku}/")
    assert client.get("/").context["recent"]
    if change == "deletion":
        client.delete(root)
    elif change != "objection":
        client.post(f"{root}consent/", {"level": change}, "application/json")
    # Whichever page comes next.
    client.get("/cart/", headers={"Sec-GPC": "1"} if change == "objection" else {})
    assert not client.cookies["sessionid"].value
    assert not client.get("/").context["recent"]
