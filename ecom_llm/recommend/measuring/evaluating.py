"""Predicts each next product of visits that were made, and counts how often the recommender would have named it."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ecom_llm.recommend.measuring.metrics import Accuracy, PopularityBias, coverage, percentile, place_of

# Takes a visit so far, product ids oldest first, and how many to recommend at most; gives ids, best first.
Recommender = Callable[[Sequence[str], int], Sequence[str]]


@dataclass(slots=True)
class Measured:
    """What a recommender is worth on visits.

    Attributes:
        every: over all next products, those that the visit had seen before included.
        novel: over the next products that the visit had not seen.
        visits: how many were measured on, each with at least one next product.
        coverage: the share of the catalogue that was recommended at least once.
        popularity_bias: see `PopularityBias`; None where it cannot be told.
        p50_ms: what half of the calls took at most, in milliseconds.
        p95_ms: what 95 % of the calls took at most, in milliseconds.
        is_complete: whether it came to the end.
    """

    every: Accuracy = field(default_factory=Accuracy)
    novel: Accuracy = field(default_factory=Accuracy)
    visits: int = 0
    coverage: float = 0.0
    popularity_bias: float | None = None
    p50_ms: float = 0.0
    p95_ms: float = 0.0
    is_complete: bool = True


@dataclass(frozen=True, slots=True)
class Shop:
    """What the figures are about.

    Attributes:
        products: ids of all that could be recommended.
        popularity: how often each product was chosen in what was learned from.
    """

    products: Collection[str] = ()
    popularity: Mapping[str, float] = field(default_factory=dict)


def evaluate(
    visits: Sequence[Sequence[str]],
    k: int,
    recommender: Recommender,
    shop: Shop,
    on_prediction: Callable[[int], bool] = lambda _: True,
) -> Measured:
    """Predict the second and every later product of each visit from those before it.

    The same product again at once is a reload, and not predicted. Going back to what the visit has seen before counts
    in `every` and not in `novel`.

    Args:
        visits: product ids, oldest first.
        k: how many products are recommended at most.
        recommender: what is measured; each call is timed.
        shop: what it recommends from.
        on_prediction: told how many were made; once it answers with False, the run ends.
    """
    measured = Measured()
    bias = PopularityBias(shop.popularity)
    shown: set[str] = set()
    milliseconds: list[float] = []
    for visit, place, is_novel in _predictions(visits, measured):
        called = time.perf_counter()
        recommended = list(recommender(visit[:place], k))[:k]
        milliseconds.append((time.perf_counter() - called) * 1000)
        shown.update(recommended)
        bias.add(recommended, visit[place])
        found = place_of(visit[place], recommended)
        measured.every.add(found)
        if is_novel:
            measured.novel.add(found)
        if not on_prediction(measured.every.n):
            measured.is_complete = False
            break
    measured.coverage = coverage(shown, shop.products)
    measured.popularity_bias = bias.value
    measured.p50_ms, measured.p95_ms = percentile(milliseconds, 0.5), percentile(milliseconds, 0.95)
    return measured


def predictions_of(visit: Sequence[str]) -> Iterator[tuple[int, bool]]:
    """The places of a visit whose product is to be predicted, and whether the visit had not seen it before."""
    seen: set[str] = set()
    for place, product_id in enumerate(visit):
        if place and product_id != visit[place - 1]:
            yield place, product_id not in seen
        seen.add(product_id)


def predictions_in(visit: Sequence[str]) -> int:
    """How many predictions a visit gives."""
    return sum(1 for _ in predictions_of(visit))


def sampled(visits: Sequence[Sequence[str]], size: int | None, seed: int) -> list[Sequence[str]]:
    """Draw visits that have something to predict, without replacement and in their order.

    Args:
        visits: to draw from.
        size: how many; all when there are not more, or when left out.
        seed: the same one draws the same.
    """
    found = [visit for visit in visits if predictions_in(visit)]
    if size is None or size >= len(found):
        return found
    places = random.Random(seed).sample(range(len(found)), size)  # noqa: S311
    return [found[place] for place in sorted(places)]


def _predictions(visits: Sequence[Sequence[str]], measured: Measured) -> Iterator[tuple[Sequence[str], int, bool]]:
    """All predictions of all visits; counts the visits as it comes to them."""
    for visit in visits:
        for number, (place, is_novel) in enumerate(predictions_of(visit)):
            measured.visits += number == 0
            yield visit, place, is_novel
