"""What is known of visitors themselves: as little as there can be."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class DailySalt(models.Model):
    """The random salt of one day's anonymous visitor hashes; deleted after two days, so no hash can be redone."""

    # By the shop's clock, so that a visit is cut at its midnight rather than in its busy hours.
    day = models.DateField(primary_key=True)
    salt = models.BinaryField(max_length=32)

    def __str__(self) -> str:
        return str(self.day)


class VisitorAccount(models.Model):
    """Which account a `personal` visitor has signed in to."""

    visitor = models.CharField(max_length=64, unique=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    linked_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.visitor} is {self.user_id}"


class Erasure(models.Model):
    """A visitor to be forgotten, and for a while one who was: events of theirs may still be on their way."""

    # SHA-256 of the visitor's key, which says nothing once all else is gone.
    visitor_hash = models.CharField(max_length=64, db_index=True)
    # The key itself until everything is deleted, empty from then on.
    visitor = models.CharField(max_length=64, blank=True)
    # Whether the browser was told to drop the key, so that only tabs that have not heard of it still send it.
    is_dropped = models.BooleanField(default=False)
    # Whether what was learned from the visitor has been taken back from the counts, which must not happen twice.
    is_unlearned = models.BooleanField(default=False)
    asked_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True, db_index=True)

    def __str__(self) -> str:
        return f"{self.asked_at:%Y-%m-%d %H:%M} {'done' if self.done_at else 'waiting'}"
