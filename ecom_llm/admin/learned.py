"""What has been learned from events, to read."""

from __future__ import annotations

from django.contrib import admin

from ecom_llm.admin.base import ReadOnlyAdmin
from ecom_llm.models import LearningRun


@admin.register(LearningRun)
class LearningRunAdmin(ReadOnlyAdmin):
    """When pairs were learned."""

    list_display = ("finished_at", "kind", "events", "pairs", "seconds")
    list_filter = ("kind",)
    ordering = ("-id",)
