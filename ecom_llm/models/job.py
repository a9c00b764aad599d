"""The queue: the database is the truth, a broker's message only a wake-up."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from ecom_llm.entities import Kind, TextKey


class GenerationJob(models.Model):
    """One text to be generated, and the lease of the worker that is at it."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        # Every completion was blocked: the plain sentence stands.
        BLOCKED = "blocked", _("Blocked")
        # Out of attempts.
        FAILED = "failed", _("Failed")
        # Waited longer than its time to live, or its subject is gone.
        EXPIRED = "expired", _("Expired")

    ACTIVE = (State.WAITING, State.RUNNING)

    kind = models.CharField(max_length=20, choices=[(kind.value, kind.value) for kind in Kind])
    subject = models.CharField(max_length=255)
    language = models.CharField(max_length=16)
    product_id = models.CharField(max_length=100, blank=True)
    input_hash = models.CharField(max_length=64)
    prompt_version = models.CharField(max_length=32)
    # Higher goes first; see `due_at`.
    priority = models.SmallIntegerField(default=0)
    # The time of the request, an hour earlier for each point of priority; the earliest goes first. All jobs age at
    # one rate, so two that wait keep their order and this never has to be written again. A job of priority 10 goes
    # before one of priority 0 that has waited for less than ten hours, and after one that has waited longer.
    due_at = models.DateTimeField(db_default=Now())
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    # Set when the batch it was in crashed: it runs by itself, so that a poisoned job harms no neighbour.
    runs_alone = models.BooleanField(default=False)
    # How often its lease lapsed, because a worker died or hung.
    lapses = models.PositiveSmallIntegerField(default=0)
    lease_token = models.UUIDField(null=True, blank=True)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    worker = models.CharField(max_length=100, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    # Of all tries of all attempts that ended; a worker that dies takes its count along.
    prompt_tokens = models.PositiveIntegerField(default=0)
    completion_tokens = models.PositiveIntegerField(default=0)
    # Wall-clock time of the batches it was in.
    generation_seconds = models.FloatField(default=0)
    error = models.TextField(blank=True)

    class Meta:
        verbose_name = "generation job"
        constraints = (
            # A request for a text that is already being made joins that job.
            models.UniqueConstraint(
                fields=["kind", "subject", "language"],
                condition=models.Q(state__in=["waiting", "running"]),
                name="ecom_llm_job_one_active",
            ),
        )
        indexes = (
            # The order of claims; with the kind, so that the queue of a kind is counted without reading its rows.
            models.Index(fields=["due_at", "id", "kind"], name="ecom_llm_job_due", condition=models.Q(state="waiting")),
            # What was done of late.
            models.Index(
                fields=["finished_at"], name="ecom_llm_job_finished", condition=models.Q(finished_at__isnull=False)
            ),
            models.Index(fields=["lease_expires_at"], name="ecom_llm_job_lease", condition=models.Q(state="running")),
            models.Index(fields=["kind", "subject", "language", "-id"], name="ecom_llm_job_key"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.subject} ({self.language})"

    @property
    def key(self) -> TextKey:
        """Which text the job makes."""
        return TextKey(Kind(self.kind), self.subject, self.language)
