"""What has been learned from events: which product goes with which."""

from __future__ import annotations

from django.db import models

from ecom_llm.entities import EvidenceKind


class ItemPair(models.Model):
    """A candidate for a seed.

    One table holds every list of candidates, so one indexed query reads them all: the seed is a product id,
    a category (for `popular_in_category`) or empty (for `popular`, the whole shop).
    """

    kind = models.CharField(max_length=24, choices=[(kind.value, kind.value) for kind in EvidenceKind])
    seed = models.CharField(max_length=100, blank=True)
    product_id = models.CharField(max_length=100)
    # Strength within (kind, seed); higher is stronger.
    weight = models.FloatField()
    # Visits or orders that show the pair.
    support = models.PositiveIntegerField()
    # 1 is the strongest of (kind, seed).
    rank = models.PositiveIntegerField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["kind", "seed", "product_id"], name="ecom_llm_pair_unique"),)
        indexes = (models.Index(fields=["seed", "kind", "rank"], name="ecom_llm_pair_rank"),)

    def __str__(self) -> str:
        return f"{self.seed} {self.kind} {self.product_id}"


class LearningRun(models.Model):
    """When item pairs were last learned, and from how many events."""

    finished_at = models.DateTimeField()
    events = models.PositiveIntegerField()
    pairs = models.PositiveIntegerField()
    seconds = models.FloatField()

    def __str__(self) -> str:
        return f"{self.pairs} pairs at {self.finished_at:%Y-%m-%d %H:%M}"
