"""Serves each product's drawing, cached here and in the browser."""

from __future__ import annotations

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.cache import get_conditional_response, patch_cache_control
from django.utils.http import quote_etag
from django.views.decorators.http import require_safe

from shop_demo.art.pictures import draw, fingerprint
from shop_demo.models import Product

_DAY_SECONDS = 86_400


@require_safe
def picture(request: HttpRequest, sku: str) -> HttpResponse:
    """The picture of a product or variant as SVG."""
    product = get_object_or_404(Product.objects.only("sku", "name", "picture"), sku=sku)
    version = fingerprint(product.sku, product.name, product.picture)
    etag = quote_etag(version)
    unchanged = get_conditional_response(request, etag=etag)
    if unchanged is not None:
        return unchanged
    key = f"shop_demo.picture.{version}"
    svg = cache.get(key)
    if svg is None:
        svg = draw(product.sku, product.name, product.picture)
        cache.set(key, svg, _DAY_SECONDS)
    response = HttpResponse(svg, content_type="image/svg+xml")
    response["ETag"] = etag
    # An SVG opened on its own is a document: it may run and load nothing.
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    patch_cache_control(response, public=True, max_age=_DAY_SECONDS)
    return response
