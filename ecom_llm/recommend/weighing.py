"""Turns the counts of a seed's pairs into the list that pages read: one weight for each, and what shows it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import nsmallest

from ecom_llm.entities import ListKind
from ecom_llm.models import CandidateList
from ecom_llm.recommend.blend import Blend
from ecom_llm.recommend.changes import Totals
from ecom_llm.recommend.packing import Shown, pack_evidence, pack_floats, pack_ids
from ecom_llm.recommend.pair_counts import ADDED, AFTER, BEFORE, BOUGHT, EVIDENCE, TOGETHER, PairCount

# What people bought says more than what they put into the cart, that more than what they viewed, and the order of
# viewing more than the mere company.
STRONGEST_FIRST = (BOUGHT, ADDED, AFTER, TOGETHER)


@dataclass(frozen=True, slots=True)
class Weighing:
    """How pairs are weighed; the same for all lists that are made together.

    Attributes:
        blend: the parameters.
        shop: totals of all visits, carts and orders.
        present: what a visit counts that ends now, in the counts' unit.
        min_support: visits or orders from which a pair counts as evidence.
        limit: candidates kept.
    """

    blend: Blend
    shop: Totals
    present: float
    min_support: int
    limit: int

    def by_views(self, seed: Totals, candidate: Totals, count: PairCount) -> float:
        """How strongly a candidate goes with a seed, by what was viewed and added.

        The share of the seed's visits (carts) that the pair has, damped by how popular the candidate is anyway. With
        both powers a half it would be the cosine similarity of items (Sarwar et al., 2001).
        """
        blend = self.blend
        weights = count.weights
        viewed = weights[AFTER] + blend.reverse * weights[BEFORE] + blend.together * weights[TOGETHER]
        damping = blend.shrinkage * self.present, blend.seed_damping, blend.candidate_damping
        share = viewed / _scale(seed.visit_weight, candidate.visit_weight, *damping)
        if weights[ADDED]:
            share += blend.added * weights[ADDED] / _scale(seed.cart_weight, candidate.cart_weight, *damping)
        return float(share**blend.power)

    def by_orders(self, seed: Totals, candidate: Totals, count: PairCount) -> float:
        """The same by what was bought together."""
        blend = self.blend
        damping = blend.order_shrinkage * self.present, blend.order_seed_damping, blend.order_candidate_damping
        scale = _scale(seed.order_weight, candidate.order_weight, *damping)
        return float((count.weights[BOUGHT] / scale) ** blend.order_power)

    def show(self, seed: Totals, candidate: Totals, count: PairCount) -> Shown:
        """The strongest evidence for a pair that enough visits or orders support, else the best supported."""
        best = next((kind for kind in STRONGEST_FIRST if count.supports[kind] >= self.min_support), None)
        if best is None:
            best = max(STRONGEST_FIRST, key=lambda kind: count.supports[kind])
        support = count.supports[best]
        return Shown(EVIDENCE[best], support, self._lift(best, support, seed, candidate))

    def _lift(self, kind: int, support: int, seed: Totals, candidate: Totals) -> float:
        all_of_them, of_seed, of_candidate = {
            ADDED: (self.shop.carts, seed.carts, candidate.carts),
            BOUGHT: (self.shop.orders, seed.orders, candidate.orders),
        }.get(kind, (self.shop.visits, seed.visits, candidate.visits))
        expected = of_seed * of_candidate
        return support * all_of_them / expected if expected else 0.0


def make_lists(
    seed: str, counts: Sequence[PairCount], totals: Mapping[str, Totals], weighing: Weighing, generation: int
) -> Iterator[CandidateList]:
    """The lists of a seed's candidates, by views and by orders, strongest first.

    Both are always there, even empty: they take the place of what was there before.

    Args:
        seed: a product's id.
        counts: of its pairs.
        totals: of the seed and of all candidates.
        weighing: how.
        generation: which the lists belong to.
    """
    nothing = Totals()
    own = totals.get(seed, nothing)
    for kind, weigh in ((ListKind.PAIRS, weighing.by_views), (ListKind.ORDERS, weighing.by_orders)):
        weighed = [(weigh(own, totals.get(count.candidate, nothing), count), count) for count in counts]
        best = nsmallest(
            weighing.limit, (item for item in weighed if item[0]), key=lambda item: (-item[0], item[1].candidate)
        )
        shown = [weighing.show(own, totals.get(count.candidate, nothing), count) for _, count in best]
        row = pack_list(kind, seed, generation, [(count.candidate, weight) for weight, count in best], shown)
        row.seed_visits = own.visits
        yield row


def pack_list(
    kind: ListKind, seed: str, generation: int, weighed: Sequence[tuple[str, float]], shown: Sequence[Shown]
) -> CandidateList:
    """A list as its row.

    Args:
        kind: what it rests on.
        seed: a product's id, a category's name or empty.
        generation: which it belongs to.
        weighed: ids and weights, strongest first.
        shown: what shows each; empty where the kind says it all.
    """
    return CandidateList(
        kind=kind.value,
        seed=seed,
        generation=generation,
        product_ids=pack_ids(product_id for product_id, _ in weighed),
        weights=pack_floats(weight for _, weight in weighed),
        evidence=pack_evidence(shown),
    )


def _scale(seed: float, candidate: float, shrinkage: float, seed_damping: float, candidate_damping: float) -> float:
    return float((seed + shrinkage) ** seed_damping * (candidate + shrinkage) ** candidate_damping)
