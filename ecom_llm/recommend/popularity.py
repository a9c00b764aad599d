"""Ranks the catalogue by how much its products are looked at and bought: the whole shop and each category."""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from ecom_llm.catalog.adapters.base import MAX_ID_CHARACTERS
from ecom_llm.catalog.registry import get_catalog
from ecom_llm.entities import EvidenceKind

CHUNK_PRODUCTS = 500
# How many visits an order is worth.
ORDER_WEIGHT = 3
WHOLE_SHOP = ""

# Sorts the strongest first: weight (negative), whether it cannot be had, place in the catalogue; then the id.
_Entry = tuple[float, bool, int, str]


@dataclass(frozen=True, slots=True)
class Popularity:
    """How often each product was looked at and bought.

    Attributes:
        visits: visits that looked at it.
        orders: orders that hold it.
    """

    visits: Counter[str] = field(default_factory=Counter)
    orders: Counter[str] = field(default_factory=Counter)

    def weight(self, product_id: str) -> float:
        """One for a visit, three for an order."""
        return float(self.visits[product_id] + ORDER_WEIGHT * self.orders[product_id])

    def support(self, product_id: str) -> int:
        """The visits that looked at it, or the orders that hold it when those are more."""
        return max(self.visits[product_id], self.orders[product_id])


@dataclass(slots=True)
class CatalogueRanking:
    """The best products of the shop and of each category.

    Attributes:
        known: ids of all visible products.
        lists: by kind and seed (a category, or empty for the whole shop), ids strongest first.
    """

    known: set[str]
    lists: dict[tuple[EvidenceKind, str], list[str]]


def category_seed(category: str) -> str:
    """A category's name as the seed of its candidates."""
    return category[:MAX_ID_CHARACTERS]


def rank_catalogue(popularity: Popularity, limit: int) -> CatalogueRanking:
    """Read the whole catalogue, 500 products at a time, and rank it.

    A product that nobody has looked at yet has a place too, so that a fresh shop has candidates; what can be
    had comes before what cannot.

    Args:
        popularity: counts from events.
        limit: products kept of each list.
    """
    best: defaultdict[tuple[EvidenceKind, str], list[_Entry]] = defaultdict(list)
    known: set[str] = set()
    catalog = get_catalog()
    for place, (product_id, product) in enumerate(_iter_products()):
        known.add(product_id)
        is_gone = not catalog.offer(product).is_available
        entry = (-popularity.weight(product_id), is_gone, place, product_id)
        _push(best[EvidenceKind.POPULAR, WHOLE_SHOP], entry, limit)
        category = category_seed(catalog.facts(product).category)
        if category:
            _push(best[EvidenceKind.POPULAR_IN_CATEGORY, category], entry, limit)
    lists = {key: [entry[-1] for entry in sorted(entries)[:limit]] for key, entries in best.items()}
    return CatalogueRanking(known, lists)


def _iter_products() -> Iterator[tuple[str, Any]]:
    catalog = get_catalog()
    ids = catalog.iter_ids()
    while chunk := list(islice(ids, CHUNK_PRODUCTS)):
        found = catalog.in_bulk(chunk)
        yield from ((product_id, found[product_id]) for product_id in chunk if product_id in found)


def _push(entries: list[_Entry], entry: _Entry, limit: int) -> None:
    entries.append(entry)
    if len(entries) > 8 * limit:
        entries[:] = heapq.nsmallest(limit, entries)
