"""What is said in the shop, and every version of it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from ecom_llm.entities import Kind, Origin, TextKey
from ecom_llm.ids import uuid7


class Text(models.Model):
    """What is said about a subject: one kind, one subject, one language."""

    kind = models.CharField(max_length=20, choices=[(kind.value, kind.value) for kind in Kind])
    subject = models.CharField(max_length=255)
    language = models.CharField(max_length=16)
    # The product whose page it belongs to; empty for search copy.
    product_id = models.CharField(max_length=100, blank=True, db_index=True)
    published = models.OneToOneField(
        "TextVersion", null=True, blank=True, editable=False, on_delete=models.SET_NULL, related_name="published_for"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["kind", "subject", "language"], name="ecom_llm_text_unique"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.subject} ({self.language})"

    @property
    def key(self) -> TextKey:
        """Which text it is."""
        return TextKey(Kind(self.kind), self.subject, self.language)


class TextVersion(models.Model):
    """One wording of a text. Immutable but for its state and who decided it."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        IN_REVIEW = "in_review", _("in review")
        PUBLISHED = "published", _("Published")
        REJECTED = "rejected", _("Rejected")
        ARCHIVED = "archived", _("Archived")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    text = models.ForeignKey(Text, on_delete=models.CASCADE, related_name="versions")
    body = models.TextField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    origin = models.CharField(max_length=8, choices=[(origin.value, origin.value) for origin in Origin])
    # What the writer knew: {product id: {fact name: value}}.
    facts = models.JSONField(default=dict)
    # The part of it that the words rest on, in the same shape. When one of these changes, the version is stale.
    cited = models.JSONField(default=dict)
    findings = models.JSONField(default=list)
    input_hash = models.CharField(max_length=64, blank=True)
    prompt_version = models.CharField(max_length=32, blank=True)
    backend = models.CharField(max_length=64, blank=True)
    model = models.CharField(max_length=255, blank=True)
    weights = models.CharField(max_length=255, blank=True)
    seed = models.PositiveIntegerField(null=True, blank=True)
    prompt_tokens = models.PositiveIntegerField(default=0)
    completion_tokens = models.PositiveIntegerField(default=0)
    generation_seconds = models.FloatField(default=0)
    job = models.ForeignKey("GenerationJob", null=True, blank=True, on_delete=models.SET_NULL, related_name="versions")
    created_at = models.DateTimeField(auto_now_add=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering = ("-id",)
        indexes = (models.Index(fields=["state", "-id"], name="ecom_llm_version_state"),)

    def __str__(self) -> str:
        return f"{self.text} {self.state}"
