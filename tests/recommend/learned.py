"""What has been learned, in a shape that tests can compare."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
from django.utils import timezone

from ecom_llm.entities import ListKind
from ecom_llm.models import CandidateList, LearnedState, ProductCounts
from ecom_llm.recommend.contributions import Counting
from ecom_llm.recommend.packing import Shown, unpack_evidence, unpack_floats, unpack_ids
from ecom_llm.recommend.pair_counts import PairCount, unpack_counts
from ecom_llm.recommend.state import TOTALS, totals_of

# To which weights are brought, whatever the moment they were counted back from.
MOMENT = timezone.now()


class Counts(NamedTuple):
    """What is counted, whole numbers apart from weights.

    Attributes:
        numbers: of products and of pairs, those that are not 0.
        weights: the same.
    """

    numbers: dict[Any, int]
    weights: dict[Any, float]

    def check(self, other: Counts) -> None:
        """Numbers are the same exactly, weights to a ten-thousandth."""
        assert self.numbers == other.numbers
        assert self.weights == pytest.approx(other.weights, rel=1e-4, abs=1e-6)


def counts_now() -> Counts:
    """All that is counted in the generation that is valid."""
    numbers: dict[Any, int] = {}
    weights: dict[Any, float] = {}
    state = LearnedState.objects.get()
    assert state.landmark is not None
    factor = Counting(**state.counting).recency(state.landmark, MOMENT)
    for row in ProductCounts.objects.filter(generation=state.generation):
        for name in TOTALS:
            number = getattr(totals_of(row), name)
            if name.endswith("weight"):
                weights[row.product_id, name] = number * factor
            else:
                numbers[row.product_id, name] = number
        for count in unpack_counts(row.pairs):
            for kind, (support, weight) in enumerate(zip(count.supports, count.weights, strict=True)):
                numbers[row.product_id, count.candidate, kind] = support
                weights[row.product_id, count.candidate, kind] = weight * factor
    kept = {key for key, number in numbers.items() if number}
    return Counts(
        {key: number for key, number in numbers.items() if number},
        {key: weight for key, weight in weights.items() if _number_of(key) in kept},
    )


def _number_of(key: Any) -> Any:
    """The number that a weight belongs to: with nothing counted, only rounding is left of it."""
    names = {"visit_weight": "visits", "cart_weight": "carts", "order_weight": "orders"}
    return (key[0], names[key[1]]) if len(key) == 2 else key


def pairs_of(product_id: str) -> dict[str, PairCount]:
    """What is counted of a product's pairs, by candidate."""
    rows = ProductCounts.objects.filter(generation=LearnedState.objects.get().generation, product_id=product_id)
    return {count.candidate: count for row in rows for count in unpack_counts(row.pairs)}


def weights_in(seed: str, kind: ListKind = ListKind.PAIRS) -> dict[str, float]:
    """The valid list of a seed: candidates, strongest first, and their weights; empty where there is none."""
    row = CandidateList.objects.filter(
        generation=LearnedState.objects.get().generation, kind=kind.value, seed=seed
    ).first()
    if row is None:
        return {}
    return dict(zip(unpack_ids(row.product_ids), unpack_floats(row.weights), strict=True))


def candidates(seed: str, kind: ListKind = ListKind.PAIRS) -> list[str]:
    """The candidates of a seed, strongest first."""
    return list(weights_in(seed, kind))


def shown(seed: str, product_id: str, kind: ListKind = ListKind.PAIRS) -> Shown:
    """What shows that a candidate belongs to a seed."""
    row = CandidateList.objects.get(generation=LearnedState.objects.get().generation, kind=kind.value, seed=seed)
    return unpack_evidence(row.evidence, unpack_ids(row.product_ids).index(product_id))


def all_lists() -> dict[tuple[str, str], dict[str, float]]:
    """All valid lists that hold anything, by kind and seed."""
    rows = CandidateList.objects.filter(generation=LearnedState.objects.get().generation)
    lists = {(row.kind, row.seed): weights_in(row.seed, ListKind(row.kind)) for row in rows}
    return {key: weights for key, weights in lists.items() if weights}
