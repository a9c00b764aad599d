"""What recording leaves besides events: what was counted, what could not be stored, what was imported."""

from __future__ import annotations

from django.db import models


class CaptureCount(models.Model):
    """How often something happened to events on a day, over all processes: recorded, or dropped for a reason."""

    # UTC's.
    day = models.DateField()
    name = models.CharField(max_length=100)
    amount = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["day", "name"], name="ecom_llm_count_unique"),)

    def __str__(self) -> str:
        return f"{self.day} {self.name} {self.amount}"


class BrokenEvent(models.Model):
    """An event that could not be stored, kept aside with the reason for people to look at."""

    kept_at = models.DateTimeField(auto_now_add=True, db_index=True)
    reason = models.CharField(max_length=300)
    # Whose it is as far as that can be told, so that erasing finds it.
    visitor = models.CharField(max_length=64, blank=True, db_index=True)
    # The event as text.
    body = models.TextField()

    def __str__(self) -> str:
        return f"{self.kept_at:%Y-%m-%d %H:%M} {self.reason}"


class EventImport(models.Model):
    """How far a file of events has been read, so that a run that was stopped goes on where it was."""

    # A hash of the file's beginning and of how it is read.
    fingerprint = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=255)
    # Bytes that are done with, and the lines in them.
    offset = models.PositiveBigIntegerField(default=0)
    lines = models.PositiveBigIntegerField(default=0)
    # CRC-32 of those bytes: a file that has changed in them is not gone on with.
    checksum = models.PositiveBigIntegerField(default=0)
    # Of the lines, by what became of them.
    counts = models.JSONField(default=dict)
    # Makes the file's visitors unrecognisable; thrown away when the whole file is read.
    salt = models.BinaryField(max_length=32)
    started_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.name}: {self.lines} lines"
