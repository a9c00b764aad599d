"""Cuts the shop's visits by time: what to learn from, what to choose parameters on, and what to confirm them on."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import router
from django.utils import timezone

from ecom_llm import conf
from ecom_llm.exceptions import EcomLLMError
from ecom_llm.models import Event
from ecom_llm.models.event import ID_SLACK, EventQuerySet
from ecom_llm.recommend.measuring.evaluating import predictions_in
from ecom_llm.recommend.visits import INTEREST, Learned, Row, Visit, iter_all

# Of the views and carts, the newest that are kept out of learning; a tenth to choose on and a tenth to confirm on.
HELD_SHARE = 0.2
# More would make no choice surer and each trial longer.
MAX_HELD_EVENTS = 60_000
# Those before them that are learned from in memory, about 300 bytes each with their pairs.
MAX_LEARNED_EVENTS = 200_000
# Each held-out part needs as many visits with something to predict.
MIN_VISITS = 100
# Products that are predicted in each of them.
MAX_PREDICTIONS = 2_500

Products = tuple[str, ...]


class TooFewVisitsError(EcomLLMError):
    """The shop has too few visits to tune on."""


class StoppedError(EcomLLMError):
    """The work was stopped before its end."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The shop's visits, in order of time.

    Attributes:
        older: visits and orders to learn from.
        choosing: visits after them, on which parameters are chosen.
        confirming: visits after those, on which the choice has to prove itself.
        until: when the older ones end.
    """

    older: list[Learned]
    choosing: list[Products]
    confirming: list[Products]
    until: datetime


def read_parts(seed: int, should_stop: Callable[[], bool] = lambda: False) -> Parts:
    """Read the newest visits.

    Args:
        seed: of drawing visits where there are more than needed.
        should_stop: asked with every event.

    Raises:
        TooFewVisitsError: a held-out part has fewer than `MIN_VISITS`.
        StoppedError: it was stopped.
        DatabaseError: the database is away.
    """
    times = _Times()
    until = times.newest_but(times.held)

    def not_stopped(rows: Iterator[Row]) -> Iterator[Row]:
        for row in rows:
            if should_stop():
                raise StoppedError
            yield row

    older: list[Learned] = []
    held: list[Visit] = []
    for item in iter_all(times.first, timezone.now() + ID_SLACK, not_stopped):
        if item.at <= until:
            older.append(item)
        elif isinstance(item, Visit) and predictions_in(item.products):
            held.append(item)
    held.sort(key=lambda visit: visit.at)
    middle = len(held) // 2
    if middle < MIN_VISITS:
        raise TooFewVisitsError(_too_few(len(held) + sum(_is_visit_to_predict(item) for item in older)))
    return Parts(older, _drawn(held[:middle], seed), _drawn(held[middle:], seed), until)


class _Times:
    """When the shop's views and carts were, by how many came after."""

    def __init__(self) -> None:
        self._events: EventQuerySet = Event.objects.using(router.db_for_write(Event)).filter(kind__in=INTEREST)
        self.held = min(int(self._events.count() * HELD_SHARE), MAX_HELD_EVENTS)

    @property
    def first(self) -> datetime:
        """Where learning begins."""
        days = timedelta(days=conf.get_settings().recommend.learn_days)
        return max(self.newest_but(self.held + MAX_LEARNED_EVENTS), self.newest_but(0) - days) - ID_SLACK

    def newest_but(self, events: int) -> datetime:
        """When the event was that has so many after it; the oldest where there are fewer."""
        times = self._events.order_by("-id").values_list("occurred_at", flat=True)
        found = next(iter(times[events : events + 1]), None) or times.reverse().first()
        return found or timezone.now()


def _drawn(visits: Sequence[Visit], seed: int) -> list[Products]:
    """Visits in any order, as many as give the predictions that are wanted."""
    shuffled = random.Random(seed).sample(visits, len(visits))  # noqa: S311
    chosen: list[Products] = []
    predictions = 0
    for visit in shuffled:
        if predictions >= MAX_PREDICTIONS:
            break
        predictions += predictions_in(visit.products)
        chosen.append(visit.products)
    return chosen


def _is_visit_to_predict(item: Learned) -> bool:
    return isinstance(item, Visit) and predictions_in(item.products) > 0


def _too_few(visits: int) -> str:
    wanted = round(2 * MIN_VISITS / HELD_SHARE)
    return (
        f"Tuning needs about {wanted:,} visits that looked at two products or more, and the shop has {visits:,}. The"
        " defaults serve until then."
    )
