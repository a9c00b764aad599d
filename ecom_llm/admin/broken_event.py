"""Events kept aside, to read."""

from __future__ import annotations

from django.contrib import admin
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from ecom_llm.admin.base import ReadOnlyAdmin
from ecom_llm.models import BrokenEvent

BODY_CHARACTERS = 120


@admin.register(BrokenEvent)
class BrokenEventAdmin(ReadOnlyAdmin):
    """What could not be stored, newest first, and why."""

    list_display = ("kept_at", "reason", "beginning")
    list_filter = ("kept_at",)
    search_fields = ("reason",)
    search_help_text = _("Words of the reason.")
    ordering = ("-id",)

    @admin.display(description=_("event"))
    def beginning(self, broken: BrokenEvent) -> str:
        """So much of it that rows stay rows; its own page has the whole."""
        return Truncator(broken.body).chars(BODY_CHARACTERS)
