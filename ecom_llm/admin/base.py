"""What the admin pages share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest

from ecom_llm.catalog.registry import get_catalog

if TYPE_CHECKING:
    Base = admin.ModelAdmin[Any]
else:
    Base = admin.ModelAdmin


class ReadOnlyAdmin(Base):
    """Rows that programs write and people read."""

    show_full_result_count = False
    """Counting every row of a long table would make its page slow."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def product_names(product_ids: Iterable[str]) -> dict[str, str]:
    """Names by id, in one query; an id whose product is gone is left out."""
    wanted = {product_id for product_id in product_ids if product_id}
    if not wanted:
        return {}
    catalog = get_catalog()
    return {item: catalog.facts(product).name for item, product in catalog.in_bulk(wanted).items()}
