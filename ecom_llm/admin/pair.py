"""What has been learned from events, to read."""

from __future__ import annotations

from django.contrib import admin

from ecom_llm.admin.base import ReadOnlyAdmin
from ecom_llm.models import ItemPair, LearningRun


@admin.register(ItemPair)
class ItemPairAdmin(ReadOnlyAdmin):
    """Which product goes with which."""

    list_display = ("seed", "kind", "rank", "product_id", "weight", "support")
    list_filter = ("kind",)
    search_fields = ("=seed", "=product_id")
    search_help_text = "An exact product id or category."
    ordering = ("seed", "kind", "rank")


@admin.register(LearningRun)
class LearningRunAdmin(ReadOnlyAdmin):
    """When pairs were learned."""

    list_display = ("finished_at", "events", "pairs", "seconds")
    ordering = ("-id",)
