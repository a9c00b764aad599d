"""What shoppers did."""

from __future__ import annotations

from django.db import models

from ecom_llm.entities import Consent, EventKind
from ecom_llm.ids import uuid7


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

    class Meta:
        indexes = (
            models.Index(fields=["visitor", "kind", "-occurred_at"], name="ecom_llm_event_visitor"),
            models.Index(fields=["kind", "occurred_at"], name="ecom_llm_event_kind"),
            models.Index(fields=["query", "language"], name="ecom_llm_event_query", condition=models.Q(kind="search")),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.product_id or self.query}"


class DailySalt(models.Model):
    """The random salt of one day's anonymous visitor hashes; deleted after two days, so no hash can be redone."""

    day = models.DateField(primary_key=True)
    salt = models.BinaryField(max_length=32)

    def __str__(self) -> str:
        return str(self.day)
