"""The lists of what is popular: in the whole shop and in each category."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from ecom_llm.catalog.adapters.base import MAX_ID_CHARACTERS
from ecom_llm.catalog.registry import get_catalog
from ecom_llm.entities import EvidenceKind, ListKind
from ecom_llm.models import CandidateList, LearnedState
from ecom_llm.recommend.changes import Totals
from ecom_llm.recommend.packing import Shown, unpack_ids
from ecom_llm.recommend.state import learning_database, totals_in_bulk
from ecom_llm.recommend.weighing import pack_list

CHUNK_PRODUCTS = 500
# How many visits an order is worth.
ORDER_WEIGHT = 3.0
WHOLE_SHOP = ""
# Products kept of each list: they fill up what pairs leave open.
POPULAR_PRODUCTS = 40

# Sorts the strongest first: weight (negative), whether it cannot be had, place in the catalogue; then id and support.
_Entry = tuple[float, bool, int, str, int]
_Key = tuple[ListKind, str]


def category_seed(category: str) -> str:
    """A category's name as the seed of its candidates."""
    return category[:MAX_ID_CHARACTERS]


def popularity(totals: Totals) -> float:
    """One for a visit, three for an order, less for those of long ago."""
    return totals.visit_weight + ORDER_WEIGHT * totals.order_weight


def support(totals: Totals) -> int:
    """The visits that looked at it, or the orders that hold it when those are more."""
    return max(totals.visits, totals.orders)


@dataclass(slots=True)
class Ranking:
    """The best products of the shop and of each category, while the catalogue is walked through.

    Attributes:
        limit: products kept of each list.
    """

    limit: int
    _best: defaultdict[_Key, list[_Entry]] = field(default_factory=lambda: defaultdict(list))
    _place: int = 0

    def add(self, product: Any, totals: Totals) -> None:
        """Rank a product of the shop's; one that nobody has looked at yet has a place too.

        A fresh shop has candidates that way. What can be had comes before what cannot.
        """
        catalog = get_catalog()
        product_id = catalog.product_id(product)
        is_gone = not catalog.offer(product).is_available
        self._place += 1
        entry = (-popularity(totals), is_gone, self._place, product_id, support(totals))
        self._push((ListKind.SHOP, WHOLE_SHOP), entry)
        if category := category_seed(catalog.facts(product).category):
            self._push((ListKind.CATEGORY, category), entry)

    def lists(self, generation: int) -> Iterator[CandidateList]:
        """The lists, ready to be written."""
        for (kind, seed), entries in self._best.items():
            best = sorted(entries)[: self.limit]
            evidence = EvidenceKind.POPULAR if kind is ListKind.SHOP else EvidenceKind.POPULAR_IN_CATEGORY
            shown = [Shown(evidence, entry[4], 0.0) for entry in best]
            yield pack_list(kind, seed, generation, [(entry[3], -entry[0]) for entry in best], shown)

    def _push(self, key: _Key, entry: _Entry) -> None:
        entries = self._best[key]
        entries.append(entry)
        if len(entries) > 8 * self.limit:
            entries[:] = heapq.nsmallest(self.limit, entries)


def rank_catalogue(totals: Mapping[str, Totals], generation: int) -> Iterator[CandidateList]:
    """Walk through the whole catalogue, 500 products at a time, and rank it.

    Args:
        totals: by product.
        generation: which the lists belong to.
    """
    ranking = Ranking(POPULAR_PRODUCTS)
    nothing = Totals()
    for product_id, product in _iter_products(get_catalog().iter_ids()):
        ranking.add(product, totals.get(product_id, nothing))
    yield from ranking.lists(generation)


def popular_lists(state: LearnedState, fresh: Mapping[str, Totals]) -> list[CandidateList]:
    """The lists that products are in or come into, after their counts have changed.

    Args:
        state: what is valid.
        fresh: the new totals of the products whose counts have changed.
    """
    catalog = get_catalog()
    touched = {product_id: catalog.facts(product) for product_id, product in _iter_products(fresh)}
    categories = {category_seed(facts.category) for facts in touched.values()}
    keys: list[_Key] = [(ListKind.SHOP, WHOLE_SHOP)]
    keys += [(ListKind.CATEGORY, category) for category in sorted(categories) if category]
    ids = {*touched, *_listed(keys, state.generation)}
    totals = totals_in_bulk(ids - fresh.keys(), state.generation) | dict(fresh)
    ranking = Ranking(POPULAR_PRODUCTS)
    for product_id, product in _iter_products(sorted(ids)):
        ranking.add(product, totals.get(product_id, Totals()))
    wanted = set(keys)
    return [item for item in ranking.lists(state.generation) if (ListKind(item.kind), item.seed) in wanted]


def _listed(keys: Iterable[_Key], generation: int) -> Iterator[str]:
    kinds = defaultdict(list)
    for kind, seed in keys:
        kinds[kind].append(seed)
    rows = CandidateList.objects.using(learning_database()).filter(generation=generation)
    for kind, seeds in kinds.items():
        for start in range(0, len(seeds), CHUNK_PRODUCTS):
            chunk = rows.filter(kind=kind, seed__in=seeds[start : start + CHUNK_PRODUCTS])
            for packed in chunk.values_list("product_ids", flat=True):
                yield from unpack_ids(packed)


def _iter_products(product_ids: Iterable[str]) -> Iterator[tuple[str, Any]]:
    catalog = get_catalog()
    ids = iter(product_ids)
    while chunk := list(islice(ids, CHUNK_PRODUCTS)):
        found = catalog.in_bulk(chunk)
        yield from ((product_id, found[product_id]) for product_id in chunk if product_id in found)
