"""Writes changes of the counts down and brings the lists that rest on them up to date."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

from django.db import transaction
from django.db.models import F

from ecom_llm import conf
from ecom_llm.exceptions import EcomLLMError
from ecom_llm.models import CandidateList, LearnedState, ProductCounts
from ecom_llm.recommend.blend import Blend
from ecom_llm.recommend.changes import WHOLE_SHOP, Changes, Totals
from ecom_llm.recommend.pair_counts import PairCount, merged, pack_counts, strongest, unpack_counts
from ecom_llm.recommend.popularity import popular_lists
from ecom_llm.recommend.state import (
    TOTALS,
    counting_of,
    counts_in_bulk,
    learning_database,
    named,
    totals_in_bulk,
    totals_of,
)
from ecom_llm.recommend.weighing import Weighing, make_lists

# Products that are read and written at once.
CHUNK_PRODUCTS = 200


class LearnedMeanwhileError(EcomLLMError):
    """Somebody else has learned meanwhile; begin again with what is there now."""


def weighing_now(state: LearnedState, shop: Totals) -> Weighing:
    """How pairs are to be weighed, as of the newest that was counted: of an old history, now would be long after."""
    settings = conf.get_settings().recommend
    present = 1.0
    if state.landmark and state.newest_at:
        present = counting_of(state).recency(state.newest_at, state.landmark)
    return Weighing(Blend.read(state.blend), shop, present, settings.min_support, settings.candidates)


def apply(state: LearnedState, changes: Changes, also: Callable[[], Any]) -> int:
    """Add changes to the counts and renew the lists of all products that they touch. All or nothing.

    What is to be written is made ready first: for the transaction all of SQLite's writers wait.

    Args:
        state: as it was read before the changes were counted.
        changes: in the state's scale.
        also: what is to be written in the same transaction.

    Returns:
        How many pairs were touched.

    Raises:
        LearnedMeanwhileError: the state is no longer that one; nothing is written.
    """
    if not changes.totals:
        claim(state, also)
        return 0
    by_seed = dict(changes.pairs.by_seed())
    state.newest_at = max(state.newest_at or changes.newest_at, changes.newest_at)
    rows = _changed_rows(state, changes, by_seed)
    lists = _changed_lists(state, rows)
    with transaction.atomic(using=learning_database()):
        take_turn(state)
        write_counts(list(rows.values()))
        write_lists(lists)
        also()
    return sum(map(len, by_seed.values()))


def claim(state: LearnedState, also: Callable[[], Any]) -> None:
    """Change no count, but have whoever is about to change some begin again. All or nothing.

    Args:
        state: as it was read.
        also: what is to be written in the same transaction.

    Raises:
        LearnedMeanwhileError: the state is no longer that one; nothing is written.
    """
    with transaction.atomic(using=learning_database()):
        take_turn(state)
        also()


def take_turn(state: LearnedState) -> None:
    """Claim the state for this transaction: whoever else has read the same one is told.

    Raises:
        LearnedMeanwhileError: it is no longer the one that was read.
    """
    rows = LearnedState.objects.using(learning_database()).filter(pk=1, version=state.version)
    if not rows.update(version=F("version") + 1, newest_at=state.newest_at):
        raise LearnedMeanwhileError
    state.version += 1


def write_lists(lists: Sequence[CandidateList]) -> None:
    """Write lists in the place of those of the same kind, seed and generation."""
    CandidateList.objects.using(learning_database()).bulk_create(
        lists,
        batch_size=CHUNK_PRODUCTS,
        update_conflicts=True,
        unique_fields=["seed", "kind", "generation"],
        update_fields=["seed_visits", "product_ids", "weights", "evidence"],
    )


def write_counts(rows: Sequence[ProductCounts]) -> None:
    """Write counts in the place of those of the same product and generation."""
    ProductCounts.objects.using(learning_database()).bulk_create(
        rows,
        batch_size=CHUNK_PRODUCTS,
        update_conflicts=True,
        unique_fields=["product_id", "generation"],
        update_fields=[*TOTALS, "pairs"],
    )


def _changed_rows(
    state: LearnedState, changes: Changes, by_seed: dict[str, list[PairCount]]
) -> dict[str, ProductCounts]:
    changed = {}
    for chunk in _chunks({*changes.totals, *by_seed}):
        known = counts_in_bulk(chunk, state.generation)
        for product_id in chunk:
            row = known.get(product_id) or ProductCounts(product_id=product_id)
            totals = totals_of(row).plus(changes.totals.get(product_id, Totals()))
            packed = bytes(row.pairs)
            if own := by_seed.get(product_id):
                packed = pack_counts(strongest(merged(unpack_counts(packed), own)))
            # A new object: one with the row's key would be in conflict under that one, too.
            changed[product_id] = ProductCounts(
                generation=state.generation, product_id=product_id, pairs=packed, **named(totals)
            )
    return changed


def _changed_lists(state: LearnedState, rows: dict[str, ProductCounts]) -> list[CandidateList]:
    shop = rows.get(WHOLE_SHOP)
    weighing = weighing_now(state, totals_of(shop) if shop is not None else Totals())
    fresh = {product_id: totals_of(row) for product_id, row in rows.items() if product_id != WHOLE_SHOP}
    lists: list[CandidateList] = []
    for chunk in _chunks(fresh):
        counts = {product_id: unpack_counts(rows[product_id].pairs) for product_id in chunk}
        candidates = {count.candidate for own in counts.values() for count in own}
        totals = totals_in_bulk(candidates - fresh.keys(), state.generation) | fresh
        for seed, own in counts.items():
            lists += make_lists(seed, own, totals, weighing, state.generation)
    return [*lists, *popular_lists(state, fresh)]


def _chunks(product_ids: Collection[str]) -> Iterator[list[str]]:
    ids = sorted(product_ids)
    return (ids[start : start + CHUNK_PRODUCTS] for start in range(0, len(ids), CHUNK_PRODUCTS))
