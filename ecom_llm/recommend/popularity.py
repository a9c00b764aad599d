"""The lists of what is popular: in the whole shop and in each category."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from ecom_llm.catalog.adapters.base import MAX_ID_CHARACTERS
from ecom_llm.catalog.registry import get_catalog
from ecom_llm.entities import EvidenceKind, ListKind
from ecom_llm.exceptions import EcomLLMError
from ecom_llm.models import CandidateList, LearnedState
from ecom_llm.recommend.changes import Totals
from ecom_llm.recommend.packing import Shown, unpack_ids
from ecom_llm.recommend.standing import Standing, read_standings
from ecom_llm.recommend.state import learning_database, totals_in_bulk
from ecom_llm.recommend.weighing import pack_list

CHUNK_SEEDS = 500
# How many visits an order is worth.
ORDER_WEIGHT = 3.0
WHOLE_SHOP = ""
# Products kept of each list: they fill up what pairs leave open.
POPULAR_PRODUCTS = 40

# Sorts the strongest first: weight (negative), whether it cannot be had, place in the catalogue; then id and support.
_Entry = tuple[float, bool, int, str, int]
_Key = tuple[ListKind, str]


class CatalogueUnreadableError(EcomLLMError):
    """Not one product of the catalogue could be read, which is a fault of the whole; the old lists stay."""


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

    def add(self, product_id: str, standing: Standing, totals: Totals) -> None:
        """Rank a product of the shop's; one that nobody has looked at yet has a place too, a hidden one has none.

        A fresh shop has candidates that way. What can be had comes before what cannot.
        """
        if not standing.is_visible:
            return
        self._place += 1
        entry = (-popularity(totals), not standing.is_available, self._place, product_id, support(totals))
        self._push((ListKind.SHOP, WHOLE_SHOP), entry)
        if category := category_seed(standing.category):
            self._push((ListKind.CATEGORY, category), entry)

    def lists(self, generation: int) -> Iterator[CandidateList]:
        """The lists, ready to be written."""
        yield from (self.list_of(key, generation) for key in self._best)

    def list_of(self, key: _Key, generation: int) -> CandidateList:
        """One list, ready to be written; empty where nothing was ranked."""
        kind, seed = key
        best = sorted(self._best.get(key, ()))[: self.limit]
        evidence = EvidenceKind.POPULAR if kind is ListKind.SHOP else EvidenceKind.POPULAR_IN_CATEGORY
        shown = [Shown(evidence, entry[4], 0.0) for entry in best]
        return pack_list(kind, seed, generation, [(entry[3], -entry[0]) for entry in best], shown)

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

    Raises:
        CatalogueUnreadableError: it has products, and none of them can be read.
    """
    ranking = Ranking(POPULAR_PRODUCTS)
    nothing = Totals()
    read = failed = 0
    for product_id, standing in read_standings(get_catalog().iter_ids()):
        if standing is None:
            failed += 1
        else:
            read += 1
            ranking.add(product_id, standing, totals.get(product_id, nothing))
    if failed and not read:
        raise CatalogueUnreadableError
    yield from ranking.lists(generation)


def popular_lists(state: LearnedState, fresh: Mapping[str, Totals]) -> list[CandidateList]:
    """The lists that products are in or come into, after their counts have changed.

    Args:
        state: what is valid.
        fresh: the new totals of the products whose counts have changed.
    """
    standings = _standings(fresh)
    categories = {category_seed(standing.category) for standing in standings.values()}
    keys: list[_Key] = [(ListKind.SHOP, WHOLE_SHOP)]
    keys += [(ListKind.CATEGORY, category) for category in sorted(categories) if category]
    standings |= _standings(sorted(set(_listed(keys, state.generation)) - fresh.keys()))
    totals = totals_in_bulk(standings.keys() - fresh.keys(), state.generation) | dict(fresh)
    ranking = Ranking(POPULAR_PRODUCTS)
    for product_id, standing in sorted(standings.items()):
        ranking.add(product_id, standing, totals.get(product_id, Totals()))
    return [ranking.list_of(key, state.generation) for key in keys]


def _standings(product_ids: Iterable[str]) -> dict[str, Standing]:
    """Of those that can be read."""
    return {product_id: standing for product_id, standing in read_standings(product_ids) if standing is not None}


def _listed(keys: Iterable[_Key], generation: int) -> Iterator[str]:
    kinds = defaultdict(list)
    for kind, seed in keys:
        kinds[kind].append(seed)
    rows = CandidateList.objects.using(learning_database()).filter(generation=generation)
    for kind, seeds in kinds.items():
        for start in range(0, len(seeds), CHUNK_SEEDS):
            chunk = rows.filter(kind=kind, seed__in=seeds[start : start + CHUNK_SEEDS])
            for packed in chunk.values_list("product_ids", flat=True):
                yield from unpack_ids(packed)
