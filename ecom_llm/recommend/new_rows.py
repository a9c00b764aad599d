"""Reads what an increment counts: the rows of batches, and those of the visits and orders that they belong to."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from ecom_llm.entities import EventKind
from ecom_llm.ids import time_of
from ecom_llm.models import Event, UnlearnedBatch
from ecom_llm.models.learned import LEARNED
from ecom_llm.recommend.state import learning_database
from ecom_llm.recommend.visits import (
    NAMED_VISIT_GAP,
    ORDER_GAP,
    Key,
    Row,
    iter_of,
    longest_pause,
    order_key,
    visit_key,
)

NOT_LEARNED = tuple(kind for kind in EventKind if kind not in LEARNED)
# Below every database's limit on the parameters of a statement.
CHUNK_BATCHES = 500
# A batch whose events are further apart holds late ones: all that lies between is looked at for them, once for as many
# such batches as go into a statement.
BATCH_SPAN = timedelta(hours=1)
# Visitors are looked at together whose new rows lie within that; of others all that they did in between is read.
CLUSTER_SPAN = timedelta(days=2)
# A little more than the longest pause, so that what ends right there is seen to.
MARGIN = max(NAMED_VISIT_GAP, ORDER_GAP) + timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class _Span:
    """A visitor's new rows, from the first to the last."""

    low: datetime
    high: datetime
    visitor: str


def new_rows(batches: Sequence[UnlearnedBatch]) -> Iterator[Row]:
    """The rows of some batches that are learned from."""
    # Said as what it is not, or SQLite would look up each kind rather than the ids.
    table = Event.objects.using(learning_database()).exclude(kind__in=NOT_LEARNED)
    for low, high, numbers in _ranges(batches):
        events = table.filter(id__gte=low, id__lte=high, batch__in=numbers)
        columns = events.values_list("visitor", "visit", "product_id", "occurred_at", "kind", "order_id", "batch")
        yield from map(Row._make, columns.iterator())


def rows_around(new: Sequence[Row], gap: timedelta) -> Iterator[list[Row]]:
    """By visitor, the rows of all visits and orders that new ones may belong to.

    Args:
        new: the rows.
        gap: how long a visit may pause that its source does not name.
    """
    keys = {visit_key(row) for row in new} | {key for row in new if (key := order_key(row))}
    for cluster in _clusters(_spans(new)):
        yield from _of_cluster(cluster, keys, gap)


def _of_cluster(cluster: Sequence[_Span], keys: Collection[Key], gap: timedelta) -> Iterator[list[Row]]:
    """Further rows the further a visit or an order reaches."""
    visitors = {span.visitor for span in cluster}
    margin = MARGIN
    while visitors:
        low, high = min(span.low for span in cluster) - margin, max(span.high for span in cluster) + margin
        unfinished = set()
        for visitor, rows in iter_of(visitors, low, high):
            if any(_is_near(row, low, high, pause) for row in rows for pause in _pauses(row, keys, gap)):
                unfinished.add(visitor)
            else:
                yield rows
        visitors, margin = unfinished, 2 * margin


def _pauses(row: Row, keys: Collection[Key], gap: timedelta) -> Iterator[timedelta]:
    """How long the visit and the order of a row may pause, those that are wanted."""
    if visit_key(row) in keys:
        yield longest_pause(row, gap)
    if order_key(row) in keys:
        yield ORDER_GAP


def _is_near(row: Row, low: datetime, high: datetime, pause: timedelta) -> bool:
    """Whether more of what a row belongs to may lie beyond the times that were looked at."""
    return row.occurred_at - low <= pause or high - row.occurred_at <= pause


def _spans(new: Iterable[Row]) -> list[_Span]:
    """By visitor, whoever's rows come first before the others."""
    spans: dict[str, tuple[datetime, datetime]] = {}
    for row in new:
        if row.visitor:
            low, high = spans.get(row.visitor, (row.occurred_at, row.occurred_at))
            spans[row.visitor] = min(low, row.occurred_at), max(high, row.occurred_at)
    return sorted((_Span(low, high, visitor) for visitor, (low, high) in spans.items()), key=lambda span: span.low)


def _clusters(spans: Sequence[_Span]) -> Iterator[list[_Span]]:
    """Visitors whose rows can be read between the same two times without reading much more than is needed."""
    cluster: list[_Span] = []
    wide: list[_Span] = []
    for span in spans:
        if span.high - span.low > CLUSTER_SPAN:
            wide.append(span)
        elif cluster and span.high - cluster[0].low > CLUSTER_SPAN:
            yield cluster
            cluster = [span]
        else:
            cluster.append(span)
    yield from (group for group in (cluster, wide) if group)


def _ranges(batches: Iterable[UnlearnedBatch]) -> Iterator[tuple[UUID, UUID, list[int]]]:
    """From which to which id the events of which batches lie; such as overlap are looked for together."""
    narrow: list[UnlearnedBatch] = []
    wide: list[UnlearnedBatch] = []
    for batch in sorted(batches, key=lambda batch: (batch.first_id, batch.last_id)):
        (wide if _is_wide(batch) else narrow).append(batch)
    for group in (*_overlapping(narrow), wide):
        for start in range(0, len(group), CHUNK_BATCHES):
            chunk = group[start : start + CHUNK_BATCHES]
            yield chunk[0].first_id, max(batch.last_id for batch in chunk), [batch.pk for batch in chunk]


def _overlapping(ordered: Iterable[UnlearnedBatch]) -> Iterator[list[UnlearnedBatch]]:
    group: list[UnlearnedBatch] = []
    high: UUID | None = None
    for batch in ordered:
        if high is not None and batch.first_id > high:
            yield group
            group, high = [], None
        group.append(batch)
        high = batch.last_id if high is None else max(high, batch.last_id)
    if group:
        yield group


def _is_wide(batch: UnlearnedBatch) -> bool:
    first, last = time_of(batch.first_id), time_of(batch.last_id)
    return first is None or last is None or last - first > BATCH_SPAN
