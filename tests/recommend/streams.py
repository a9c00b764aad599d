"""Random streams of events, cut into the batches that they are stored in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.utils import timezone
from hypothesis import strategies as st

from ecom_llm.capture.storing import store
from ecom_llm.catalog.adapters.memory import MemoryProduct
from ecom_llm.entities import EventKind, EventRecord
from ecom_llm.ids import uuid7
from ecom_llm.models import (
    BrokenEvent,
    CandidateList,
    Erasure,
    Event,
    LearnedState,
    LearningRun,
    ProductCounts,
    UnlearnedBatch,
)

PRODUCTS = tuple(
    MemoryProduct(id=f"p{number}", name=f"Product {number}", category=f"Category {number % 2}") for number in range(6)
)
START = timezone.now() - timedelta(days=120)
VISITORS = ("p:" + "e" * 32, "p:" + "a" * 32, "a:" + "d" * 32)
NOBODY = ""
# Around the half hour that ends a visit, a day that ends one that the source names, and a change of day.
MINUTES = (1, 2, 29, 30, 31, 300, 1439, 1441)


class Step(NamedTuple):
    """One event, by how long after the one before it, and what is done afterwards.

    Attributes:
        is_late: it comes when all others are there.
        is_twice: it comes again with the next batch.
        is_stored: the batch ends here.
        is_learned: what is stored is learned from.
    """

    minutes: int
    visitor: str
    visit: str
    kind: EventKind
    product_id: str
    order: int
    is_late: bool
    is_twice: bool
    is_stored: bool
    is_learned: bool


_KINDS = [EventKind.VIEW_ITEM] * 5 + [EventKind.ADD_TO_CART] * 2 + [EventKind.PURCHASE] * 3
_KINDS += [EventKind.SEARCH, EventKind.VIEW_ITEM_LIST]
_STEPS = st.builds(
    Step,
    minutes=st.sampled_from(MINUTES),
    visitor=st.sampled_from([*VISITORS, *VISITORS, NOBODY]),
    visit=st.sampled_from(["", "", "", "v1", "v2"]),
    kind=st.sampled_from(_KINDS),
    product_id=st.sampled_from([product.id for product in PRODUCTS]),
    order=st.integers(1, 3),
    is_late=st.integers(0, 5).map(lambda number: number == 0),
    is_twice=st.integers(0, 5).map(lambda number: number == 0),
    is_stored=st.booleans(),
    is_learned=st.booleans(),
)


class Batch(NamedTuple):
    """Events that are stored together, and whether they are learned from at once."""

    records: list[EventRecord]
    is_learned: bool


def batches() -> st.SearchStrategy[list[Batch]]:
    """Streams, as the batches that they are stored in."""
    return st.lists(_STEPS, min_size=2, max_size=40).map(_batches)


def _batches(steps: Sequence[Step]) -> list[Batch]:
    made: list[Batch] = []
    pending: list[EventRecord] = []
    late: list[EventRecord] = []
    moment = START
    for step in steps:
        moment += timedelta(minutes=step.minutes)
        record = _record(step, moment)
        # A search teaches nothing by itself, so one that comes late joins no visits that were learned as two.
        if step.is_late and step.kind is not EventKind.SEARCH:
            late.append(record)
        else:
            pending.append(record)
        if step.is_stored and pending:
            made.append(Batch(pending, step.is_learned))
            pending = [record] if step.is_twice else []
    return [*made, Batch(pending, is_learned=True), *(Batch([record], is_learned=True) for record in late)]


def _record(step: Step, moment: datetime) -> EventRecord:
    # Lines of nobody's orders cannot be told apart, so there are none; and nobody's visit is not named.
    is_nobody = step.visitor == NOBODY
    kind = EventKind.VIEW_ITEM if is_nobody and step.kind is EventKind.PURCHASE else step.kind
    return EventRecord(
        uuid7(moment),
        kind.value,
        moment,
        step.visitor,
        "personal",
        product_id="" if kind is EventKind.SEARCH else step.product_id,
        query="lamp" if kind is EventKind.SEARCH else "",
        order_id=f"{step.visitor[2:5]}-{step.order}" if kind is EventKind.PURCHASE else "",
        visit="" if is_nobody else step.visit,
    )


def store_all(batches: Iterable[Batch], *, without: str | None = None) -> None:
    """Store what is in the batches, one after the other, without learning from it.

    Args:
        batches: them.
        without: a visitor whose events are left out.
    """
    for batch in batches:
        store([record for record in batch.records if record.visitor != without])


def begin_anew() -> None:
    """Empty the tables, as hypothesis runs many examples in one test."""
    for model in (Event, BrokenEvent, Erasure, CandidateList, ProductCounts, UnlearnedBatch, LearnedState, LearningRun):
        model._default_manager.all().delete()
