"""Reads the lists that a page needs, all in one query."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connections, router

from ecom_llm.entities import ListKind
from ecom_llm.models import CandidateList, LearnedState
from ecom_llm.recommend.packing import Shown, unpack_evidence, unpack_floats, unpack_ids


@dataclass(frozen=True, slots=True)
class Listed:
    """One list, as it was read.

    Attributes:
        seed: a product's id, a category's name or empty.
        product_ids: the candidates, strongest first.
        weights: one for each.
        seed_visits: visits that looked at the seed.
    """

    seed: str
    product_ids: list[str]
    weights: Sequence[float]
    _evidence: bytes = b""
    seed_visits: int = 0

    def shown(self, place: int) -> Shown | None:
        """What shows that the candidate at a place, from 0, belongs here; None where the list does not say."""
        return unpack_evidence(self._evidence, place) if self._evidence else None


# How many of what goes with a further product are read: those after it hardly change an order.
HOP_LISTED = 50

Lists = dict[tuple[ListKind, str], Listed]


def read_lists(viewed: Collection[str], basket: Collection[str], category: str) -> Lists:
    """The lists of some products, of a category and of the whole shop, by kind and seed. One query.

    Args:
        viewed: seeds; what was viewed with them, and what is like them.
        basket: seeds; what was bought with them.
        category: of the page's product; empty for none.
    """
    wanted = {(ListKind.SHOP, ""), (ListKind.FRESH, ""), (ListKind.CATEGORY, category)}
    wanted |= {(kind, seed) for kind in (ListKind.PAIRS, ListKind.CONTENT) for seed in viewed}
    wanted |= {(ListKind.ORDERS, seed) for seed in basket}
    rows = _select("kind, seed, product_ids, weights, seed_visits, evidence", {*viewed, *basket, category, ""})
    return {
        (ListKind(kind), seed): Listed(seed, unpack_ids(ids), unpack_floats(weights), bytes(evidence), visits)
        for kind, seed, ids, weights, visits, evidence in rows
        if (kind, seed) in wanted
    }


def read_pairs(product_ids: Collection[str]) -> Lists:
    """What goes with some products the most, without what shows it. One query, none for no products."""
    rows = _select("seed, product_ids, weights", product_ids, ListKind.PAIRS) if product_ids else ()
    return {
        (ListKind.PAIRS, seed): Listed(seed, unpack_ids(ids, HOP_LISTED), unpack_floats(weights)[:HOP_LISTED])
        for seed, ids, weights in rows
    }


def _select(columns: str, seeds: Collection[str], kind: str = "") -> list[tuple[Any, ...]]:
    """The valid rows of some seeds, in plain SQL: to have it made anew for each page takes as long as the rest.

    Args:
        columns: to read.
        seeds: whose lists.
        kind: of the lists; empty for all.
    """
    connection = connections[router.db_for_read(CandidateList)]
    quote = connection.ops.quote_name
    lists, state = quote(CandidateList._meta.db_table), quote(LearnedState._meta.db_table)
    learned = f"SELECT generation FROM {state} WHERE id = 1"  # noqa: S608 - names only, as below
    marks = ", ".join(["%s"] * len(seeds))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {columns} FROM {lists}"  # noqa: S608
            f" WHERE seed IN ({marks}) AND (generation = 0 OR generation = ({learned}))"
            f"{' AND kind = %s' if kind else ''}",
            [*sorted(seeds), *([kind] if kind else [])],
        )
        return list(cursor.fetchall())
