"""The products a visitor looked at last: skus in the session, most recent first."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from ecom_llm.capture.consent import consent_of
from ecom_llm.capture.visitors import get_visitor
from ecom_llm.entities import Consent
from shop_demo.models import Product

SESSION_KEY = "recent"
KEPT = 8
MARK_CHARACTERS = 16


def remember(request: HttpRequest, sku: str) -> None:
    """Put a product at the head of the list, for a visitor who agreed to be remembered; else forget the list."""
    mark = _mark(request)
    kept = keep_if_theirs(request)
    if mark and kept[:1] != [sku]:
        request.session[SESSION_KEY] = {"of": mark, "skus": [sku, *(other for other in kept if other != sku)][:KEPT]}


def keep_if_theirs(request: HttpRequest) -> list[str]:
    """The skus; the list is forgotten when its visitor has withdrawn, objects, had everything deleted or is another."""
    kept = request.session.get(SESSION_KEY)
    if kept is None:
        return []
    if not isinstance(kept, dict) or kept.get("of") != _mark(request):
        del request.session[SESSION_KEY]
        if not request.session.keys():
            # Else the cookie stays, with nothing in it.
            request.session.flush()
        return []
    return [sku for sku in kept["skus"] if isinstance(sku, str)]


def recently_viewed(request: HttpRequest, leave_out: str = "") -> list[Product]:
    """The listed products among them, without the one named."""
    skus = [sku for sku in keep_if_theirs(request) if sku != leave_out]
    if not skus:
        return []
    found = {product.sku: product for product in Product.objects.listed().filter(sku__in=skus)}
    return [found[sku] for sku in skus if sku in found]


def _mark(request: HttpRequest) -> str:
    """Tells the visitor's id from another; empty for who has none. It leads to nobody, unlike the id."""
    if consent_of(request) is not Consent.PERSONAL:
        return ""
    return salted_hmac("shop_demo.recent", get_visitor(request).key, algorithm="sha256").hexdigest()[:MARK_CHARACTERS]
