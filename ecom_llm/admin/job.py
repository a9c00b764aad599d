"""Jobs: read them, run one again."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.text import Truncator

from ecom_llm.admin.base import ReadOnlyAdmin
from ecom_llm.generate.requests import request_texts
from ecom_llm.models import GenerationJob

ENDED_BADLY = (GenerationJob.State.FAILED, GenerationJob.State.BLOCKED, GenerationJob.State.EXPIRED)


@admin.register(GenerationJob)
class JobAdmin(ReadOnlyAdmin):
    """The queue, newest first."""

    list_display = (
        "id", "kind", "subject", "language", "state", "attempts", "worker", "created_at", "duration",
        "short_error",
    )  # fmt: skip
    list_filter = ("state", "kind", "language")
    search_fields = ("subject", "=product_id")
    ordering = ("-id",)
    actions = ("run_again",)

    @admin.display(description="duration")
    def duration(self, job: GenerationJob) -> str:
        """Seconds from the last claim to the end."""
        if job.started_at is None or job.finished_at is None:
            return "-"
        return f"{(job.finished_at - job.started_at).total_seconds():.1f} s"

    @admin.display(description="error")
    def short_error(self, job: GenerationJob) -> str:
        """The error's beginning; the job's own page has all of it."""
        return Truncator(job.error).chars(80)

    def has_request_permission(self, request: HttpRequest) -> bool:
        """Who may ask for a text again: the same people who decide on texts."""
        return request.user.has_perm("ecom_llm.change_text")

    @admin.action(description="Run again (failed, blocked or expired jobs)", permissions=["request"])
    def run_again(self, request: HttpRequest, queryset: QuerySet[GenerationJob]) -> None:
        """Ask for the texts of these jobs anew."""
        jobs = queryset.filter(state__in=ENDED_BADLY)
        asked = request_texts((job.key for job in jobs), is_forced=True)
        level = messages.SUCCESS if asked else messages.WARNING
        self.message_user(request, f"Asked again for {asked} text{'' if asked == 1 else 's'}.", level)
