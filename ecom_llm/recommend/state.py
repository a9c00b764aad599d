"""The one row that says what has been learned, and what waits to be."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta

from django.db import router
from django.utils import timezone

from ecom_llm import conf
from ecom_llm.models import Erasure, LearnedState, ProductCounts, UnlearnedBatch
from ecom_llm.models.event import ID_SLACK
from ecom_llm.recommend.blend import Blend
from ecom_llm.recommend.changes import Changes, Totals
from ecom_llm.recommend.contributions import Counting

# Below every database's limit on the parameters of a statement.
CHUNK_IDS = 500
NOTHING_LEARNED = "Nothing has been learned yet, so there is nothing to change."
TOTALS = ("visits", "carts", "orders", "visit_weight", "cart_weight", "order_weight")


def learning_database() -> str:
    """The alias of the database that counts and lists are in: never a replica, which lags behind."""
    return router.db_for_write(LearnedState)


def read_state() -> LearnedState:
    """The state; generation 0 when nothing has been learned yet."""
    return LearnedState.objects.using(learning_database()).filter(pk=1).first() or LearnedState()


def begun_state() -> LearnedState:
    """The state, its row made where there is none yet: only on a row can two who change it notice each other."""
    return LearnedState.objects.using(learning_database()).get_or_create(pk=1)[0]


def counting_of(state: LearnedState) -> Counting:
    """How what is valid was counted: what is added to it, or taken from it, is counted the same way."""
    return Counting(**state.counting)


def counting_now(blend: Blend) -> Counting:
    """How a rebuild would count that begins now.

    Args:
        blend: the parameters.
    """
    settings = conf.get_settings()
    return Counting(
        half_life_days=float(settings.recommend.half_life_days),
        visit_products=settings.recommend.visit_products,
        step=blend.step,
        length=blend.length,
        order_length=blend.order_length,
        learn_days=settings.recommend.learn_days,
        visit_gap_minutes=settings.capture.visit_gap_minutes,
    )


def is_counted_as_now(state: LearnedState) -> bool:
    """Whether no setting of counting has changed since the last rebuild."""
    return bool(state.counting == asdict(counting_now(Blend.read(state.blend))))


def changes_to(state: LearnedState) -> Changes:
    """Changes, none yet, that are counted as the state's counts are.

    Raises:
        ValueError: nothing has been learned yet.
    """
    if state.landmark is None:
        raise ValueError(NOTHING_LEARNED)
    return Changes(counting_of(state), state.landmark)


def learned_since(state: LearnedState) -> datetime:
    """The first moment whose events count.

    Raises:
        ValueError: nothing has been learned yet.
    """
    if state.landmark is None:
        raise ValueError(NOTHING_LEARNED)
    return state.landmark - timedelta(days=counting_of(state).learn_days)


def learned_until() -> datetime:
    """The last moment whose events count: a machine whose clock is ahead may have stored what is still to come."""
    return timezone.now() + ID_SLACK


def pending_batches(above: int = 0) -> frozenset[int]:
    """The batches of events that are not learned from yet.

    Args:
        above: only those with a higher number.
    """
    batches = UnlearnedBatch.objects.using(learning_database()).filter(pk__gt=above)
    return frozenset(batches.values_list("pk", flat=True))


def unlearned_visitors() -> frozenset[str]:
    """Visitors whose part has been taken back from the counts, and whose events may still be there.

    To be read after the state: whoever is unlearned later than that moves its version.
    """
    erasures = Erasure.objects.using(learning_database()).filter(is_unlearned=True, done_at__isnull=True)
    return frozenset(erasures.values_list("visitor", flat=True))


def counts_in_bulk(product_ids: Collection[str], generation: int) -> dict[str, ProductCounts]:
    """What is counted of some products, by id."""
    rows = ProductCounts.objects.using(learning_database()).filter(generation=generation)
    return {row.product_id: row for chunk in _chunks(product_ids) for row in rows.filter(product_id__in=chunk)}


def totals_in_bulk(product_ids: Collection[str], generation: int) -> dict[str, Totals]:
    """The totals of some products, by id, without what is counted of their pairs."""
    rows = ProductCounts.objects.using(learning_database()).filter(generation=generation)
    found: dict[str, Totals] = {}
    for chunk in _chunks(product_ids):
        for product_id, *totals in rows.filter(product_id__in=chunk).values_list("product_id", *TOTALS):
            found[product_id] = Totals(*totals)
    return found


def totals_of(row: ProductCounts) -> Totals:
    """The totals in a row."""
    return Totals(*(getattr(row, name) for name in TOTALS))


def named(totals: Totals) -> Mapping[str, int | float]:
    """Totals by the names of their columns."""
    return {name: getattr(totals, name) for name in TOTALS}


def _chunks(product_ids: Iterable[str]) -> Iterable[list[str]]:
    ids = sorted(product_ids)
    return (ids[start : start + CHUNK_IDS] for start in range(0, len(ids), CHUNK_IDS))
