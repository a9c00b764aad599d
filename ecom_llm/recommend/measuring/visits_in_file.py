"""Reads the visits in a file of events, which is read as an import reads it and leaves nothing in the database."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from itertools import islice, pairwise
from pathlib import Path
from uuid import UUID

from django.utils import timezone

from ecom_llm.capture.importing.events import Clock, EventMaker
from ecom_llm.capture.importing.people import People
from ecom_llm.capture.importing.products import KnownProducts
from ecom_llm.capture.importing.reading import Row as FileRow
from ecom_llm.capture.importing.reading import rows_of
from ecom_llm.capture.importing.rejected import RowRejectedError
from ecom_llm.capture.importing.source import DAMAGED, Source, damage_of, layout_of, opened
from ecom_llm.entities import Consent, EventKind, EventRecord
from ecom_llm.exceptions import ImportFileError
from ecom_llm.recommend.visits import INTEREST, NO_ACTIVITY, Row, cut

BATCH_ROWS = 5_000
# Of each batch, events whose ids are kept to look for them among the shop's own; of all batches at most.
IDS_OF_BATCH = 20
KEPT_IDS = 400

# Told after each batch: the open file. Says whether to go on.
OnBatch = Callable[[Source], bool]


@dataclass(frozen=True, slots=True)
class EventFile:
    """A file of events and how to read it.

    Attributes:
        path: of the file.
        zone: of times that do not tell theirs.
        format: ``csv`` or ``jsonl``; by the file's name when empty.
        delimiter: of CSV; found out from the header when empty.
    """

    path: Path
    zone: tzinfo
    format: str = ""
    delimiter: str = ""


@dataclass(slots=True)
class FileVisits:
    """What a file holds.

    Attributes:
        visits: product ids of each visit or order, oldest first; the same product never follows itself.
        is_orders: whether they are orders, as the file knows nothing but purchases.
        events: lines that could be used.
        unknown_products: of those, the ones about products that the catalogue does not have.
        rejected: why the other lines could not be used, with how many lines there are for each reason.
        first_at: when its first event was.
        ids: the ids that some of its events have once they are imported.
        is_complete: whether all of the file was read.
    """

    visits: list[list[str]] = field(default_factory=list)
    is_orders: bool = False
    events: int = 0
    unknown_products: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    first_at: datetime | None = None
    ids: list[UUID] = field(default_factory=list)
    is_complete: bool = True


def read_visits(file: EventFile, on_batch: OnBatch = lambda _: True) -> FileVisits:
    """Read a file's visits; a variant stands for its product.

    A visit is what it is for learning: what the file says it is, else a run of a visitor's events with no gap longer
    than `CAPTURE["VISIT_GAP_MINUTES"]`. Looking at a product and putting it into the cart count. In a file of purchases
    alone each order is one, its products in the order of their lines, each once. Memory grows with the file's lines.

    Args:
        file: which, and how to read it.
        on_batch: told of progress; once it answers with False, no more is read.

    Raises:
        ImportFileError: the file cannot be used; the message says what to do.
        DatabaseError: the catalogue's database is away.
    """
    found = FileVisits()
    layout = layout_of(file.path, file.format, file.delimiter)
    if layout is None:
        return found
    rows: list[Row] = []
    # `personal`, as a visit may last over midnight. The hashes are forgotten with this run.
    maker = EventMaker(People(Consent.PERSONAL, b""), Clock(file.zone, timezone.now()))
    products = KnownProducts()
    with opened(file.path) as source:
        lines = rows_of(source.lines, layout)
        while batch := _next_batch(lines, source):
            rows += _rows(list(_made(batch, maker, found)), products, found)
            if not on_batch(source):
                found.is_complete = False
                break
    # Lines of the same moment stay in the file's order.
    rows.sort(key=lambda row: row.occurred_at)
    found.events = len(rows)
    found.first_at = rows[0].occurred_at if rows else None
    found.is_orders = bool(rows) and all(row.kind == EventKind.PURCHASE for row in rows)
    found.visits = [visit for visit in (_orders_in(rows) if found.is_orders else _visits_in(rows)) if visit]
    return found


def _next_batch(lines: Iterator[FileRow], source: Source) -> list[FileRow]:
    try:
        return list(islice(lines, BATCH_ROWS))
    except DAMAGED as error:
        raise ImportFileError(
            f"The file cannot be read behind line {source.lines.number:,}: {damage_of(error)}."
        ) from error


def _made(lines: list[FileRow], maker: EventMaker, found: FileVisits) -> Iterator[EventRecord]:
    for line in lines:
        if line.problem:
            found.rejected[line.problem] += 1
            continue
        try:
            yield maker.event_of(line.values)
        except RowRejectedError as error:
            found.rejected[str(error)] += 1


def _rows(events: list[EventRecord], products: KnownProducts, found: FileVisits) -> Iterator[Row]:
    """What of the events decides about visits. What the catalogue does not have stays: it can only be missed."""
    parents = products.parents({event.product_id for event in events if event.product_id})
    found.ids += [event.id for event in events[:: max(1, len(events) // IDS_OF_BATCH)]][: KEPT_IDS - len(found.ids)]
    for event in events:
        parent = parents.get(event.product_id) if event.product_id else ""
        found.unknown_products += parent is None
        product_id = event.product_id if parent is None else parent
        yield Row(event.visitor, event.visit, product_id, event.occurred_at, event.kind, event.order_id, None)


def _visits_in(rows: list[Row]) -> Iterator[list[str]]:
    # An event of nobody is a visit by itself, and predicts nothing.
    for group in _by_visitor([row for row in rows if row.kind != NO_ACTIVITY and (row.visitor or row.visit)]):
        for visit in cut(group):
            products = [row.product_id for row in visit if row.kind in INTEREST and row.product_id]
            yield products[:1] + [after for before, after in pairwise(products) if after != before]


def _orders_in(rows: list[Row]) -> Iterator[list[str]]:
    orders: defaultdict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        if row.order_id:
            orders[row.visitor, row.order_id].append(row)
    groups = list(orders.values())
    for group in _by_visitor([row for row in rows if not row.order_id and (row.visitor or row.visit)]):
        groups += cut(group)
    yield from (list(dict.fromkeys(row.product_id for row in group)) for group in groups)


def _by_visitor(rows: list[Row]) -> list[list[Row]]:
    groups: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row.visitor].append(row)
    return list(groups.values())
