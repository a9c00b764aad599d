"""The products a visitor looked at last: skus in the session, most recent first."""

from __future__ import annotations

from django.http import HttpRequest

from ecom_llm.capture.consent import consent_of
from ecom_llm.entities import Consent
from shop_demo.models import Product

SESSION_KEY = "recent"
KEPT = 8


def remember(request: HttpRequest, sku: str) -> None:
    """Put a product at the head of the list, for a visitor who agreed to be remembered; else forget the list."""
    if consent_of(request) is not Consent.PERSONAL:
        request.session.pop(SESSION_KEY, None)
        return
    kept = [sku, *(other for other in _skus(request) if other != sku)][:KEPT]
    if kept != _skus(request):
        request.session[SESSION_KEY] = kept


def recently_viewed(request: HttpRequest, leave_out: str = "") -> list[Product]:
    """The listed products among them, without the one named."""
    skus = [sku for sku in _skus(request) if sku != leave_out]
    if not skus:
        return []
    found = {product.sku: product for product in Product.objects.listed().filter(sku__in=skus)}
    return [found[sku] for sku in skus if sku in found]


def _skus(request: HttpRequest) -> list[str]:
    kept = request.session.get(SESSION_KEY)
    return [sku for sku in kept if isinstance(sku, str)] if isinstance(kept, list) else []
