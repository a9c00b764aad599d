"""Tunes the parameters of ranking on the shop's own visits, and keeps them only where they prove better."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from math import sqrt

from django.db.models import F
from django.utils import timezone

from ecom_llm.catalog.registry import get_catalog
from ecom_llm.models import LearnedState
from ecom_llm.recommend.blend import Blend, forget_blend
from ecom_llm.recommend.measuring.metrics import Accuracy
from ecom_llm.recommend.state import learning_database, read_state
from ecom_llm.recommend.tuning.parts import read_parts
from ecom_llm.recommend.tuning.searching import GRID, search, trials_at_most
from ecom_llm.recommend.tuning.trial import Trials

# How many standard errors a gain must be above nothing: by chance it is one time in twenty.
SURE = 1.645


@dataclass(frozen=True, slots=True)
class Tuned:
    """What came of tuning.

    Attributes:
        before: what serves now, on the visits to confirm on.
        after: what was chosen, on the same visits.
        serving: the parameters that serve now.
        chosen: those that were found.
        is_better: whether they are so much better that chance would not explain it.
        learned_visits: visits and orders that were learned from.
        tried: sets of parameters that were tried.
        is_complete: whether all was tried that was to be, within the time.
        seconds: that it took.
    """

    before: Accuracy
    after: Accuracy
    serving: Blend
    chosen: Blend
    is_better: bool
    learned_visits: int
    tried: int
    is_complete: bool
    seconds: float

    @property
    def changed(self) -> dict[str, tuple[float, float]]:
        """The parameters that differ, with what they were and what they would be."""
        old, new = asdict(self.serving), asdict(self.chosen)
        return {name: (old[name], new[name]) for name in old if old[name] != new[name]}


@dataclass(slots=True)
class Limits:
    """How far tuning may go.

    Attributes:
        seconds: after which no further parameters are tried.
        seed: of drawing visits.
        grid: what parameters may be.
        should_stop: asked all the time; ends it with nothing.
        on_trial: told how many were tried of at most how many.
    """

    seconds: float = 600.0
    seed: int = 1
    grid: Mapping[str, Sequence[float]] = field(default_factory=lambda: GRID)
    should_stop: Callable[[], bool] = lambda: False
    on_trial: Callable[[int, int], None] = lambda tried, total: None


def tune(limits: Limits) -> Tuned:
    """Look for better parameters. Changes nothing.

    What the visits before a moment teach is held in memory; on visits after it parameters are chosen, and on visits
    after those they are compared with what serves now. What counts is the hit rate plus the mean reciprocal rank of 20
    recommendations, over next products that are new to the visit.

    Args:
        limits: how far to go.

    Raises:
        TooFewVisitsError: there are too few visits to tune on.
        StoppedError: it was stopped.
        DatabaseError: the database is away.
    """
    started = time.monotonic()
    serving = Blend.read(read_state().blend)
    parts = read_parts(limits.seed, limits.should_stop)
    trials = Trials(parts.older, parts.until, frozenset(get_catalog().iter_ids()), limits.should_stop)
    total = trials_at_most(limits.grid)
    is_complete = True

    def worth(blend: Blend) -> float:
        found = worth_of(trials.outcomes(blend, parts.choosing))
        limits.on_trial(trials.tried, total)
        return found

    def is_over() -> bool:
        nonlocal is_complete
        is_complete = time.monotonic() - started < limits.seconds
        return not is_complete

    chosen = search(serving, worth, is_over, limits.grid)
    before = trials.outcomes(serving, parts.confirming)
    after = trials.outcomes(chosen, parts.confirming)
    return Tuned(
        before=summed(before),
        after=summed(after),
        serving=serving,
        chosen=chosen,
        is_better=is_better(before, after),
        learned_visits=len(parts.older),
        tried=trials.tried,
        is_complete=is_complete,
        seconds=time.monotonic() - started,
    )


def keep(blend: Blend) -> None:
    """Store parameters; pages go by them within half a minute, and by new lists once all is learned anew.

    Until then `learning.is_rebuild_due` says so: whoever learns next does it, if this process does not come to it.
    """
    given = asdict(Blend())
    states = LearnedState.objects.using(learning_database())
    states.get_or_create(pk=1)
    states.filter(pk=1).update(
        blend={name: value for name, value in blend.as_stored().items() if value != given[name]},
        tuned_at=timezone.now(),
        rebuilt_at=None,
        version=F("version") + 1,
    )
    forget_blend()


def summed(outcomes: Sequence[Accuracy]) -> Accuracy:
    """All visits' outcomes as one."""
    return Accuracy(
        n=sum(item.n for item in outcomes),
        hits=sum(item.hits for item in outcomes),
        reciprocals=sum(item.reciprocals for item in outcomes),
        gains=sum(item.gains for item in outcomes),
    )


def worth_of(outcomes: Sequence[Accuracy]) -> float:
    """Hit rate plus mean reciprocal rank, from 0 to 2."""
    found = summed(outcomes)
    return found.hr + found.mrr


def is_better(before: Sequence[Accuracy], after: Sequence[Accuracy]) -> bool:
    """Whether a gain is more than chance explains.

    Visits, not predictions, are independent of each other, so the gain's standard error comes from their differences.

    Args:
        before: the outcome of each visit.
        after: of the same visits in the same order.
    """
    gains = [new.hits + new.reciprocals - old.hits - old.reciprocals for old, new in zip(before, after, strict=True)]
    if not gains:
        return False
    mean = sum(gains) / len(gains)
    variance = sum((gain - mean) ** 2 for gain in gains) / max(len(gains) - 1, 1)
    return mean > SURE * sqrt(variance / len(gains)) and mean > 0
