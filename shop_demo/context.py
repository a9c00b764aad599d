"""What every page's header needs: the departments and how full the basket is."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from shop_demo.basket import Basket
from shop_demo.models import Category


def shop(request: HttpRequest) -> dict[str, Any]:
    """Context for all templates; the departments are fetched only where a template lists them."""
    return {
        "departments": SimpleLazyObject(lambda: list(Category.objects.all())),
        "basket_count": len(Basket(request)) if hasattr(request, "session") else 0,
    }
