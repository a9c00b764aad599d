"""Looks for better parameters, one at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from ecom_llm.recommend.blend import Blend

# What each parameter may be. First those that cost no list, last those for which all has to be counted again. What
# likeness, history and popularity in a category add is not among them: a visit's next product hardly tells.
GRID: Mapping[str, Sequence[float]] = {
    "hop": (0.0, 0.5, 1.0, 2.0, 3.0),
    "recent": (0.0, 0.5, 0.75, 1.0, 1.25, 1.5),
    "bought": (0.0, 0.25, 0.5, 1.0),
    "thin_visits": (20.0, 40.0, 80.0),
    "reverse": (0.2, 0.35, 0.5, 0.75, 1.0),
    "candidate_damping": (0.1, 0.2, 0.3, 0.4, 0.5),
    "seed_damping": (0.5, 0.6, 0.75),
    "power": (0.7, 0.9, 1.0, 1.2, 1.5),
    "together": (0.0, 0.05, 0.2, 0.5),
    "added": (0.0, 0.25, 0.5, 1.0),
    "step": (0.0, 0.5, 1.0, 1.5),
    "length": (0.0, 0.25, 0.5, 0.75),
}
ROUNDS = 2
# What a change has to add to the hit rate or the reciprocal rank to be worth making.
LEAST_GAIN = 0.0005


def search(
    start: Blend,
    worth: Callable[[Blend], float],
    is_over: Callable[[], bool],
    grid: Mapping[str, Sequence[float]] = GRID,
) -> Blend:
    """Coordinate search: take the best value of each parameter in turn, the others held, until none helps.

    The first round tries all values, further ones those beside what was taken.

    Args:
        start: the parameters to begin with.
        worth: what a set of parameters is worth; more is better.
        is_over: whether to end with the best so far.
        grid: values by parameter.
    """
    best, most = start, worth(start)
    known = {start: most}
    for number in range(ROUNDS):
        before = best
        for name, values in grid.items():
            for value in values if number == 0 else beside(getattr(best, name), values):
                tried = replace(best, **{name: value})
                if tried in known:
                    continue
                if is_over():
                    return best
                known[tried] = worth(tried)
                if known[tried] > most + LEAST_GAIN:
                    best, most = tried, known[tried]
        if best == before:
            break
    return best


def trials_at_most(grid: Mapping[str, Sequence[float]]) -> int:
    """How many sets of parameters a search of a grid may try."""
    return 1 + sum(map(len, grid.values())) + 2 * (ROUNDS - 1) * len(grid)


def beside(value: float, values: Sequence[float]) -> list[float]:
    """The next lower and the next higher of some values, as far as there are any."""
    lower, higher = [item for item in values if item < value], [item for item in values if item > value]
    return [*([max(lower)] if lower else []), *([min(higher)] if higher else [])]
