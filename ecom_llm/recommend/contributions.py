"""What one visit or order teaches: which products go together, and how strongly."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ecom_llm.recommend.pair_counts import ADDED, AFTER, BEFORE, BOUGHT, TOGETHER

# An order lists things at once, so a giant one is no more a choice than a giant visit is.
ORDER_PRODUCTS = 300
SECONDS_PER_DAY = 86_400.0

# seed, candidate, kind, strength
Contribution = tuple[int, int, int, float]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of all seeds, by their numbers: those that leave `rest` when divided by `parts`."""

    rest: int = 0
    parts: int = 1

    def holds(self, seed: int) -> bool:
        """Whether a seed is in it."""
        return seed % self.parts == self.rest


ALL = Part()


@dataclass(frozen=True, slots=True)
class Counting:
    """How visits and orders are counted; the same for all that is counted together, so it is kept with the counts.

    Attributes:
        half_life_days: days after which a visit or an order counts half.
        visit_products: products of a visit that are paired at most, the newest.
        step: power of the steps between two products.
        length: power of a visit's length.
        order_length: power of an order's.
        learn_days: days of events that count, back from the landmark.
        visit_gap_minutes: minutes without an event that end a visit.
    """

    half_life_days: float
    visit_products: int
    step: float
    length: float
    order_length: float
    learn_days: int
    visit_gap_minutes: int

    @property
    def visit_gap(self) -> timedelta:
        """How long a visit may pause that its source does not name."""
        return timedelta(minutes=self.visit_gap_minutes)

    def recency(self, moment: datetime, landmark: datetime) -> float:
        """What a visit or an order counts: 1 at the landmark, half as much a half-life before it, more after it.

        Forward decay (Cormode, Shkapenyuk, Srivastava and Xu, 2009): as the landmark stays, what was counted need not
        be touched when time goes on.

        Args:
            moment: when it ended.
            landmark: the moment that counts 1.
        """
        days = (moment - landmark).total_seconds() / SECONDS_PER_DAY
        return float(2.0 ** max(min(days / self.half_life_days, 60.0), -60.0))


def of_visit(
    products: Sequence[int], added: Collection[int], counting: Counting, part: Part = ALL
) -> Iterator[Contribution]:
    """The pairs that a visit shows.

    Viewed after (and before, for the other of the two): 1 over the steps from one to the other, once a visit, where the
    two are nearest (sequential rules: Kamehkhosh, Jannach and Ludewig, 2017). Viewed together and added together: both
    ways. All less in a long visit, where nothing in particular belongs together.

    Args:
        products: numbers of what was looked at, oldest first; neighbours differ.
        added: of what was put into the cart.
        counting: the parameters.
        part: the seeds that are asked for.
    """
    kept = products[-counting.visit_products :]
    if len(kept) < 2:
        return
    damping = float((len(kept) - 1) ** -counting.length)
    for (seed, candidate), steps in _nearest(kept, part).items():
        strength = damping * float(steps**-counting.step)
        if part.holds(seed):
            yield seed, candidate, AFTER, strength
        if part.holds(candidate):
            yield candidate, seed, BEFORE, strength
    yield from _all_pairs(sorted(set(kept)), TOGETHER, damping, part)
    yield from _all_pairs(sorted(set(kept).intersection(added)), ADDED, 1.0, part)


def of_order(products: Collection[int], counting: Counting, part: Part = ALL) -> Iterator[Contribution]:
    """The pairs that an order shows, both ways, less in a long one; none if it is giant."""
    if 2 <= len(products) <= ORDER_PRODUCTS:
        yield from _all_pairs(sorted(products), BOUGHT, float((len(products) - 1) ** -counting.order_length), part)


def _nearest(kept: Sequence[int], part: Part) -> dict[tuple[int, int], int]:
    """For each two products of a visit, the fewest steps from one to the other."""
    steps_between: dict[tuple[int, int], int] = {}
    for position, seed in enumerate(kept):
        is_held = part.holds(seed)
        for steps in range(1, len(kept) - position):
            candidate = kept[position + steps]
            if candidate == seed:
                # From there on all is nearer.
                break
            if is_held or part.holds(candidate):
                known = steps_between.get((seed, candidate))
                if known is None or steps < known:
                    steps_between[seed, candidate] = steps
    return steps_between


def _all_pairs(products: Sequence[int], kind: int, strength: float, part: Part) -> Iterator[Contribution]:
    for seed in products:
        if part.holds(seed):
            for candidate in products:
                if candidate != seed:
                    yield seed, candidate, kind, strength
