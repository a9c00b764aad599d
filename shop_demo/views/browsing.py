"""Home, listings, search and the product page."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from shop_demo.models import Category, Product
from shop_demo.recently_viewed import recently_viewed, remember
from shop_demo.searching import search_products, tidy_query

PER_PAGE = 24
SORTS = {
    "featured": ("Featured", ("position", "pk")),
    "price": ("Price, low to high", ("price", "pk")),
    "-price": ("Price, high to low", ("-price", "pk")),
    "name": ("Name", ("name", "pk")),
}
# Skus of the home page's shelf; what is missing or sold out is left out.
SHELF = (
    "harbour-rain-jacket", "brown-hen-teapot", "solstice-bell-tent", "crane-reading-lamp",
    "croft-wool-blanket", "ploughman-canvas-satchel", "long-spout-watering-can", "fieldnotes-notebook",
)  # fmt: skip


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The front of the shop."""
    shelf = {product.sku: product for product in Product.objects.listed().filter(sku__in=SHELF, stock__gt=0)}
    context = {
        "shelf": [shelf[sku] for sku in SHELF if sku in shelf],
        "recent": recently_viewed(request),
    }
    return render(request, "shop_demo/home.html", context)


@require_safe
def category(request: HttpRequest, slug: str = "") -> HttpResponse:
    """One department, or everything, sorted and paged."""
    department = get_object_or_404(Category, slug=slug) if slug else None
    products = Product.objects.listed()
    if department:
        products = products.filter(category=department)
    sort = request.GET.get("sort", "featured")
    if sort not in SORTS:
        sort = "featured"
    context = {
        "department": department,
        "page": _page(request, products.order_by(*SORTS[sort][1])),
        "sorts": [(key, label) for key, (label, _) in SORTS.items()],
        "sort": sort,
    }
    return render(request, "shop_demo/category.html", context)


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """What a search finds; anything at all may be typed."""
    query = tidy_query(request.GET.get("q", ""))
    context = {"query": query, "page": _page(request, search_products(query))}
    return render(request, "shop_demo/search.html", context)


@require_safe
def product(request: HttpRequest, sku: str) -> HttpResponse:
    """A product; a variant's address shows its parent with the variant chosen."""
    found = get_object_or_404(Product.objects.select_related("category", "parent__category"), sku=sku, is_visible=True)
    shown = found.parent or found
    if not shown.is_visible:
        return render(request, "404.html", status=404)
    context: dict[str, Any] = {
        "product": shown,
        "chosen": found,
        "variants": list(shown.variants.filter(is_visible=True)),
        "recent": recently_viewed(request, leave_out=shown.sku),
    }
    context["picks_by_colour"] = any(
        "Colour" in v.attributes and v.choice == v.attributes["Colour"] for v in context["variants"]
    )
    remember(request, shown.sku)
    return render(request, "shop_demo/product.html", context)


def _page(request: HttpRequest, products: QuerySet[Product]) -> Page[Product]:
    return Paginator(products, PER_PAGE).get_page(request.GET.get("page"))
