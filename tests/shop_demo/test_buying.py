"""Basket and checkout: stock is never sold twice, and an order is placed once."""

from __future__ import annotations

import uuid
from decimal import Decimal

import pytest
from django.test import Client

from shop_demo.basket import BasketLine
from shop_demo.models import Order, Product
from shop_demo.purchasing import SoldOutError, place_order

ADDRESS = {
    "name": "Ada Lovelace", "email": "ada@example.org", "street": "12 St James's Square",
    "postcode": "SW1Y 4JH", "city": "London", "country": "United Kingdom",
}  # fmt: skip


def add(client: Client, product: Product, quantity: int = 1) -> None:
    client.post("/cart/add/", {"sku": product.sku, "quantity": quantity})


def token() -> str:
    return uuid.uuid4().hex


def stock_of(product: Product) -> int:
    return Product.objects.values_list("stock", flat=True).get(pk=product.pk)


def test_order_takes_stock_from_variant_and_parent(client: Client, kettle: Product) -> None:
    parent = kettle.parent
    assert parent is not None
    before, parents_before = kettle.stock, parent.stock
    add(client, kettle, 2)
    response = client.post("/checkout/", {**ADDRESS, "token": token()}, follow=True)
    assert "Thank you" in response.content.decode()
    order = Order.objects.get()
    assert order.total == kettle.price * 2
    assert [(line.sku, line.quantity, line.unit_price) for line in order.lines.all()] == [(kettle.sku, 2, kettle.price)]
    assert stock_of(kettle) == before - 2
    assert stock_of(parent) == parents_before - 2
    assert client.get("/cart/").context["lines"] == []


def test_same_form_sent_twice_orders_once(client: Client, kettle: Product) -> None:
    add(client, kettle)
    form = {**ADDRESS, "token": token()}
    basket = client.cookies.copy()
    client.post("/checkout/", form)
    client.cookies.update(basket)
    again = client.post("/checkout/", form, follow=True)
    assert again.status_code == 200
    assert Order.objects.count() == 1
    assert stock_of(kettle) == kettle.stock - 1


def test_sold_out_between_basket_and_checkout_is_explained(client: Client, kettle: Product) -> None:
    add(client, kettle)
    Product.objects.filter(pk=kettle.pk).update(stock=0)
    response = client.post("/checkout/", {**ADDRESS, "token": token()}, follow=True)
    page = response.content.decode()
    assert "sold out" in page
    assert "Nothing was ordered" in page
    assert Order.objects.count() == 0


def test_one_short_line_leaves_all_stock_alone(kettle: Product) -> None:
    mug = Product.objects.get(sku="potters-stoneware-mug-sage")
    lines = [BasketLine(kettle, 1), BasketLine(mug, mug.stock + 1)]
    with pytest.raises(SoldOutError) as short:
        place_order(lines, ADDRESS, token())
    assert short.value.product == mug
    assert (stock_of(kettle), stock_of(mug)) == (kettle.stock, mug.stock)


def test_stale_stock_in_memory_cannot_oversell(kettle: Product) -> None:
    Product.objects.filter(pk=kettle.pk).update(stock=1)
    place_order([BasketLine(kettle, 1)], ADDRESS, token())
    with pytest.raises(SoldOutError):
        place_order([BasketLine(kettle, 1)], ADDRESS, token())
    assert stock_of(kettle) == 0


@pytest.mark.parametrize(
    "wrong", [{"email": "not an address"}, {"name": ""}, {"postcode": "x" * 17}, {"token": "short"}], ids=str
)
def test_wrong_address_is_refused_with_the_form_kept(client: Client, kettle: Product, wrong: dict[str, str]) -> None:
    add(client, kettle)
    response = client.post("/checkout/", {**ADDRESS, "token": token(), **wrong})
    assert response.status_code == 200
    assert response.context["form"].errors.keys() == wrong.keys()
    assert "12 St James" in response.content.decode()
    assert Order.objects.count() == 0


def test_thank_you_page_is_the_shoppers_own(client: Client, kettle: Product) -> None:
    add(client, kettle)
    address = client.post("/checkout/", {**ADDRESS, "token": token()})["Location"]
    assert client.get(address).status_code == 200
    assert Client().get(address).status_code == 404


def test_no_more_than_the_stock_goes_into_the_basket(client: Client, kettle: Product) -> None:
    Product.objects.filter(pk=kettle.pk).update(stock=3)
    add(client, kettle, 2)
    add(client, kettle, 2)
    assert [line.quantity for line in client.get("/cart/").context["lines"]] == [3]


@pytest.mark.parametrize("quantity", ["0", "-3", "21", "1.5", "many", ""])
def test_senseless_quantity_adds_nothing(client: Client, kettle: Product, quantity: str) -> None:
    response = client.post("/cart/add/", {"sku": kettle.sku, "quantity": quantity}, follow=True)
    assert response.status_code == 200
    assert response.context["basket_count"] == 0


def test_parent_of_variants_asks_for_a_choice(client: Client, kettle: Product) -> None:
    response = client.post("/cart/add/", {"sku": "kittiwake-stovetop-kettle", "quantity": 1}, follow=True)
    assert "Please choose which" in response.content.decode()
    assert response.context["basket_count"] == 0


def test_quantity_is_changed_and_line_removed(client: Client, kettle: Product) -> None:
    add(client, kettle)
    client.post("/cart/update/", {"sku": kettle.sku, "quantity": "4"})
    assert client.get("/cart/").context["total"] == kettle.price * 4
    client.post("/cart/update/", {"sku": kettle.sku, "quantity": "4", "remove": "1"})
    assert client.get("/cart/").context["total"] == Decimal(0)


def test_deleted_product_leaves_the_basket_quietly(client: Client, kettle: Product) -> None:
    add(client, kettle)
    kettle.delete()
    assert client.get("/cart/").status_code == 200
    assert client.get("/checkout/")["Location"] == "/cart/"


def test_empty_basket_cannot_be_ordered(client: Client, kettle: Product) -> None:
    assert client.get("/checkout/")["Location"] == "/cart/"
    assert client.post("/checkout/", {**ADDRESS, "token": token()})["Location"] == "/cart/"
    assert Order.objects.count() == 0


def test_full_basket_stays_within_a_cookie(client: Client, kettle: Product) -> None:
    variants = list(Product.objects.exclude(parent=None).filter(stock__gt=0)[:34])
    for product in variants:
        add(client, product)
    response = client.get("/cart/")
    assert len(response.context["lines"]) == 30
    assert len(client.cookies["sessionid"].value) < 3_800


def test_forms_without_a_csrf_token_are_refused(kettle: Product) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.post("/cart/add/", {"sku": kettle.sku, "quantity": 1}).status_code == 403
