"""Mixes categories among the first recommendations, where that costs little."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Collection, Sequence
from heapq import heapify, heappop, heapreplace
from typing import TypeVar

Item = TypeVar("Item")

# What share of a score one more product of a category loses at full strength. It grows with each of them and ends at
# the greatest, so a candidate that is much stronger wins however many of its kind are there.
STEP = 0.25
GREATEST = 0.75
# Places that are mixed at most: those that a shopper sees at a glance. In a long list, mixing all of it would only put
# weaker products in the places of stronger ones.
MIXED = 8


def diversify(
    ranked: Sequence[Item],
    *,
    score_of: Callable[[Item], float],
    category_of: Callable[[Item], str],
    strength: float,
    places: int,
    free: Collection[str] = (),
    free_products: int = 2,
) -> list[Item]:
    """Order a ranking anew so that close alternatives of other categories come forward.

    Greedy, after Maximal Marginal Relevance (Carbonell and Goldstein, SIGIR 1998): each place goes to the candidate
    with the most left of its score after a penalty for what is already taken of its category. Being alike means being
    of one category here. The first always stays first, and products without a category pay nothing.

    Args:
        ranked: best first.
        score_of: an item's score, above 0 in what is to be mixed; scores of 0 and below stay behind.
        category_of: its category; empty for none.
        strength: from 0, which changes nothing, to 1; what lies outside counts as the nearer of the two.
        places: how many places there are; the first eight are filled in this way, the rest follow in their old order.
        free: categories of which the first `free_products` pay nothing, such as the page's own.
        free_products: see `free`.

    Returns:
        The same items, each once.
    """
    strength = min(max(strength, 0.0), 1.0)
    # Negative counts are those that pay nothing; the first product of any category never pays.
    if not strength or places < 2:
        return list(ranked)
    taken: Counter[str] = Counter({category: 1 - free_products for category in free if category})
    waiting: defaultdict[str, deque[int]] = defaultdict(deque)
    for place, item in enumerate(ranked):
        waiting[category_of(item)].append(place)

    def next_of(category: str) -> tuple[float, int, str]:
        place = waiting[category].popleft()
        return -_left(score_of(ranked[place]), taken[category], strength), place, category

    # Only the best of a category that is left can be next, and its penalty changes only when one of them is taken.
    heads = [next_of(category) for category in waiting]
    heapify(heads)
    chosen: list[int] = []
    while heads and len(chosen) < min(places, MIXED):
        _, place, category = heads[0]
        chosen.append(place)
        taken[category] += bool(category)
        if waiting[category]:
            heapreplace(heads, next_of(category))
        else:
            heappop(heads)
    first = set(chosen)
    return [ranked[place] for place in chosen] + [item for place, item in enumerate(ranked) if place not in first]


def _left(score: float, taken: int, strength: float) -> float:
    return score * (1 - strength * min(STEP * max(taken, 0), GREATEST)) if score > 0 else score
