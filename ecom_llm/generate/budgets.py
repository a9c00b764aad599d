"""What each kind of text may cost: jobs an hour and tokens a day, counted in a small table by the hour.

A worker asks for the room before it claims and charges what it did afterwards, so nothing is locked in between:
each worker may go over a budget by the one claim it holds, `BATCH_JOBS` jobs and their tokens. What a kind may not
start now waits; it is dropped only when its time to live is over.

Bulk work (a priority below 0) may use three quarters of each limit. The rest is for what shoppers ask for, so that
nobody's page waits for the next hour because a night's work has used this one up.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, timedelta

from django.db.models import DateTimeField, F, Q, Sum
from django.db.models.functions import Now, TruncHour

from ecom_llm import conf
from ecom_llm.entities import Kind
from ecom_llm.models import GenerationSpend

DAY_HOURS = 24
# The budgets look back a day; the week beside it is for people who wonder.
KEPT = timedelta(days=8)


@dataclass(frozen=True, slots=True)
class Spent:
    """What a kind has cost.

    Attributes:
        jobs: in this hour of the clock.
        tokens: in this hour and the 23 before it.
    """

    jobs: int = 0
    tokens: int = 0

    def room(self, budget: conf.Budget) -> int:
        """How many more jobs may be started this hour; 0 when the day's tokens are used up.

        Once bulk work's share of the tokens is used up, no more than the jobs that are kept from it.
        """
        if self.tokens >= budget.tokens_per_day:
            return 0
        left = max(budget.jobs_per_hour - self.jobs, 0)
        if self.tokens < bulk_share(budget.tokens_per_day):
            return left
        return min(left, max(_reserve(budget.jobs_per_hour), 1))


def bulk_share(limit: int) -> int:
    """How much of a limit bulk work may use."""
    return limit - _reserve(limit)


def has_bulk_room(kind: str, room: int) -> bool:
    """Whether bulk work may be started, with so much room left for jobs of its kind."""
    return room > _reserve(budget_for(kind).jobs_per_hour)


def _reserve(limit: int) -> int:
    """The quarter that is kept from bulk work; of a limit too small to divide, one, and of one alone, nothing."""
    return max(limit // 4, 1) if limit > 1 else 0


def budget_for(kind: str) -> conf.Budget:
    """The budget of a kind: its own keys, then those of "default", then the defaults of `conf.Budget`."""
    chosen = conf.get_settings().generate.budgets
    return conf.Budget(**{**chosen.get("default", {}), **chosen.get(kind, {})})


def spent_by_kind() -> dict[Kind, Spent]:
    """What each kind has cost, in one query of a few rows."""
    since = _this_hour() - timedelta(hours=DAY_HOURS - 1)
    rows = (
        GenerationSpend.objects.filter(hour__gte=since)
        .order_by()
        .values_list("kind")
        .annotate(jobs_now=Sum("jobs", filter=Q(hour=_this_hour()), default=0), tokens_today=Sum("tokens", default=0))
    )
    spent = {kind: Spent(int(jobs), int(tokens)) for kind, jobs, tokens in rows}
    return {kind: spent.get(kind, Spent()) for kind in Kind}


def room_by_kind() -> dict[Kind, int]:
    """How many jobs of each kind may still be started this hour; see `jobs.claim`. One query."""
    return {kind: spent.room(budget_for(kind)) for kind, spent in spent_by_kind().items()}


def charge(kind: str, *, jobs: int = 0, tokens: int = 0) -> None:
    """Count what was done against this hour; one statement, save for the first of an hour.

    Any number of processes may charge at once: the database adds. Charge jobs that were carried to an end or gave up
    an attempt; those that a worker gave back unspent cost nothing.

    Args:
        kind: of the jobs.
        jobs: 0 or more.
        tokens: prompt and completion tokens of all tries, 0 or more.
    """
    hour = GenerationSpend.objects.filter(kind=kind, hour=_this_hour())
    # The first charge of an hour opens its row; should the hour end just then, the next round opens the next.
    while not hour.update(jobs=F("jobs") + jobs, tokens=F("tokens") + tokens):
        GenerationSpend.objects.bulk_create([GenerationSpend(kind=kind, hour=_this_hour())], ignore_conflicts=True)
        prune()


def prune() -> int:
    """Drop hours that no budget looks at any more; done once an hour, when its row is opened.

    Returns:
        How many were dropped.
    """
    return GenerationSpend.objects.filter(hour__lt=_this_hour() - KEPT).delete()[0]


def _this_hour() -> TruncHour:
    return TruncHour(Now(), output_field=DateTimeField(), tzinfo=UTC)
