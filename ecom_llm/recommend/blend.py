"""What counts how much: the parameters of ranking, as they come or as the shop has had them tuned."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from ecom_llm.models import LearnedState

# How long a process goes by what it has read; what is tuned in another process counts after that.
REMEMBERED_SECONDS = 30.0

# When it was read, and what.
_remembered: tuple[float, Blend] | None = None


@dataclass(frozen=True, slots=True)
class Blend:
    """Parameters of what is learned and of how pages rank; the defaults were chosen on six click logs, those of
    orders on the part of a real shop's invoices that comes before the test of `benchmarks.recommendations`.

    Attributes:
        step: power of the steps between two products of a visit that "viewed after" is divided by.
        length: power of a visit's length that it is divided by.
        reverse: what having been viewed before counts, where having been viewed after counts 1.
        together: the same for the mere company.
        added: the same for "added together".
        seed_damping: power of a seed's own count that a pair's weight is divided by.
        candidate_damping: power of the candidate's count; 0 favours what is popular, 1 what is rare.
        shrinkage: added to both counts, so that a pair seen once does not look certain.
        power: of the quotient; below 1 many weak links count more beside a strong one.
        recent: power of the place in the visit, the newest being 1, that a seed's say is divided by.
        hop: what the neighbours of the best candidates count for a product that nobody has viewed, where those of the
            visit's products count 1.
        thin_visits: visits with which a product needs half of that hop.
        bought: what "bought together" adds at most, where the strongest pair of views adds 1.
        order_length: `length` for orders; so on with the next five.
        order_seed_damping: see `seed_damping`.
        order_candidate_damping: see `candidate_damping`; with many seeds, what is popular would win all by itself.
        order_shrinkage: see `shrinkage`.
        order_power: see `power`.
        order_recent: see `recent`; what is in a basket has hardly an order.
        history: what a product of an earlier visit counts.
        content: what likeness adds at most, where the strongest pair adds 1.
        likeness: what shared attributes and the category add at most.
        popular_in_category: what being popular in the page's category adds at most.
        popular: what being popular in the shop adds at most.
    """

    step: float = 1.0
    length: float = 0.25
    reverse: float = 0.5
    together: float = 0.05
    added: float = 0.5
    seed_damping: float = 0.6
    candidate_damping: float = 0.2
    shrinkage: float = 0.5
    power: float = 0.9
    recent: float = 1.0
    hop: float = 2.0
    thin_visits: float = 40.0
    bought: float = 0.5
    order_length: float = 0.6
    order_seed_damping: float = 0.7
    order_candidate_damping: float = 0.35
    order_shrinkage: float = 5.0
    order_power: float = 1.75
    order_recent: float = 0.1
    history: float = 0.1
    content: float = 0.05
    likeness: float = 0.05
    popular_in_category: float = 0.01
    popular: float = 0.005

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Blend:
        """The defaults with what was stored in their place; what is unknown or no number is passed over."""
        known = {item.name for item in fields(cls)}
        return replace(cls(), **{key: float(value) for key, value in stored.items() if _is_sound(key, value, known)})

    def as_stored(self) -> dict[str, float]:
        """The parameters to be stored."""
        return asdict(self)


def _is_sound(key: str, value: object, known: set[str]) -> bool:
    return key in known and isinstance(value, (int, float)) and value >= 0


def serving_blend() -> Blend:
    """The parameters that pages go by: one small query, then remembered for half a minute."""
    global _remembered
    if _remembered is None or time.monotonic() - _remembered[0] > REMEMBERED_SECONDS:
        stored = LearnedState.objects.filter(pk=1).values_list("blend", flat=True).first()
        _remembered = (time.monotonic(), Blend.read(stored or {}))
    return _remembered[1]


def forget_blend() -> None:
    """Have the next page of this process read the parameters again."""
    global _remembered
    _remembered = None
