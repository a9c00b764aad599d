"""What is never recommended, whatever the item pairs say."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ecom_llm.catalog.registry import get_catalog


def allowed(products: Iterable[tuple[str, Any]], excluded: Iterable[str]) -> dict[str, Any]:
    """Leave out what must not be shown.

    That is: what is hidden, what cannot be had now, variants (their parent stands for them, so two of one
    product never meet) and what is excluded by id.

    Args:
        products: ids and the shop's objects, in order.
        excluded: ids of the page's own product and of what the visitor bought.

    Returns:
        The rest by id, in order, each once.
    """
    catalog = get_catalog()
    unwanted = set(excluded)
    kept: dict[str, Any] = {}
    for product_id, product in products:
        if product_id in unwanted or not catalog.is_visible(product):
            continue
        if not catalog.is_available(product):
            continue
        parent = catalog.resolve(product)
        if parent is not None and catalog.product_id(parent) == product_id:
            kept.setdefault(product_id, product)
    return kept
