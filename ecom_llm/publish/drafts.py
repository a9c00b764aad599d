"""Stores what the model wrote, and publishes or holds it as the shop's policy says."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import OuterRef, Q, Subquery

from ecom_llm import conf
from ecom_llm.entities import Finding, Origin, TextKey
from ecom_llm.generate.database import database
from ecom_llm.models import GenerationJob, Text, TextVersion
from ecom_llm.publish.lookup import matching
from ecom_llm.publish.showing import announce
from ecom_llm.publish.states import enter, move_all

Facts = dict[str, dict[str, str]]

State = TextVersion.State
_UNDECIDED = (State.DRAFT, State.IN_REVIEW)


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


@dataclass(frozen=True, slots=True)
class Entry:
    """A draft and where it belongs.

    Attributes:
        key: which text.
        draft: what was written.
        product_id: the product whose page the text belongs to.
        job: the job that made it.
    """

    key: TextKey
    draft: Draft
    product_id: str = ""
    job: GenerationJob | None = None


def store(key: TextKey, draft: Draft, *, product_id: str = "", job: GenerationJob | None = None) -> TextVersion:
    """Keep one draft; see `store_many`."""
    return store_many([Entry(key, draft, product_id, job)])[0]


def store_many(entries: Sequence[Entry]) -> list[TextVersion]:
    """Keep drafts as versions, each published or held for review, in a few statements for all of them.

    A human's words are never overwritten: where a person wrote what is published, the model's goes to review.

    Args:
        entries: the drafts. Of several for one text, each takes the place of the one before it.

    Returns:
        The version of each, published or in review.
    """
    stored: list[TextVersion] = []
    if not entries:
        return stored
    with transaction.atomic(using=database()):
        for distinct in _rounds(entries):
            stored += _store_distinct(distinct)
    return stored


def _rounds(entries: Iterable[Entry]) -> list[list[Entry]]:
    """The entries in their order, parted before each text that comes a second time."""
    rounds: list[list[Entry]] = []
    seen: set[TextKey] = set()
    for entry in entries:
        if not rounds or entry.key in seen:
            rounds.append([])
            seen = set()
        rounds[-1].append(entry)
        seen.add(entry.key)
    return rounds


def _store_distinct(entries: Sequence[Entry]) -> list[TextVersion]:
    texts = _lock_texts(entries)
    standing = _standing(texts.values())
    versions = []
    for entry in entries:
        text = texts[entry.key]
        action = "submit" if _is_held(entry.key, standing.get(text.published_id)) else "publish"
        versions.append(enter(_make_version(text, entry), action))
    shown = [version for version in versions if version.state == State.PUBLISHED]
    # A newer draft takes the place of older ones that nobody has looked at yet, and of what was shown.
    replaced = {version.text.published_id for version in shown}
    retired = [pk for pk, version in standing.items() if version.state in _UNDECIDED or pk in replaced]
    if retired:
        move_all(TextVersion.objects.filter(pk__in=retired), "archive")
    TextVersion.objects.bulk_create(versions)
    _show(shown)
    return versions


def _lock_texts(entries: Sequence[Entry]) -> dict[TextKey, Text]:
    """The rows of the texts, made where they are not there yet, locked for this transaction.

    All are inserted before any is locked, both in one order, so that two workers cannot each wait for the other.
    """
    ordered = sorted(entries, key=lambda entry: (entry.key.kind, entry.key.subject, entry.key.language))
    Text.objects.bulk_create(
        [
            Text(kind=key.kind, subject=key.subject, language=key.language, product_id=entry.product_id)
            for entry in ordered
            for key in (entry.key,)
        ],
        ignore_conflicts=True,
    )
    # Without a join: PostgreSQL rereads a row that it had to wait for, and no row that was joined to it.
    locked = Text.objects.select_for_update().filter(matching(entry.key for entry in entries)).order_by("pk")
    return {text.key: text for text in locked}


def _standing(texts: Collection[Text]) -> dict[Any, TextVersion]:
    """What the model's newer words may take the place of: what is shown, and the model's own that wait for a person."""
    shown = [text.published_id for text in texts if text.published_id is not None]
    waiting = Q(text__in=texts, state__in=_UNDECIDED, origin=Origin.MODEL)
    # A replica that lags may not have what an editor wrote, which stays.
    found = TextVersion.objects.using(database()).filter(waiting | Q(pk__in=shown))
    return {version.pk: version for version in found.only("state", "origin", "text")}


def _is_held(key: TextKey, published: TextVersion | None) -> bool:
    return (published is not None and published.origin == Origin.HUMAN) or _policy(key) == "review"


def _policy(key: TextKey) -> str:
    """The shop's policy for a kind. The guard's lexicons are English: elsewhere a person looks by default."""
    default = "publish" if key.language.lower().split("-")[0] == "en" else "review"
    return conf.get_settings().publish.policy.get(key.kind, default)


def _make_version(text: Text, entry: Entry) -> TextVersion:
    draft = entry.draft
    fields: dict[str, Any] = {name: getattr(draft, name) for name in Draft.__slots__ if name != "findings"}
    findings = [finding.as_dict() for finding in draft.findings]
    return TextVersion(text=text, origin=Origin.MODEL, findings=findings, job=entry.job, **fields)


def _show(versions: Sequence[TextVersion]) -> None:
    """Point the texts, whose rows this transaction holds, at their new versions."""
    if not versions:
        return
    own = TextVersion.objects.filter(text=OuterRef("pk"), pk__in=[version.pk for version in versions])
    texts = Text.objects.filter(pk__in=[version.text_id for version in versions])
    texts.update(published=Subquery(own.values("pk")))
    for version in versions:
        version.text.published = version
        announce(version)
