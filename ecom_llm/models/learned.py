"""What has been learned from events, and from which."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol
from uuid import UUID

from django.db import models

from ecom_llm.entities import EventKind

# The kinds of event that are learned from.
LEARNED = frozenset({EventKind.VIEW_ITEM, EventKind.ADD_TO_CART, EventKind.PURCHASE})


class Teaching(Protocol):
    """What of an event, or of a record of one, decides whether it is to be learned from."""

    @property
    def id(self) -> UUID: ...

    @property
    def kind(self) -> str: ...


class LearnedState(models.Model):
    """The one row that says what pages may read and how it was counted."""

    # 1, always.
    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    # The rebuild whose rows are valid.
    generation = models.PositiveIntegerField(default=0)
    # Moves with every change, so that two who learn at once notice each other.
    version = models.PositiveIntegerField(default=0)
    # The moment whose events count as 1; later ones count more, earlier ones less (forward decay).
    landmark = models.DateTimeField(null=True)
    # When the newest visit or order that was counted ended: the present of the counts, be it years ago.
    newest_at = models.DateTimeField(null=True)
    # How they were counted: the fields of `recommend.contributions.Counting`.
    counting = models.JSONField(default=dict)
    rebuilt_at = models.DateTimeField(null=True)
    # Until then a rebuild is under way, unless it was killed; nobody else learns meanwhile.
    rebuilding_until = models.DateTimeField(null=True)
    # What `ecom_llm_tune` found, by parameter; those that it does not name are the defaults.
    blend = models.JSONField(default=dict)
    tuned_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"generation {self.generation}"


class ProductCounts(models.Model):
    """How often a product was viewed, added and bought, and with which others; pages do not read it.

    Weights are sums over visits and orders of what recency leaves of each, measured at `LearnedState.landmark`.
    """

    generation = models.PositiveIntegerField()
    product_id = models.CharField(max_length=100)
    visits = models.PositiveIntegerField(default=0)
    carts = models.PositiveIntegerField(default=0)
    orders = models.PositiveIntegerField(default=0)
    visit_weight = models.FloatField(default=0.0)
    cart_weight = models.FloatField(default=0.0)
    order_weight = models.FloatField(default=0.0)
    # Packed by `recommend.pair_counts`.
    pairs = models.BinaryField(default=b"")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["product_id", "generation"], name="ecom_llm_counts_unique"),)

    def __str__(self) -> str:
        return f"{self.product_id}: {self.visits} visits"


class UnlearnedBatch(models.Model):
    """Events that were stored together and have not been learned from yet.

    Written in the transaction that stores them and deleted in the one that learns them, so each is learned once,
    whatever its time says and whoever ends in between.
    """

    id = models.BigAutoField(primary_key=True)
    # The lowest and the highest of their ids, which carry their times.
    first_id = models.UUIDField()
    last_id = models.UUIDField()
    events = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.events} events"

    @classmethod
    def begin(cls, events: Iterable[Teaching], using: str) -> int | None:
        """Announce events that are about to be stored, in the same transaction.

        Args:
            events: or records of them.
            using: the database's alias.

        Returns:
            The batch that they are to name; None when none of them teaches anything.
        """
        ids = [event.id for event in events if event.kind in LEARNED]
        if not ids:
            return None
        batch = cls(first_id=min(ids), last_id=max(ids), events=len(ids))
        batch.save(using=using, force_insert=True)
        return int(batch.pk)


class LearningRun(models.Model):
    """When item pairs were last learned, and from how many events."""

    class Kind(models.TextChoices):
        """Whether all was learned anew or new events only."""

        REBUILD = "rebuild"
        INCREMENT = "increment"

    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.REBUILD)
    finished_at = models.DateTimeField()
    events = models.PositiveIntegerField()
    pairs = models.PositiveIntegerField()
    seconds = models.FloatField()
    # Whether all that waited at its beginning was learned from; else whoever sweeps next goes on.
    is_complete = models.BooleanField(default=True)

    def __str__(self) -> str:
        return f"{self.pairs} pairs at {self.finished_at:%Y-%m-%d %H:%M}"
