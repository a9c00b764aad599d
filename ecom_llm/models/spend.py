"""What generation has cost of late, by kind and hour."""

from __future__ import annotations

from django.db import models

from ecom_llm.entities import Kind


class GenerationSpend(models.Model):
    """Jobs and tokens of one kind in one hour; the budgets are judged by a few of these rows, not by the jobs."""

    kind = models.CharField(max_length=20, choices=[(kind.value, kind.value) for kind in Kind])
    # The hour's beginning, in UTC, by the database's clock.
    hour = models.DateTimeField()
    jobs = models.PositiveBigIntegerField(default=0)
    tokens = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name = "generation spend"
        verbose_name_plural = "generation spend"
        constraints = (models.UniqueConstraint(fields=["kind", "hour"], name="ecom_llm_spend_one_an_hour"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.hour:%Y-%m-%d %H}:00: {self.jobs} jobs, {self.tokens} tokens"
