"""Deletes what is older than `PRIVACY["RETENTION_DAYS"]` allows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import connections, router
from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.utils import timezone

from ecom_llm import conf
from ecom_llm.capture.salts import delete_old_salts
from ecom_llm.entities import EventKind
from ecom_llm.ids import first_id
from ecom_llm.models import (
    BrokenEvent,
    CaptureCount,
    Erasure,
    Event,
    EventImport,
    GenerationJob,
    NotInterested,
    Text,
    VisitorAccount,
)  # fmt: skip
from ecom_llm.models.event import ID_SLACK
from ecom_llm.models.partitions import drop_days_before
from ecom_llm.privacy.chunks import ShouldStop, delete_in_chunks, never, until

# An erasure that was carried out is remembered for events that come late, from a stream say, and an import that nobody
# went on with for whoever may yet.
ERASURE_DAYS = 30
IMPORT_DAYS = 30
# After which nobody can have an anonymous key any more.
ANONYMOUS_DAYS = 2

State = GenerationJob.State


@dataclass(slots=True)
class Pruned:
    """What was deleted.

    Attributes:
        rows: by name: kinds of event, ``broken``, ``count``, ``job``, ``not_interested``, ``erasure``, ``link``,
            ``import`` and ``salt``.
        days: tables of whole days that were dropped, on PostgreSQL; their rows are not counted.
        is_complete: whether nothing that is too old is left.
    """

    rows: dict[str, int] = field(default_factory=dict)
    days: int = 0
    is_complete: bool = True


def prune(
    should_stop: ShouldStop = never,
    seconds: float | None = None,
    on_progress: Callable[[str, int], object] | None = None,
) -> Pruned:
    """Delete what is too old, in short transactions. May be stopped and started, and run twice at once.

    Args:
        should_stop: asked between chunks.
        seconds: the time it may take, as `should_stop`.
        on_progress: told of each name and how many rows of it were deleted.

    Raises:
        DatabaseError: the database is away, or refuses.
    """
    pruned = Pruned()
    stop = until(should_stop, seconds)
    pruned.days = drop_days_before(_first_day_kept())
    for name, rows in _too_old():
        if stop():
            break
        pruned.rows[name] = delete_in_chunks(rows, stop, by_key=rows.model is GenerationJob)
        if on_progress is not None:
            on_progress(name, pruned.rows[name])
    pruned.rows["salt"] = delete_old_salts()
    pruned.is_complete = not stop()
    return pruned


def count_too_old() -> dict[str, int]:
    """How many rows `prune` would delete, by name; those in tables of whole days among them."""
    return {name: rows.count() for name, rows in _too_old()}


def days_kept() -> dict[str, int]:
    """For how many days each thing is kept, by name."""
    privacy = conf.get_settings().privacy
    names = [*(kind.value for kind in EventKind), "broken", "count", "job", "not_interested"]
    kept = {name: privacy.days_kept(name) for name in names}
    # As long as the visitor's cookie may last, and what was recorded under it on its last day.
    link = privacy.cookie_days + max(kept[kind.value] for kind in EventKind)
    return {**kept, "erasure": ERASURE_DAYS, "import": IMPORT_DAYS, "link": link}


def _first_day_kept() -> date:
    """The first UTC day of which something other than purchases is still to be kept."""
    kept = days_kept()
    longest = max(kept[kind.value] for kind in EventKind if kind is not EventKind.PURCHASE)
    return (datetime.now(UTC) - timedelta(days=longest)).date()


def _too_old() -> Iterator[tuple[str, QuerySet[Any]]]:
    now = timezone.now()
    before = {name: now - timedelta(days=days) for name, days in days_kept().items()}
    for kind in EventKind:
        yield kind.value, _old_events(kind, before[kind.value])
    yield "broken", _rows(BrokenEvent).filter(kept_at__lt=before["broken"]).order_by("kept_at")
    yield "count", _rows(CaptureCount).filter(day__lt=before["count"].date()).order_by("day")
    yield "job", _old_jobs(before["job"])
    yield "not_interested", _old_wishes(before["not_interested"], now - timedelta(days=ANONYMOUS_DAYS))
    yield "erasure", _rows(Erasure).filter(done_at__lt=before["erasure"]).order_by("done_at")
    yield "link", _old_links(before["link"])
    unfinished = _rows(EventImport).filter(finished_at__isnull=True)
    yield "import", unfinished.filter(updated_at__lt=before["import"]).order_by("pk")


def _old_events(kind: EventKind, before: datetime) -> QuerySet[Event]:
    events = _rows(Event).filter(kind=kind, occurred_at__lt=before)
    if connections[events.db].vendor == "postgresql":
        # There an id carries the event's time for sure, and tells in which day's table it lies.
        events = events.filter(id__lt=first_id(before + ID_SLACK))
    return events.order_by("occurred_at")


def _old_jobs(before: datetime) -> QuerySet[GenerationJob]:
    """Jobs that ended, but for the one that made a text: it says that the text need not be made again."""
    key = {name: OuterRef(name) for name in ("kind", "subject", "language")}
    newer = _rows(GenerationJob).filter(**key, state=State.DONE, pk__gt=OuterRef("pk"))
    ended = _rows(GenerationJob).filter(finished_at__lt=before).exclude(state__in=GenerationJob.ACTIVE)
    needed = Q(state=State.DONE) & ~Exists(newer) & Exists(_rows(Text).filter(**key))
    return ended.exclude(needed)


def _old_wishes(before: datetime, anonymous_before: datetime) -> QuerySet[NotInterested]:
    anonymous = Q(visitor__startswith="a:", created_at__lt=anonymous_before)
    return _rows(NotInterested).filter(Q(created_at__lt=before) | anonymous).order_by("created_at")


def _old_links(before: datetime) -> QuerySet[VisitorAccount]:
    """Links of visitors of whom nothing is left, whose cookies have run out unless they have agreed once more."""
    events = _rows(Event).filter(visitor=OuterRef("visitor"))
    return _rows(VisitorAccount).filter(~Exists(events), linked_at__lt=before).order_by("pk")


def _rows(model: type[Model]) -> QuerySet[Any]:
    return model._default_manager.using(router.db_for_write(model))
