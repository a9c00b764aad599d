"""The demo shop in Django's admin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from django.contrib import admin

from shop_demo.models import Category, Order, OrderLine, Product


@admin.register(Category)
class CategoryAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # not generic when it runs
    """Departments."""

    list_display = ("name", "slug", "position")
    search_fields = ("name",)
    prepopulated_fields: ClassVar[dict[str, Sequence[str]]] = {"slug": ("name",)}


@admin.register(Product)
class ProductAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # not generic when it runs
    """Products and their variants."""

    list_display = ("name", "sku", "category", "price", "stock", "is_visible", "updated_at")
    list_filter = ("category", "is_visible", ("parent", admin.EmptyFieldListFilter))
    list_select_related = ("category",)
    search_fields = ("name", "sku", "keywords")
    autocomplete_fields = ("category", "parent")
    readonly_fields = ("updated_at",)


class OrderLineInline(admin.TabularInline):  # type: ignore[type-arg]  # not generic when it runs
    """What was ordered; a record, so it cannot be edited."""

    model = OrderLine
    extra = 0
    can_delete = False
    readonly_fields = ("product", "sku", "name", "quantity", "unit_price")


@admin.register(Order)
class OrderAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # not generic when it runs
    """Placed orders."""

    list_display = ("reference", "name", "total", "currency", "placed_at")
    list_filter = ("placed_at", "country")
    search_fields = ("reference", "name", "email")
    date_hierarchy = "placed_at"
    readonly_fields = ("reference", "total", "currency", "placed_at")
    inlines = (OrderLineInline,)
