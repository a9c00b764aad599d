"""Reads the best candidates from the catalogue and orders those that may be shown."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import islice
from typing import Any

from ecom_llm.catalog.registry import get_catalog
from ecom_llm.entities import ProductFacts
from ecom_llm.recommend.candidates import Candidates
from ecom_llm.recommend.diversity import diversify
from ecom_llm.recommend.filters import allowed
from ecom_llm.recommend.rules import PageRules
from ecom_llm.recommend.shared import is_same_category, shared_attributes

# Candidates that are read from the catalogue beyond those that are to be shown: a quarter more, but at least these.
SPARE = 6
# Times that it is read from, each time twice as many: with a page of four 310 candidates.
MOST_READS = 5
# Seeds that evidence may name; each is read from the catalogue.
NAMED_SEEDS = 5
# A page with as many places gives one of them to a fresh product.
PLACES_FOR_FRESH = 4
# With how many shared attributes half of what likeness can add is added.
LIKENESS_HALF = 2


class Shortlist:
    """The candidates that may be shown, with their products.

    Attributes:
        page: the page's product, if it has one.
        candidates: all of them.
        facts: of the products that were read, by id.
        products: those of them that may be shown, by id.
    """

    def __init__(
        self,
        page: ProductFacts | None,
        candidates: Candidates,
        rules: PageRules,
        unwanted: Collection[str],
        *,
        likeness: float,
    ) -> None:
        self.page = page
        self.candidates = candidates
        self.facts: dict[str, ProductFacts] = {} if page is None else {page.product_id: page}
        self.products: dict[str, Any] = {}
        self._rules = rules
        self._unwanted = frozenset(unwanted)
        self._likeness = likeness

    def choose(self, limit: int, diversity: float, pinned: Sequence[str] = ()) -> list[tuple[str, float]]:
        """The ids to show and their scores, best first.

        Args:
            limit: places to fill; none where a search has filled the page.
            diversity: how much categories are mixed.
            pinned: ids of products that the shop wants on this page; those that may be shown come beyond the places,
                unless they have one.
        """
        self._load(limit, pinned)
        ranked = sorted(
            ((product_id, self._score(product_id)) for product_id in self.products), key=lambda item: -item[1]
        )
        mixed = diversify(
            ranked,
            score_of=lambda item: item[1],
            category_of=lambda item: self.facts[item[0]].category,
            strength=diversity,
            places=limit,
            free=[self.page.category] if self.page is not None else [],
        )
        ordered = self._with_fresh(mixed, limit)
        return ordered[:limit] + [item for item in ordered[limit:] if item[0] in pinned]

    def _load(self, limit: int, pinned: Sequence[str]) -> None:
        """Read as many candidates from the catalogue as it takes to fill the page, and the seeds to be named."""
        catalog = get_catalog()
        ranked = iter(self.candidates.ranked())
        first = [*pinned, *self.candidates.fresh, *self._rules.raised_ids(self.candidates.scores)]
        also: Collection[str] = set(list(self.candidates.seeds.weights)[:NAMED_SEEDS]) - self.facts.keys()
        size = limit + max(SPARE, limit // 4)
        for _ in range(MOST_READS):
            ids = list(dict.fromkeys([*islice(ranked, size), *first]))
            if not ids:
                return
            loaded = {
                item: product for item, product in catalog.in_bulk({*ids, *also}).items() if catalog.is_visible(product)
            }
            self.facts.update((item, catalog.facts(product)) for item, product in loaded.items())
            shown = allowed(((item, loaded[item]) for item in ids if item in loaded), excluded=self._unwanted)
            self.products.update(
                (item, product)
                for item, product in shown.items()
                if not self._rules.is_excluded(item, self.facts[item].category)
            )
            if len(self.products) >= limit:
                return
            # Where so many cannot be shown, most of the next may not be either.
            also, first, size = (), [], 2 * size

    def _with_fresh(self, mixed: list[tuple[str, float]], limit: int) -> list[tuple[str, float]]:
        """Give the last place to a product that hardly anyone has seen yet, unless one is shown anyway.

        Nobody would ever view it otherwise, and so it would never be learned from.
        """
        fresh = [product_id for product_id in self.candidates.fresh if product_id in self.products]
        if limit < PLACES_FOR_FRESH or not fresh or any(item in fresh for item, _ in mixed[:limit]):
            return mixed
        chosen = next(item for item in mixed if item[0] == fresh[0])
        rest = [item for item in mixed if item is not chosen]
        return [*rest[: limit - 1], chosen, *rest[limit - 1 :]]

    def _score(self, product_id: str) -> float:
        score = self.candidates.scores.get(product_id, 0.0)
        own = self.facts[product_id]
        if self.page is not None:
            shared = len(shared_attributes(self.page, own)) + is_same_category(self.page, own)
            score += self._likeness * shared / (shared + LIKENESS_HALF)
        return score * self._rules.factor(product_id, own.category)
