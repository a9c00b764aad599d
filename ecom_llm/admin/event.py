"""Events, to read."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from ecom_llm.admin.base import ReadOnlyAdmin
from ecom_llm.models import Event


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    """What shoppers did, newest first. Visitors are shown by their pseudonym only."""

    list_display = ("occurred_at", "kind", "product_id", "query", "consent", "visitor")
    list_filter = ("kind", "consent")
    search_fields = ("=product_id", "=query")
    search_help_text = _("An exact product id or search.")
    # Ids are in the order of time.
    ordering = ("-id",)
