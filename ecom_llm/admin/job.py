"""Jobs: read them, run one again."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.text import Truncator

from ecom_llm.admin.base import ReadOnlyAdmin
from ecom_llm.generate.requests import request_texts
from ecom_llm.models import GenerationJob

ENDED_BADLY = (GenerationJob.State.FAILED, GenerationJob.State.BLOCKED, GenerationJob.State.EXPIRED)


class PoisonFilter(admin.SimpleListFilter):
    """Jobs that run by themselves, because a batch they were in crashed or raised."""

    title = "is poison"
    parameter_name = "poison"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]) -> list[tuple[str, str]]:
        del request, model_admin
        return [("suspected", "Suspected: runs alone"), ("lapsed", "Its worker died or hung")]

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

    @admin.display(description="duration")
    def duration(self, job: GenerationJob) -> str:
        """Seconds from the last claim to the end, or until now."""
        if job.started_at is not None and job.finished_at is not None:
            return f"{(job.finished_at - job.started_at).total_seconds():.1f} s"
        if job.started_at is not None and job.state == GenerationJob.State.RUNNING:
            return f"{max((timezone.now() - job.started_at).total_seconds(), 0):.1f} s so far"
        return "-"

    @admin.display(description="tokens", ordering="completion_tokens")
    def tokens(self, job: GenerationJob) -> str:
        """Read and written at all tries."""
        return f"{job.prompt_tokens:,} + {job.completion_tokens:,}"

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
