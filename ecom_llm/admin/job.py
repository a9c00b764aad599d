"""Jobs: read them, run one again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import formats, timezone
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from ecom_llm.admin.base import ReadOnlyAdmin
from ecom_llm.generate.requests import request_texts
from ecom_llm.models import GenerationJob

ENDED_BADLY = (GenerationJob.State.FAILED, GenerationJob.State.BLOCKED, GenerationJob.State.EXPIRED)


class PoisonFilter(admin.SimpleListFilter):
    """Jobs that run by themselves, because a batch they were in crashed or raised."""

    title = gettext_lazy("is poison")
    parameter_name = "poison"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]) -> list[tuple[str, str]]:
        del request, model_admin
        return [("suspected", _("Suspected: runs alone")), ("lapsed", _("Its worker died or hung"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[GenerationJob]) -> QuerySet[GenerationJob]:
        del request
        if self.value() == "suspected":
            return queryset.filter(runs_alone=True)
        return queryset.filter(lapses__gt=0) if self.value() == "lapsed" else queryset


@admin.register(GenerationJob)
class JobAdmin(ReadOnlyAdmin):
    """The queue, newest first."""

    list_display = (
        "id", "kind", "subject", "state", "duration", "short_error", "attempts", "tokens", "language", "priority",
        "created_at", "worker",
    )  # fmt: skip
    list_filter = ("state", "kind", "language", PoisonFilter, "created_at", "finished_at")
    search_fields = ("subject", "=product_id")
    ordering = ("-id",)
    actions = ("run_again",)

    @admin.display(description=gettext_lazy("duration"))
    def duration(self, job: GenerationJob) -> str:
        """Seconds from the last claim to the end, or until now."""
        if job.started_at is not None and job.finished_at is not None:
            return _seconds(job.finished_at - job.started_at)
        if job.started_at is not None and job.state == GenerationJob.State.RUNNING:
            return _("%(seconds)s so far") % {"seconds": _seconds(timezone.now() - job.started_at)}
        return "-"

    @admin.display(description=gettext_lazy("tokens"), ordering="completion_tokens")
    def tokens(self, job: GenerationJob) -> str:
        """Read and written at all tries."""
        return f"{job.prompt_tokens:,} + {job.completion_tokens:,}"

    @admin.display(description=gettext_lazy("error"))
    def short_error(self, job: GenerationJob) -> str:
        """The error's beginning; the job's own page has all of it."""
        return Truncator(job.error).chars(80)

    def has_request_permission(self, request: HttpRequest) -> bool:
        """Who may ask for a text again: the same people who decide on texts."""
        return request.user.has_perm("ecom_llm.change_text")

    @admin.action(description=gettext_lazy("Run again (failed, blocked or expired jobs)"), permissions=["request"])
    def run_again(self, request: HttpRequest, queryset: QuerySet[GenerationJob]) -> None:
        """Ask for the texts of these jobs anew."""
        jobs = queryset.filter(state__in=ENDED_BADLY)
        asked = request_texts((job.key for job in jobs), is_forced=True)
        level = messages.SUCCESS if asked else messages.WARNING
        message = ngettext("Asked again for %(count)d text.", "Asked again for %(count)d texts.", asked)
        self.message_user(request, message % {"count": asked}, level)


def _seconds(duration: timedelta) -> str:
    return f"{formats.number_format(max(duration.total_seconds(), 0.0), decimal_pos=1)} s"
