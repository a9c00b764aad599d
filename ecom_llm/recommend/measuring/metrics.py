"""Figures of merit of ranked lists, each defined here and nowhere else.

Each prediction has one right answer, the product that the shopper went on to: the target. Its place in the list counts
from 1, and 0 stands for a miss.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, log2


@dataclass(slots=True)
class Accuracy:
    """How well targets were found; sums that grow with each prediction.

    Hit rate and mean reciprocal rank are those of Ludewig and Jannach, "Evaluation of session-based recommendation
    algorithms" (2018). With one relevant product the ideal list's gain is 1, so that nDCG (Järvelin and Kekäläinen,
    2002) is the target's own discount.

    Attributes:
        n: predictions.
        hits: those whose target was in the list.
        reciprocals: the sum of 1 / place.
        gains: the sum of 1 / log2(place + 1).
    """

    n: int = 0
    hits: int = 0
    reciprocals: float = 0.0
    gains: float = 0.0

    def add(self, place: int) -> None:
        """Count a prediction.

        Args:
            place: of the target, from 1; 0 for a miss.
        """
        self.n += 1
        if place:
            self.hits += 1
            self.reciprocals += 1 / place
            self.gains += 1 / log2(place + 1)

    @property
    def hr(self) -> float:
        """Hit rate: the share of predictions whose target was in the list."""
        return self.hits / self.n if self.n else 0.0

    @property
    def mrr(self) -> float:
        """Mean reciprocal rank; a miss counts 0."""
        return self.reciprocals / self.n if self.n else 0.0

    @property
    def ndcg(self) -> float:
        """Mean normalised discounted cumulative gain; a miss counts 0."""
        return self.gains / self.n if self.n else 0.0


@dataclass(slots=True)
class PopularityBias:
    """How much more popular than what shoppers choose is what they are offered.

    The difference of group average popularity (Abdollahpouri, Mansoury, Burke and Mobasher, "The unfairness of
    popularity bias in recommendation", 2019): with P the mean popularity of a list, averaged over lists, and C the mean
    popularity of the targets, it is (P - C) / C. 0 means as popular as what is chosen, 0.5 half as popular again, below
    0 less popular.

    Attributes:
        popularity: how often each product was chosen in what was learned from; products it lacks were not.
        offered: the sum of the lists' mean popularity.
        lists: how many of them hold anything.
        chosen: the sum of the targets' popularity.
        targets: how many of them there are.
    """

    popularity: Mapping[str, float]
    offered: float = 0.0
    lists: int = 0
    chosen: float = 0.0
    targets: int = 0

    def add(self, recommended: Sequence[str], target: str) -> None:
        """Count a prediction."""
        if recommended:
            self.lists += 1
            self.offered += sum(self.popularity.get(item, 0.0) for item in recommended) / len(recommended)
        self.targets += 1
        self.chosen += self.popularity.get(target, 0.0)

    @property
    def value(self) -> float | None:
        """The difference; None where nothing was recommended, or nothing chosen is known to be popular at all."""
        if not self.lists or not self.chosen:
            return None
        chosen = self.chosen / self.targets
        return (self.offered / self.lists - chosen) / chosen


def place_of(target: str, recommended: Sequence[str]) -> int:
    """The target's place in a list, from 1; 0 where it is not there."""
    return recommended.index(target) + 1 if target in recommended else 0


def coverage(recommended: Collection[str], catalogue: Collection[str]) -> float:
    """The share of a catalogue's products that were recommended at least once ("catalogue coverage", Herlocker 2004).

    Args:
        recommended: ids of all that was ever recommended.
        catalogue: ids of all that could be.
    """
    products = set(catalogue)
    return len(products.intersection(recommended)) / len(products) if products else 0.0


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least a share of all values do not exceed (nearest rank); 0 where there is none.

    Args:
        values: in any order.
        share: above 0 and up to 1, such as 0.95.
    """
    return sorted(values)[ceil(share * len(values)) - 1] if values else 0.0
