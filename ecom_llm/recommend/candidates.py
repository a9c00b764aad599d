"""Scores candidates from the lists of a page's product and of the current visit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import nlargest
from operator import itemgetter

from ecom_llm.entities import ListKind, ProductFacts
from ecom_llm.recommend.blend import Blend
from ecom_llm.recommend.lists import HOP_LISTED, Lists, read_lists, read_pairs
from ecom_llm.recommend.packing import Shown
from ecom_llm.recommend.popularity import WHOLE_SHOP, category_seed

# Products of earlier visits and purchases that count where the visit leaves room for them.
HISTORY_SEEDS = 5
# Products of the visit that count for what was bought together.
BASKET_SEEDS = 50
# Best candidates whose own neighbours count, too.
HOP_SEEDS = 20
# Fresh products that are read from the catalogue, should one of them not be fit to be shown.
FRESH_CANDIDATES = 2
# Below it two products are not called alike.
LEAST_LIKENESS = 0.35

ReadPairs = Callable[[Collection[str]], Lists]


@dataclass(frozen=True, slots=True)
class Seeds:
    """What recommendations start from.

    Attributes:
        weights: by product, how much having been viewed counts; the page's own product and the newest views most.
        basket: by product, how much being among these at all counts, for what was bought together; newest first.
        category: of the page's own product.
    """

    weights: Mapping[str, float]
    basket: Mapping[str, float]
    category: str = ""


@dataclass(frozen=True, slots=True)
class Candidates:
    """Products that are proposed.

    Attributes:
        seeds: what they were found from.
        scores: by id, 1 for the strongest at most.
        lists: that they are in.
        fresh: those that hardly anyone has seen yet and that are like a seed, the most alike first; a few.
    """

    seeds: Seeds
    scores: Mapping[str, float]
    lists: Lists
    fresh: tuple[str, ...] = ()

    def ranked(self) -> list[str]:
        """Ids, strongest first."""
        return sorted(self.scores, key=self.scores.__getitem__, reverse=True)

    def pairs_among(self, product_ids: Collection[str]) -> dict[str, dict[str, Shown]]:
        """By candidate, the seeds that it goes with and what shows it: what adds most to its score first.

        What orders show comes after what visits do.

        Args:
            product_ids: of candidates.
        """
        pairs: dict[str, dict[str, Shown]] = {product_id: {} for product_id in product_ids}
        for kind, weights in ((ListKind.PAIRS, self.seeds.weights), (ListKind.ORDERS, self.seeds.basket)):
            added = self._added(kind, weights, pairs.keys())
            for _, product_id, seed, shown in sorted(added, key=itemgetter(0), reverse=True):
                pairs[product_id].setdefault(seed, shown)
        return pairs

    def _added(
        self, kind: ListKind, weights: Mapping[str, float], among: Container[str]
    ) -> Iterator[tuple[float, str, str, Shown]]:
        """What each pair of some candidates adds, the candidate, the seed and what shows it."""
        for seed, weight in weights.items():
            listed = self.lists.get((kind, seed))
            if listed is None:
                continue
            for place, product_id in enumerate(listed.product_ids):
                if product_id in among and (shown := listed.shown(place)):
                    yield weight * listed.weights[place], product_id, seed, shown

    def likeness(self, seed: str, product_id: str) -> float:
        """How alike two products are in what they are, from 0 to 1."""
        listed = self.lists.get((ListKind.CONTENT, seed))
        if listed is None or product_id not in listed.product_ids:
            return 0.0
        return dict(zip(listed.product_ids, listed.weights, strict=True))[product_id]

    def popular(self, kind: ListKind, product_id: str) -> Shown | None:
        """What shows that a candidate is popular in the category or in the shop."""
        seed = WHOLE_SHOP if kind is ListKind.SHOP else category_seed(self.seeds.category)
        listed = self.lists.get((kind, seed))
        if listed is None or product_id not in listed.product_ids:
            return None
        return listed.shown(listed.product_ids.index(product_id))


def weigh_seeds(
    seed: ProductFacts | None, viewed: Sequence[str], earlier: Sequence[str], blend: Blend, limit: int
) -> Seeds:
    """What counts how much.

    Args:
        seed: the page's product; counts as viewed last.
        viewed: products of the visit, newest first.
        earlier: of earlier visits, newest first; they fill what room the visit leaves.
        blend: the parameters.
        limit: seeds at most.
    """
    ordered = list(dict.fromkeys([*([seed.product_id] if seed is not None else []), *viewed]))
    weights = _by_place(ordered[:limit], blend.recent)
    for product_id in earlier[:HISTORY_SEEDS]:
        if len(weights) < limit:
            weights.setdefault(product_id, blend.history)
    basket = _by_place(ordered[:BASKET_SEEDS], blend.order_recent)
    return Seeds(weights, basket, seed.category if seed is not None else "")


def find_candidates(seeds: Seeds, blend: Blend, excluded: Collection[str]) -> Candidates:
    """Propose and score products. One query, and one more where little is known.

    Args:
        seeds: what to start from.
        blend: the parameters.
        excluded: ids that are not proposed.
    """
    lists = read_lists(seeds.weights.keys(), seeds.basket.keys(), category_seed(seeds.category))
    scores = score(seeds, blend, lists, read_pairs)
    for product_id in excluded:
        scores.pop(product_id, None)
    return Candidates(seeds, scores, lists, _fresh(seeds, lists, excluded))


def score(seeds: Seeds, blend: Blend, lists: Lists, read: ReadPairs) -> dict[str, float]:
    """Score all that the lists propose, 1 for the strongest pair.

    Args:
        seeds: what to start from.
        blend: the parameters.
        lists: of the seeds, of the category and of the shop.
        read: gives the pairs of further products.
    """
    scores = _pair_scores(ListKind.PAIRS, seeds.weights, lists)
    if blend.hop and scores:
        _hop(scores, lists, blend.hop * _thinness(seeds.weights, lists, blend.thin_visits), read)
    blended: dict[str, float] = {}
    _add_scaled(blended, scores, 1.0)
    _add_scaled(blended, _pair_scores(ListKind.ORDERS, seeds.basket, lists), blend.bought)
    _add(blended, lists, ListKind.CATEGORY, category_seed(seeds.category), blend.popular_in_category)
    _add(blended, lists, ListKind.SHOP, WHOLE_SHOP, blend.popular)
    _add_likeness(blended, seeds.weights, lists, blend.content)
    return blended


def _fresh(seeds: Seeds, lists: Lists, excluded: Collection[str]) -> tuple[str, ...]:
    listed = lists.get((ListKind.FRESH, WHOLE_SHOP))
    if listed is None:
        return ()
    fresh = set(listed.product_ids).difference(excluded, seeds.weights)
    alike: dict[str, float] = {}
    for seed in seeds.weights:
        content = lists.get((ListKind.CONTENT, seed))
        if content is not None:
            for product_id, likeness in zip(content.product_ids, content.weights, strict=True):
                if product_id in fresh and likeness >= LEAST_LIKENESS:
                    alike[product_id] = max(likeness, alike.get(product_id, 0.0))
    return tuple(nlargest(FRESH_CANDIDATES, alike, key=alike.__getitem__))


def _add_likeness(scores: dict[str, float], weights: Mapping[str, float], lists: Lists, strength: float) -> None:
    total = sum(weights.values()) or 1.0
    for seed, weight in weights.items():
        listed = lists.get((ListKind.CONTENT, seed))
        if listed is not None:
            for product_id, likeness in zip(listed.product_ids, listed.weights, strict=True):
                scores[product_id] = scores.get(product_id, 0.0) + strength * likeness * weight / total


def _by_place(product_ids: Sequence[str], power: float) -> dict[str, float]:
    return {product_id: float(place**-power) for place, product_id in enumerate(product_ids, start=1)}


def _add_scaled(scores: dict[str, float], further: Mapping[str, float], strength: float) -> None:
    """Add scores of another kind, the greatest of which becomes `strength`."""
    top = max(further.values(), default=0.0)
    if top:
        scores.update({item: scores.get(item, 0.0) + strength * score / top for item, score in further.items()})


def _pair_scores(kind: ListKind, weights: Mapping[str, float], lists: Lists) -> defaultdict[str, float]:
    scores: defaultdict[str, float] = defaultdict(float)
    _add_pairs(scores, kind, weights, lists)
    return scores


def _add_pairs(
    scores: defaultdict[str, float], kind: ListKind, weights: Mapping[str, float], lists: Lists, most: int | None = None
) -> None:
    for seed, seed_weight in weights.items():
        listed = lists.get((kind, seed))
        if listed is not None:
            for product_id, weight in zip(listed.product_ids[:most], listed.weights[:most], strict=True):
                scores[product_id] += seed_weight * weight


def _thinness(weights: Mapping[str, float], lists: Lists, half: float) -> float:
    """How much of the seeds' say rests on few visits."""
    total = 0.0
    for seed, weight in weights.items():
        listed = lists.get((ListKind.PAIRS, seed))
        total += weight * half / (half + (listed.seed_visits if listed is not None else 0)) if half else 0.0
    return total


def _hop(scores: defaultdict[str, float], lists: Lists, strength: float, read: ReadPairs) -> None:
    """Add what goes with the best candidates, as a random walk's second step would."""
    best = nlargest(HOP_SEEDS, scores.items(), key=itemgetter(1))
    total = sum(score for _, score in best)
    if not total:
        # Parameters may make nothing of all that is known of a product.
        return
    missing = [product_id for product_id, _ in best if (ListKind.PAIRS, product_id) not in lists]
    lists = {**lists, **read(missing)}
    further = {product_id: strength * score / total for product_id, score in best}
    _add_pairs(scores, ListKind.PAIRS, further, lists, HOP_LISTED)


def _add(scores: dict[str, float], lists: Lists, kind: ListKind, seed: str, strength: float) -> None:
    """Add what is popular: the most popular in full, what nobody has looked at by its place only."""
    listed = lists.get((kind, seed))
    if listed is None or not listed.product_ids:
        return
    heaviest = max(listed.weights) or 1.0
    for place, (product_id, weight) in enumerate(zip(listed.product_ids, listed.weights, strict=True)):
        share = 0.9 * weight / heaviest + 0.1 * (1 - place / len(listed.product_ids))
        scores[product_id] = scores.get(product_id, 0.0) + strength * share
