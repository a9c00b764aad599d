"""Basket, checkout and the page that says thank you."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ecom_llm.capture.record import record_add_to_cart, record_purchase
from shop_demo.basket import Basket, total_of
from shop_demo.forms import AddToBasketForm, CheckoutForm
from shop_demo.models import Order, Product
from shop_demo.purchasing import SoldOutError, place_order

ORDERS_KEY = "orders"


@never_cache
@require_safe
def cart(request: HttpRequest) -> HttpResponse:
    """What is in the basket."""
    lines = Basket(request).lines()
    return render(request, "shop_demo/cart.html", {"lines": lines, "total": total_of(lines)})


@require_POST
def cart_add(request: HttpRequest) -> HttpResponse:
    """Put a product into the basket, as far as there is stock."""
    form = AddToBasketForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Please choose what to add, and how many.")
        return redirect(_back(request))
    product = get_object_or_404(Product, sku=form.cleaned_data["sku"], is_visible=True)
    if product.variants.exists():
        messages.error(request, f"Please choose which {product.name} you would like.")
        return redirect(product)
    basket = Basket(request)
    held = basket.quantity_of(product.sku)
    if basket.is_full and not held:
        messages.error(request, "Your basket is full. Take something out to make room.")
        return redirect("cart")
    wanted = held + form.cleaned_data["quantity"]
    basket.put(product.sku, min(wanted, product.stock))
    added = basket.quantity_of(product.sku) - held
    if added > 0:
        record_add_to_cart(request, product.sku, added)
    _tell(request, product, added, form.cleaned_data["quantity"])
    return redirect("cart" if added > 0 else product)


def _tell(request: HttpRequest, product: Product, added: int, asked: int) -> None:
    if added <= 0:
        messages.error(request, f"{product.name}: there are no more in stock.")
    elif added < asked:
        messages.warning(request, f"{product.name}: only {added} could be added.")
    else:
        messages.success(request, f"{product.name} is in your basket.")


def _back(request: HttpRequest) -> str:
    product = Product.objects.filter(sku=request.POST.get("product", "")[:80]).first()
    return product.get_absolute_url() if product else "cart"


@require_POST
def cart_update(request: HttpRequest) -> HttpResponse:
    """Change a quantity, or take a line out (a quantity of 0, or the remove button)."""
    basket = Basket(request)
    sku = request.POST.get("sku", "")
    raw = "0" if "remove" in request.POST else request.POST.get("quantity", "")
    if basket.quantity_of(sku) and raw.isascii() and raw.isdigit():
        basket.put(sku, int(raw[:4]))
    return redirect("cart")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def checkout(request: HttpRequest) -> HttpResponse:
    """Take the address and place the order."""
    basket = Basket(request)
    lines = basket.lines()
    if request.method == "POST":
        form = CheckoutForm(request.POST)
        if form.is_valid():
            return _place(request, basket, form)
    else:
        form = CheckoutForm(initial={"token": uuid.uuid4().hex})
    if not lines:
        return redirect("cart")
    return render(request, "shop_demo/checkout.html", {"form": form, "lines": lines, "total": total_of(lines)})


def _place(request: HttpRequest, basket: Basket, form: CheckoutForm) -> HttpResponse:
    details = dict(form.cleaned_data)
    token = details.pop("token")
    lines = basket.lines()
    if not lines and not Order.objects.filter(token=token).exists():
        return redirect("cart")
    try:
        order, is_new = place_order(lines, details, token)
    except SoldOutError as short:
        left = Product.objects.filter(pk=short.product.pk, is_visible=True).values_list("stock", flat=True).first()
        messages.error(
            request,
            f"{short.product.name}: {f'only {left} left' if left else 'sold out'}. "
            "Nothing was ordered; please change your basket and try again.",
        )
        return redirect("cart")
    if is_new:
        bought = [(line.product.sku, line.quantity, line.product.price) for line in lines]
        record_purchase(request, order_id=order.reference, lines=bought, currency=order.currency)
    basket.clear()
    request.session[ORDERS_KEY] = [order.reference, *request.session.get(ORDERS_KEY, [])][:5]
    return redirect("order_placed", order.reference)


@never_cache
@require_safe
def order_placed(request: HttpRequest, reference: str) -> HttpResponse:
    """Thank the shopper who placed the order; nobody else may see it."""
    if reference not in request.session.get(ORDERS_KEY, []):
        raise Http404
    order = get_object_or_404(Order.objects.prefetch_related("lines"), reference=reference)
    return render(request, "shop_demo/order_placed.html", {"order": order})
