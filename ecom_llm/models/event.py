"""What shoppers did."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import models, router, transaction
from django.db.models.signals import pre_save
from django.utils import timezone

from ecom_llm.entities import Consent, EventKind
from ecom_llm.ids import EPOCH, first_id, first_moment_of_day, id_of, time_of, uuid7
from ecom_llm.models.learned import UnlearnedBatch
from ecom_llm.models.partition_catalog import day_of
from ecom_llm.models.partitions import ensure_days

# An id carries the time of its event; an id that came with a wrong time was given the day's first moment.
ID_SLACK = timedelta(days=2)


class EventQuerySet(models.QuerySet["Event"]):
    """Events, found by when they happened."""

    def since(self, moment: datetime) -> EventQuerySet:
        """Events from a moment on. The bound on ids keeps PostgreSQL out of the partitions of earlier days.

        Args:
            moment: with its time zone.
        """
        return self.filter(occurred_at__gte=moment, id__gte=first_id(moment - ID_SLACK))

    def bulk_create(self, objs: Iterable[Event], *args: Any, **kwargs: Any) -> list[Event]:
        """Insert events as Django does, each under an id that carries its time."""
        events = list(objs)
        self._for_write = True
        # With what announces them: learned before they are there, they would never be.
        with transaction.atomic(using=self.db, savepoint=False):
            _place(events, self.db)
            return super().bulk_create(events, *args, **kwargs)


class Event(models.Model):
    """One recorded action. Its id is made where it happens, so writing it twice is writing it once."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=20, choices=[(kind.value, kind.value) for kind in EventKind])
    occurred_at = models.DateTimeField()
    # A random id at `personal`, a hash that changes daily at `anonymous`; never an address or an account.
    visitor = models.CharField(max_length=64, blank=True)
    # Only where the source already knows its visits; else visits are runs without a long gap.
    visit = models.CharField(max_length=64, blank=True)
    consent = models.CharField(max_length=10, choices=[(level.value, level.value) for level in Consent])
    product_id = models.CharField(max_length=100, blank=True)
    query = models.CharField(max_length=200, blank=True)
    quantity = models.PositiveIntegerField(default=1)
    value = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    order_id = models.CharField(max_length=64, blank=True)
    language = models.CharField(max_length=16, blank=True)
    # How long a product's page was looked at; `user_engagement` only.
    engagement_ms = models.PositiveIntegerField(null=True, blank=True)
    # The `UnlearnedBatch` that it came with, for as long as there is one; empty for what teaches nothing.
    batch = models.BigIntegerField(null=True, blank=True, editable=False)

    objects = EventQuerySet.as_manager()

    class Meta:
        indexes = (
            models.Index(fields=["visitor", "kind", "-occurred_at"], name="ecom_llm_event_visitor"),
            models.Index(fields=["kind", "occurred_at"], name="ecom_llm_event_kind"),
            models.Index(fields=["query", "language"], name="ecom_llm_event_query", condition=models.Q(kind="search")),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.product_id or self.query}"

    def save(self, *args: Any, using: str | None = None, **kwargs: Any) -> None:
        """Save as Django does; a new event together with what announces it to learning."""
        alias = using or router.db_for_write(type(self), instance=self)
        with transaction.atomic(using=alias, savepoint=False):
            super().save(*args, using=alias, **kwargs)


def placed_id(identifier: UUID, occurred_at: datetime) -> UUID:
    """An id that carries the time of its event, which decides the table that it lies in and how long it is kept.

    Args:
        identifier: as given; kept if its time is near the event's.
        occurred_at: with its time zone. A time to come is taken for now, and one before 1970 for that.

    Returns:
        The same for the same two, so that writing twice stays writing once.
    """
    moment = max(EPOCH, min(occurred_at, timezone.now()))
    carried = time_of(identifier)
    if carried is not None and abs(carried - moment) <= ID_SLACK:
        return identifier
    return id_of(first_moment_of_day(moment), identifier.int)


def _place(events: Iterable[Event], using: str) -> None:
    """Prepare events for their insert, which capture's own way does not need."""
    for event in events:
        event.id = Event._meta.pk.to_python(event.id) or uuid7()
        # What else can stand here, such as a text, is the field's affair.
        if isinstance(event.occurred_at, datetime) and timezone.is_aware(event.occurred_at):
            event.id = placed_id(event.id, event.occurred_at)
    ensure_days({day_of(event.id) for event in events}, using)
    batch = UnlearnedBatch.begin((event for event in events if isinstance(event.id, UUID)), using)
    for event in events:
        event.batch = batch


def _place_before_saving(sender: type[Event], instance: Event, using: str, **_: Any) -> None:
    del sender
    if instance._state.adding:
        _place([instance], using)


# Not in `save`, which fixtures go past; loading these is one transaction anyway.
pre_save.connect(_place_before_saving, sender=Event, dispatch_uid="ecom_llm.place_event")
