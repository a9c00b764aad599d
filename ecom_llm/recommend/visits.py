"""Cuts events into visits and orders: all of them, a day at a time, or those of some visitors."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import NamedTuple

from django.db import router

from ecom_llm import conf
from ecom_llm.entities import EventKind
from ecom_llm.ids import first_id, first_moment_of_day
from ecom_llm.models import Event
from ecom_llm.models.event import ID_SLACK, EventQuerySet

CHUNK_EVENTS = 2000
# Below every database's limit on the parameters of a statement.
CHUNK_VISITORS = 200
# Looking closely and putting into the cart both show interest.
INTEREST = (EventKind.VIEW_ITEM, EventKind.ADD_TO_CART)
# All else shows that the shopper is still there. Cards in view do too, but there are many, and something else comes
# along.
NO_ACTIVITY = EventKind.VIEW_ITEM_LIST
ACTIVITY = tuple(kind for kind in EventKind if kind is not NO_ACTIVITY)
# A visit that the source names may pause for as long.
NAMED_VISIT_GAP = timedelta(days=1)
# Lines of an order that come later than that after the one before are another order: ids may come around again.
ORDER_GAP = timedelta(days=1)
# Visitor and visit of an event that belongs to none.
NOBODY = ("", "")


class Row(NamedTuple):
    """What of an event decides about visits and orders."""

    visitor: str
    visit: str
    product_id: str
    occurred_at: datetime
    kind: str
    order_id: str
    batch: int | None


@dataclass(frozen=True, slots=True)
class Visit:
    """A run of one visitor's events with no long gap.

    Attributes:
        products: what they showed an interest in, oldest first; neighbours differ.
        added: what they put into the cart.
        at: when it ended.
    """

    products: tuple[str, ...]
    added: frozenset[str]
    at: datetime


@dataclass(frozen=True, slots=True)
class Order:
    """What was bought at once.

    Attributes:
        products: each once.
        at: when.
    """

    products: frozenset[str]
    at: datetime


Learned = Visit | Order
Wanted = Callable[[Iterator[Row]], Iterator[Row]]
# Of a visit two texts, of an order three, so that neither is taken for the other.
Key = tuple[str, ...]


def iter_all(since: datetime, until: datetime, wanted: Wanted, gap: timedelta | None = None) -> Iterator[Learned]:
    """All visits and orders, reading a day of events at a time; no longer than that is the table read from in one go.

    A visit is what the source says it is, else a run of a visitor's events, searches and orders among them, with no gap
    too long. An event without a visitor is a visit by itself. An order is one
    visitor's lines with its id, as long as they come within a day. Held in memory are the visits and orders that may
    go on.

    Args:
        since: events from here on.
        until: up to and with this moment.
        wanted: passes on those rows that are to be learned from.
        gap: the longest that is not too long, `CAPTURE["VISIT_GAP_MINUTES"]` when left out.
    """
    visits, orders = _visit_runs(gap), _Runs(lambda row: ORDER_GAP)
    end = until + timedelta(microseconds=1)
    day = first_moment_of_day(since)
    while day <= until:
        next_day = day + timedelta(days=1)
        for row in wanted(_rows(_between(max(day, since), min(next_day, end)))):
            if (run := visits.add(visit_key(row), row)) and (visit := _visit(run)):
                yield visit
            if (key := order_key(row)) and (run := orders.add(key, row)) and (order := _order(run)):
                yield order
        yield from _visits(visits.close(next_day))
        yield from _orders(orders.close(next_day))
        day = next_day
    yield from _visits(visits.close())
    yield from _orders(orders.close())


def iter_of(visitors: Collection[str], since: datetime, until: datetime) -> Iterator[tuple[str, list[Row]]]:
    """The rows of some visitors, by visitor, oldest first.

    Args:
        visitors: their keys; none is empty.
        since: events from here on.
        until: events up to here.
    """
    keys = sorted(visitors)
    # The bound on ids keeps PostgreSQL out of the partitions of later days.
    highest = first_id(until + ID_SLACK + timedelta(seconds=1))
    within = _activity().since(since).filter(occurred_at__lte=until, id__lt=highest)
    for start in range(0, len(keys), CHUNK_VISITORS):
        events = within.filter(visitor__in=keys[start : start + CHUNK_VISITORS])
        rows = _rows(events.order_by("visitor", "occurred_at", "id"))
        for visitor, group in groupby(rows, key=lambda row: row.visitor):
            yield visitor, list(group)


def cut(rows: Iterable[Row], gap: timedelta | None = None) -> Iterator[list[Row]]:
    """Cut one visitor's rows, oldest first, into the rows of each visit; for `gap` see `iter_all`."""
    visits = _visit_runs(gap)
    for row in rows:
        if run := visits.add(visit_key(row), row):
            yield run
    yield from visits.close()


def learned_from(rows: Collection[Row], gap: timedelta | None = None) -> list[Learned]:
    """The visits and orders in one visitor's rows, oldest first; for `gap` see `iter_all`."""
    found: list[Learned] = list(_visits(cut(rows, gap)))
    orders = _Runs(lambda row: ORDER_GAP)
    for row in rows:
        if (key := order_key(row)) and (run := orders.add(key, row)):
            found += _orders([run])
    return [*found, *_orders(orders.close())]


def longest_pause(row: Row, gap: timedelta) -> timedelta:
    """How long a visit may pause after one of its rows; `gap` is for one that its source does not name."""
    return NAMED_VISIT_GAP if row.visit else gap


def visit_key(row: Row) -> Key:
    """By which the rows of one visit, or of one that follows it, are known."""
    return row.visitor, row.visit


def order_key(row: Row) -> Key | None:
    """By which the lines of one order are known; None for a row that is none."""
    return (row.visitor, "order", row.order_id) if row.kind == EventKind.PURCHASE and row.order_id else None


class _Runs:
    """Gathers rows of the same key that follow each other with no long pause."""

    def __init__(self, pause: Callable[[Row], timedelta]) -> None:
        self._pause = pause
        self._open: dict[Key, list[Row]] = {}

    def add(self, key: Key, row: Row) -> list[Row] | None:
        """Take the next row; gives the run that ended with it, or before it, if one did."""
        if key == NOBODY:
            return [row]
        known = self._open.get(key)
        if known is not None and not self._is_over(known, row.occurred_at):
            known.append(row)
            return None
        self._open[key] = [row]
        return known

    def close(self, moment: datetime | None = None) -> Iterator[list[Row]]:
        """The runs that are over by a moment; all of them when it is left out."""
        for key in [key for key, rows in self._open.items() if moment is None or self._is_over(rows, moment)]:
            yield self._open.pop(key)

    def _is_over(self, rows: list[Row], moment: datetime) -> bool:
        return moment - rows[-1].occurred_at > self._pause(rows[-1])


def _visit_runs(gap: timedelta | None) -> _Runs:
    longest = timedelta(minutes=conf.get_settings().capture.visit_gap_minutes) if gap is None else gap
    return _Runs(lambda row: longest_pause(row, longest))


def _activity() -> EventQuerySet:
    # Not from a replica, which may lag behind what is said to be there.
    # Said as what it is not, or SQLite would look up each kind rather than the day.
    return Event.objects.using(router.db_for_write(Event)).exclude(kind=NO_ACTIVITY)


def _between(start: datetime, end: datetime) -> EventQuerySet:
    """Events of a day or a part of it, the oldest first: by their own times, as an id may be days away from its event.

    Named by its kinds, an index finds them; the bounds on ids keep PostgreSQL out of other days' partitions.
    """
    events = Event.objects.using(router.db_for_write(Event)).filter(
        kind__in=ACTIVITY,
        occurred_at__gte=start,
        occurred_at__lt=end,
        id__gte=first_id(start - ID_SLACK),
        id__lt=first_id(end + ID_SLACK),
    )
    return events.order_by("occurred_at", "id")


def _rows(events: EventQuerySet) -> Iterator[Row]:
    columns = events.values_list("visitor", "visit", "product_id", "occurred_at", "kind", "order_id", "batch")
    return map(Row._make, columns.iterator(chunk_size=CHUNK_EVENTS))


def _visits(runs: Iterable[list[Row]]) -> Iterator[Visit]:
    return (visit for rows in runs if (visit := _visit(rows)))


def _orders(runs: Iterable[list[Row]]) -> Iterator[Order]:
    return (order for rows in runs if (order := _order(rows)))


def _visit(rows: Iterable[Row]) -> Visit | None:
    products: list[str] = []
    added = set()
    at = None
    for row in rows:
        if row.kind in INTEREST and row.product_id:
            if not products or products[-1] != row.product_id:
                products.append(row.product_id)
            at = row.occurred_at
            if row.kind == EventKind.ADD_TO_CART:
                added.add(row.product_id)
    return None if at is None else Visit(tuple(products), frozenset(added), at)


def _order(rows: Collection[Row]) -> Order | None:
    products = frozenset(row.product_id for row in rows if row.product_id)
    return Order(products, max(row.occurred_at for row in rows)) if products else None
