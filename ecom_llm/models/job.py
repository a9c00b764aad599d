"""The queue: the database is the truth, a broker's message only a wake-up."""

from __future__ import annotations

from django.db import models

from ecom_llm.entities import Kind, TextKey


class GenerationJob(models.Model):
    """One text to be generated, and the lease of the worker that is at it."""

    class State(models.TextChoices):
        WAITING = "waiting"
        RUNNING = "running"
        DONE = "done"
        # Every completion was blocked: the plain sentence stands.
        BLOCKED = "blocked"
        # Out of attempts.
        FAILED = "failed"
        # Waited longer than its time to live, or its subject is gone.
        EXPIRED = "expired"

    ACTIVE = (State.WAITING, State.RUNNING)

    kind = models.CharField(max_length=20, choices=[(kind.value, kind.value) for kind in Kind])
    subject = models.CharField(max_length=255)
    language = models.CharField(max_length=16)
    product_id = models.CharField(max_length=100, blank=True)
    input_hash = models.CharField(max_length=64)
    prompt_version = models.CharField(max_length=32)
    priority = models.SmallIntegerField(default=0)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    # Set when the batch it was in crashed: it runs by itself, so that a poisoned job harms no neighbour.
    runs_alone = models.BooleanField(default=False)
    lease_token = models.UUIDField(null=True, blank=True)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    worker = models.CharField(max_length=100, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
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
            models.Index(fields=["-priority", "id"], name="ecom_llm_job_waiting", condition=models.Q(state="waiting")),
            models.Index(fields=["lease_expires_at"], name="ecom_llm_job_lease", condition=models.Q(state="running")),
            models.Index(fields=["kind", "subject", "language", "-id"], name="ecom_llm_job_key"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.subject} ({self.language})"

    @property
    def key(self) -> TextKey:
        """Which text the job makes."""
        return TextKey(Kind(self.kind), self.subject, self.language)
