"""What every page's header needs: the departments and how full the basket is."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from shop_demo.basket import Basket
from shop_demo.models import Category
from shop_demo.recently_viewed import keep_if_theirs


def shop(request: HttpRequest) -> dict[str, Any]:
    """Context for all templates; the departments are fetched only where a template lists them."""
    has_session = hasattr(request, "session")
    if has_session:
        # On each page, as a list that is to be forgotten is forgotten at once.
        keep_if_theirs(request)
    return {
        "departments": SimpleLazyObject(lambda: list(Category.objects.all())),
        "basket_count": len(Basket(request)) if has_session else 0,
    }
