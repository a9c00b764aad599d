"""Stores what the model wrote, and publishes or holds it as the shop's policy says."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from ecom_llm import conf
from ecom_llm.entities import Finding, Origin, TextKey
from ecom_llm.models import GenerationJob, Text, TextVersion
from ecom_llm.publish.showing import hold, show

Facts = dict[str, dict[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A completion that passed the guard, with all that a reviewer may ask of it."""

    body: str
    facts: Facts
    cited: Facts
    findings: list[Finding] = field(default_factory=list)
    input_hash: str = ""
    prompt_version: str = ""
    backend: str = ""
    model: str = ""
    seed: int | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0
    generation_seconds: float = 0.0


def store(key: TextKey, draft: Draft, *, product_id: str = "", job: GenerationJob | None = None) -> TextVersion:
    """Keep a draft as a version, then publish it or hold it for review.

    A human's words are never overwritten: where a person wrote what is published, the model's goes to review.

    Args:
        key: which text.
        draft: what was written.
        product_id: the product whose page it belongs to.
        job: the job that made it.

    Returns:
        The version, published or in review.
    """
    with transaction.atomic():
        text = text_for(key, product_id)
        fields: dict[str, Any] = {name: getattr(draft, name) for name in Draft.__slots__ if name != "findings"}
        findings = [finding.as_dict() for finding in draft.findings]
        version = TextVersion.objects.create(text=text, origin=Origin.MODEL, findings=findings, job=job, **fields)
        _retire_waiting_drafts(text, version)
        is_human = text.published is not None and text.published.origin == Origin.HUMAN
        if is_human or _policy(key) == "review":
            return hold(version)
        return show(text, version, "publish")


def _policy(key: TextKey) -> str:
    """The shop's policy for a kind. The guard's lexicons are English: elsewhere a person looks by default."""
    default = "publish" if key.language.lower().split("-")[0] == "en" else "review"
    return conf.get_settings().publish.policy.get(key.kind, default)


def text_for(key: TextKey, product_id: str = "") -> Text:
    """The row of a text, made when it is not there yet, locked for this transaction."""
    Text.objects.get_or_create(
        kind=key.kind, subject=key.subject, language=key.language, defaults={"product_id": product_id}
    )
    return (
        Text.objects.select_for_update(of=("self",))
        .select_related("published")
        .get(kind=key.kind, subject=key.subject, language=key.language)
    )


def _retire_waiting_drafts(text: Text, newest: TextVersion) -> None:
    """A newer draft takes the place of older ones that nobody has looked at yet."""
    waiting = text.versions.filter(state__in=[TextVersion.State.DRAFT, TextVersion.State.IN_REVIEW])
    waiting.exclude(pk=newest.pk).filter(origin=Origin.MODEL).update(state=TextVersion.State.ARCHIVED)
