"""Tells visitors everything that is kept of them, as JSON, however much it is."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from functools import cached_property
from typing import Any

from django.db import router
from django.utils import timezone
from django.utils.translation import gettext_noop

from ecom_llm.capture import stream
from ecom_llm.capture.boundary import boundary
from ecom_llm.capture.erased import hash_of
from ecom_llm.capture.sinks.base import made_sink
from ecom_llm.capture.storing import row_of
from ecom_llm.capture.wire import decode
from ecom_llm.entities import Kind, ReasonSubject
from ecom_llm.exceptions import StreamAwayError
from ecom_llm.generate.database import database
from ecom_llm.models import Erasure, Event, GenerationJob, NotInterested, Text, VisitorAccount
from ecom_llm.privacy import derived
from ecom_llm.privacy.erasing import broken_events_of
from ecom_llm.privacy.retention import days_kept

logger = logging.getLogger(__name__)

CHUNK_EVENTS = 1_000
# All of them, so that a column that is added later is told too.
EVENT_COLUMNS = tuple(field.attname for field in Event._meta.concrete_fields)
NOTE = gettext_noop(
    "Everything that this shop's recommendations keep of these visitors. Times are UTC. What is learned from many "
    "visitors together (which product goes with which) names none of them and is not listed."
)


def export(
    visitors: Iterable[str],
    *,
    visitor: str = "",
    consent: str = "",
    note: str = NOTE,
    most_waiting: int | None = None,
) -> Iterator[str]:
    """One JSON object, in parts, with a flat use of memory. What this process has not stored yet is stored first.

    Args:
        visitors: their keys.
        visitor: that of the browser that asks, if one does.
        consent: what that browser allows.
        note: for the person who reads it.
        most_waiting: a stream of more entries than these is left out, which the document says.

    Yields:
        Text; all parts one after another are the document. Its keys: ``visitor``, ``visitors``, ``note``,
        ``consent``, ``exported_at``, ``retention_days``, ``accounts``, ``erasures``, ``broken_events``,
        ``not_interested``, ``pairs``, ``texts``, ``jobs``, ``events``, ``waiting`` (events that wait in Redis) and
        ``is_complete``.
    """
    keys = sorted({key for key in visitors if key})
    if keys:
        _store_what_is_held()
    made, waiting = _Derived(keys), _Waiting(set(keys), most_waiting)
    head = {
        "visitor": visitor or None,
        "visitors": keys,
        "note": note,
        "consent": consent or None,
        "exported_at": timezone.now(),
        "retention_days": days_kept(),
    }
    yield _spelt(head)[:-1]
    lists: Mapping[str, Iterator[Mapping[str, Any]]] = {
        "accounts": _accounts(keys),
        "erasures": _erasures(keys),
        "broken_events": _broken_events(keys),
        "not_interested": _not_interested(keys),
        "pairs": made.pairs(),
        "texts": made.texts(),
        "jobs": made.jobs(),
        "events": _events(keys),
        "waiting": waiting.events(),
    }
    for name, rows in lists.items():
        yield f', "{name}": ['
        yield from (f"{', ' if number else ''}{_spelt(row)}" for number, row in enumerate(rows))
        yield "]"
    yield f', "is_complete": {_spelt(waiting.is_complete)}}}\n'


def _store_what_is_held() -> None:
    sink = made_sink()
    if sink is not None:
        with boundary("flush"):
            sink.flush()


def _accounts(keys: list[str]) -> Iterator[Mapping[str, Any]]:
    rows = VisitorAccount.objects.using(router.db_for_write(VisitorAccount)).filter(visitor__in=keys)
    for row in rows.order_by("pk").select_related("user"):
        yield {"visitor": row.visitor, "account": row.user.get_username(), "linked_at": row.linked_at}


def _erasures(keys: list[str]) -> Iterator[Mapping[str, Any]]:
    rows = Erasure.objects.using(router.db_for_write(Erasure)).order_by("pk")
    for key in keys:
        for asked_at, done_at in rows.filter(visitor_hash=hash_of(key)).values_list("asked_at", "done_at"):
            yield {"visitor": key, "asked_at": asked_at, "done_at": done_at}


def _broken_events(keys: list[str]) -> Iterator[Mapping[str, Any]]:
    for key in keys:
        yield from broken_events_of(key).order_by("pk").values("kept_at", "reason", "visitor", "body")


def _not_interested(keys: list[str]) -> Iterator[Mapping[str, Any]]:
    rows = NotInterested.objects.using(router.db_for_write(NotInterested)).filter(visitor__in=keys)
    yield from rows.order_by("pk").values("visitor", "product_id", "created_at")


class _Derived:
    """What was made because of these visitors alone."""

    def __init__(self, keys: list[str]) -> None:
        self._keys = keys

    def pairs(self) -> Iterator[Mapping[str, Any]]:
        for subject in self._reasons:
            yield {"kind": subject.evidence_kind, "seed": subject.seed_id, "product_id": subject.product_id}

    def texts(self) -> Iterator[Mapping[str, Any]]:
        for kind, subjects in self._subjects():
            yield from _texts_about(kind, subjects)

    def jobs(self) -> Iterator[Mapping[str, Any]]:
        for kind, subjects in self._subjects():
            rows = GenerationJob.objects.using(database()).filter(kind=kind, subject__in=subjects).order_by("pk")
            yield from rows.values("kind", "subject", "language", "state", "created_at", "finished_at")

    def _subjects(self) -> Iterator[tuple[Kind, list[str]]]:
        for queries in derived.chunked(self._queries, derived.CHUNK_VALUES):
            yield Kind.SEARCH_COPY, queries
        for reasons in derived.chunked(self._reasons, derived.CHUNK_VALUES):
            yield Kind.REASON, [subject.key for subject in reasons]

    @cached_property
    def _reasons(self) -> list[ReasonSubject]:
        return derived.own_reasons(self._keys)

    @cached_property
    def _queries(self) -> list[str]:
        return derived.sole_queries(self._keys)


def _texts_about(kind: Kind, subjects: list[str]) -> Iterator[Mapping[str, Any]]:
    texts = Text.objects.using(database()).filter(kind=kind, subject__in=subjects)
    for text in texts.order_by("pk").prefetch_related("versions"):
        versions = [
            {"body": version.body, "state": version.state, "origin": version.origin, "created_at": version.created_at}
            for version in text.versions.all()
        ]
        yield {"kind": text.kind, "subject": text.subject, "language": text.language, "versions": versions}


def _events(keys: list[str]) -> Iterator[Mapping[str, Any]]:
    """Each visitor's events by id, in queries of their own: a slow reader keeps no transaction open."""
    for key in keys:
        rows = Event.objects.using(router.db_for_write(Event)).filter(visitor=key).order_by("pk")
        rest = rows
        while chunk := list(rest.values(*EVENT_COLUMNS)[:CHUNK_EVENTS]):
            yield from chunk
            rest = rows.filter(pk__gt=chunk[-1]["id"])


class _Waiting:
    """Events that wait in Redis.

    Attributes:
        is_complete: whether all of them were told; known when `events` has ended.
    """

    def __init__(self, keys: set[str], most: int | None) -> None:
        self._keys = keys
        self._most = most
        self.is_complete = True

    def events(self) -> Iterator[Mapping[str, Any]]:
        if self._most is not None and (stream.backlog() or 0) > self._most:
            self.is_complete = False
            return
        try:
            yield from map(_told, stream.waiting(self._keys))
        except StreamAwayError as error:
            self.is_complete = False
            logger.warning("%s A visitor who asks what is kept is not told what it holds.", error)


def _told(body: bytes) -> Mapping[str, Any]:
    """An event as it would be stored; what cannot be read is told as it is."""
    try:
        return row_of(decode(body))
    except ValueError:
        return {"body": body.decode(errors="replace")}


def _spelt(value: Any) -> str:
    return json.dumps(value, default=_plain, ensure_ascii=False)


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, date | datetime) else str(value)
