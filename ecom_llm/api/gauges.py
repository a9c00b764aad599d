"""Figures read from the database when Prometheus asks: right for all workers, wherever they run. Six queries.

Import it when the answer is made: prometheus-client is an extra.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from itertools import product

from django.db.models import Count, DurationField, ExpressionWrapper, Min, Sum
from django.db.models.functions import Now
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from ecom_llm.capture import tallies
from ecom_llm.entities import Kind
from ecom_llm.generate.budgets import budget_for, spent_by_kind
from ecom_llm.metrics import PREFIX
from ecom_llm.models import BrokenEvent, GenerationJob, Text

State = GenerationJob.State

ENDED = (State.DONE, State.BLOCKED, State.FAILED, State.EXPIRED)


class DatabaseCollector(Collector):
    """Jobs, budgets, texts and recording. Every kind and state is there, at 0 too, so that alerts need not guess."""

    def describe(self) -> Iterable[Metric]:
        """Nothing: registering costs no query."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Read them."""
        yield from _active_jobs()
        yield from _ended_jobs()
        yield from _budgets()
        yield _published_texts()
        yield _counted_events()
        yield _broken_events()


def _active_jobs() -> Iterator[Metric]:
    """By the partial index over active states, so that no history is read."""
    age = ExpressionWrapper(Now() - Min("created_at"), output_field=DurationField())
    rows = (
        GenerationJob.objects.filter(state__in=GenerationJob.ACTIVE)
        .order_by()
        .values_list("kind", "state")
        .annotate(jobs=Count("id"), age=age)
    )
    jobs, oldest = _zeros(GenerationJob.ACTIVE), _zeros()
    for kind, state, number, waited in rows:
        jobs[kind, state] = number
        if state == State.WAITING:
            oldest[(kind,)] = max(waited.total_seconds(), 0.0)
    yield _gauge("jobs", "Jobs that wait or run now.", ("kind", "state"), jobs)
    yield _gauge("oldest_waiting_seconds", "Age of the oldest job that waits; 0 when none does.", ("kind",), oldest)


def _ended_jobs() -> Iterator[Metric]:
    """By the index over ends; what ended longer ago is for the processes' counters."""
    rows = (
        GenerationJob.objects.filter(finished_at__gte=Now() - timedelta(hours=1))
        .order_by()
        .values_list("kind", "state")
        .annotate(Count("id"), Sum("prompt_tokens"), Sum("completion_tokens"), Sum("lapses"))
    )
    jobs, tokens, lapses = _zeros(ENDED), _zeros(("prompt", "completion")), _zeros()
    for kind, state, number, prompt, completion, lapsed in rows:
        jobs[kind, state] = number
        tokens[kind, "prompt"] += prompt
        tokens[kind, "completion"] += completion
        lapses[(kind,)] += lapsed
    yield _gauge("jobs_ended_last_hour", "Jobs that ended in the last hour.", ("kind", "state"), jobs)
    yield _gauge("tokens_last_hour", "Tokens of those jobs, all their tries together.", ("kind", "direction"), tokens)
    yield _gauge("lapses_last_hour", "Deaths and hangs of a worker that those jobs met.", ("kind",), lapses)


def _budgets() -> Iterator[Metric]:
    jobs_left, tokens_left, tokens_used = _zeros(), _zeros(), _zeros()
    for kind, spent in spent_by_kind().items():
        budget = budget_for(kind)
        jobs_left[(kind,)] = max(budget.jobs_per_hour - spent.jobs, 0)
        tokens_left[(kind,)] = max(budget.tokens_per_day - spent.tokens, 0)
        tokens_used[(kind,)] = spent.tokens
    yield _gauge("budget_jobs_left", "Jobs that may still be started this hour.", ("kind",), jobs_left)
    yield _gauge("budget_tokens_left", "Tokens that may still be used of the day's.", ("kind",), tokens_left)
    yield _gauge("budget_tokens_used", "Tokens charged in this hour and the 23 before it.", ("kind",), tokens_used)


def _published_texts() -> Metric:
    texts = _zeros()
    rows = Text.objects.filter(published__isnull=False).order_by().values_list("kind")
    for kind, number in rows.annotate(Count("id")):
        texts[(kind,)] = number
    return _gauge("published_texts", "Texts that are in the shop now.", ("kind",), texts)


def _counted_events() -> Metric:
    """What processes have saved, so up to ten seconds old."""
    name = f"{PREFIX}counted_events_today"
    gauge = GaugeMetricFamily(name, "What was counted of events today (UTC), failures included.", labels=("count",))
    for count, amount in sorted(tallies.totals(days=1).items()):
        gauge.add_metric((count,), float(amount))
    return gauge


def _broken_events() -> Metric:
    return GaugeMetricFamily(
        f"{PREFIX}broken_events", "Events kept aside because they could not be stored.", BrokenEvent.objects.count()
    )


def _zeros(*others: tuple[str, ...]) -> defaultdict[tuple[str, ...], float]:
    """A 0 for each kind, and each value of further labels."""
    labels = product([str(kind) for kind in Kind], *others)
    return defaultdict(float, {tuple(str(label) for label in key): 0.0 for key in labels})


def _gauge(name: str, means: str, labels: tuple[str, ...], values: Mapping[tuple[str, ...], float]) -> Metric:
    gauge = GaugeMetricFamily(f"{PREFIX}{name}", means, labels=labels)
    for key, value in values.items():
        gauge.add_metric(key, value)
    return gauge
