"""Session-based nearest neighbours by vector similarity, V-SKNN.

Written from Ludewig and Jannach, "Evaluation of session-based recommendation algorithms" (User Modeling and
User-Adapted Interaction 28, 2018), with the inverse document frequency that they add, and the weightings of their own
code.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from heapq import nlargest
from itertools import count
from math import log, log10

# What a product counts that was seen so many steps ago, the newest being 1 step ago, in a visit so long.
WEIGHTINGS: Mapping[str, Callable[[int, int], float]] = {
    "same": lambda steps, length: 1.0,
    "linear": lambda steps, length: max(1.0 - 0.1 * (steps - 1), 0.0),
    "share": lambda steps, length: (length - steps + 1) / length,
    "squared share": lambda steps, length: ((length - steps + 1) / length) ** 2,
    "steps": lambda steps, length: 1.0 / steps,
    "squared steps": lambda steps, length: 1.0 / steps**2,
    "log": lambda steps, length: 1.0 / log10(steps + 1.7),
}
# What a step counts that its weighting counts at nothing: a neighbour with a say however small orders the rest.
LEAST = 1e-6


class Vsknn:
    """Recommends what the most similar visits hold."""

    def __init__(
        self,
        visits: Sequence[Sequence[str]],
        *,
        neighbours: int = 500,
        sample: int = 2_500,
        weighting: str = "linear",
        score_weighting: str = "linear",
        idf: float = 1.0,
    ) -> None:
        """Learn visits.

        Args:
            visits: product ids of each, the oldest visit first.
            neighbours: the most similar visits that have a say ("k").
            sample: visits that share a product, the newest, which similarity is told for.
            weighting: how the products of the current visit count in similarity, of `WEIGHTINGS`.
            score_weighting: how a neighbour's say falls with the steps since the newest product it shares.
            idf: how much rare products are preferred.
        """
        self._visits = [frozenset(visit) for visit in visits]
        self._with: defaultdict[str, list[int]] = defaultdict(list)
        for number, visit in enumerate(self._visits):
            for product_id in visit:
                self._with[product_id].append(number)
        self._boost = {
            product_id: 1.0 + idf * log(len(self._visits) / len(numbers)) for product_id, numbers in self._with.items()
        }
        self._neighbours = neighbours
        self._sample = sample
        self._weighting = WEIGHTINGS[weighting]
        self._score_weighting = WEIGHTINGS[score_weighting]

    def recommend(self, given: Sequence[str], limit: int) -> list[str]:
        """Products, best first; none that was given.

        Args:
            given: product ids of the visit, oldest first.
            limit: the most to recommend.
        """
        newest_first = list(dict.fromkeys(reversed(given)))
        similarity, steps_since = self._similar(newest_first)
        scores: defaultdict[str, float] = defaultdict(float)
        places = count()
        nearest = nlargest(
            self._neighbours, ((similar, -next(places), number) for number, similar in similarity.items())
        )
        for similar, _, number in nearest:
            say = similar * max(self._score_weighting(steps_since[number], len(newest_first)), LEAST)
            for product_id in self._visits[number]:
                scores[product_id] += say * self._boost[product_id]
        for product_id in newest_first:
            scores.pop(product_id, None)
        return nlargest(limit, scores, key=scores.__getitem__)

    def _similar(self, newest_first: Sequence[str]) -> tuple[dict[int, float], dict[int, int]]:
        """Of the newest visits that share a product: how similar each is, and the steps since what it shares."""
        length = len(newest_first)
        similarity: defaultdict[int, float] = defaultdict(float)
        steps_since: dict[int, int] = {}
        for steps, product_id in enumerate(newest_first, start=1):
            weight = max(self._weighting(steps, length), LEAST)
            for number in self._with.get(product_id, ()):
                similarity[number] += weight
                steps_since.setdefault(number, steps)
        newest = sorted(similarity, reverse=True)[: self._sample]
        return {number: similarity[number] / length for number in newest}, steps_since
