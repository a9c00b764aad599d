"""`manage.py ecom_llm_status`: how the queue, the texts and the recording are doing."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand
from django.db.models import Count, DurationField, ExpressionWrapper, Min, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Now
from django.utils import timezone

from ecom_llm.capture import counters, stream, tallies
from ecom_llm.generate.budgets import budget_for, spent_by_kind
from ecom_llm.management.database import database_errors_told
from ecom_llm.models import BrokenEvent, Erasure, Event, GenerationJob, LearningRun, ProductVector, Text, TextVersion
from ecom_llm.recommend.word_index import WORDS_NAME

NO_VERSION = "no_version"
WORKER_MINUTES = 5

State = GenerationJob.State


class Command(BaseCommand):
    """Reads only; runs beside everything else."""

    help = "Show jobs by state, throughput, workers, budgets left, texts, events recorded and the last learning run."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take `--json`."""
        parser.add_argument("--json", action="store_true", help="print one line of JSON instead of tables")

    @database_errors_told()
    def handle(self, *args: Any, **options: Any) -> None:
        """Print the status."""
        del args
        status = collect()
        if options["json"]:
            self.stdout.write(json.dumps(status))
            return
        self._table("Jobs", status["jobs"], [str(state) for state in GenerationJob.State.values])
        self.stdout.write(f"Oldest waiting: {_oldest(status['oldest_waiting_seconds_by_kind'])}")
        self.stdout.write(
            f"Attempts: {status['attempts']}, of which the worker died or hung: {status['lapsed_leases']}"
        )
        done, tokens = status["done_last_hour"], status["tokens_last_hour"]
        self.stdout.write(
            f"Done in the last hour: {done} ({status['texts_per_minute']:g} a minute),"
            f" {tokens['prompt']:,} prompt and {tokens['completion']:,} completion tokens"
        )
        self.stdout.write(f"Workers in the last {WORKER_MINUTES} minutes: {_workers(status['workers'])}")
        self._budgets(status["budgets"])
        self._table("Texts by newest version", status["texts"], [*TextVersion.State.values, NO_VERSION])
        self.stdout.write(f"In the shop now: {status['published']}")
        self.stdout.write(f"Events in the last day: {status['events_last_day']}")
        self.stdout.write(f"Counted by all processes today and yesterday (UTC): {_listed(status['counted'])}")
        waiting = status["events_in_stream"]
        if waiting is not None:
            self.stdout.write(f"Events waiting in the stream: {waiting}")
        self.stdout.write(f"Events kept aside because they could not be stored: {status['broken_events']}")
        self.stdout.write(f"Visitors waiting to be forgotten: {status['erasures_waiting']}")
        self.stdout.write(f"Counted in this process only: {_listed(status['this_process'])}")
        self.stdout.write(f"Last learning run: {_learning(status['last_learning'])}")
        self.stdout.write(f"Products compared: {_compared(status['products_compared'])}")

    def _budgets(self, budgets: dict[str, dict[str, int]]) -> None:
        self.stdout.write(f"{'Budgets left':<24}{'jobs this hour':>24}{'tokens of 24 hours':>32}")
        for kind, left in budgets.items():
            jobs = f"{left['jobs_left']:,} of {left['jobs_per_hour']:,}"
            tokens = f"{left['tokens_left']:,} of {left['tokens_per_day']:,}"
            self.stdout.write(f"  {kind:<22}{jobs:>24}{tokens:>32}")

    def _table(self, title: str, rows: dict[str, dict[str, int]], columns: list[str]) -> None:
        self.stdout.write(f"{title:<24}" + "".join(f"{name:>12}" for name in columns))
        for kind, counts in rows.items():
            self.stdout.write(f"  {kind:<22}" + "".join(f"{counts.get(name, 0):>12}" for name in columns))
        if not rows:
            self.stdout.write("  none")


def collect() -> dict[str, Any]:
    """The status as plain JSON values; times in seconds, moments in ISO 8601. Ages are by the database's clock."""
    now = timezone.now()
    run = LearningRun.objects.order_by("-finished_at").first()
    oldest = _oldest_by_kind()
    return {
        **_jobs(),
        "oldest_waiting_seconds": max(oldest.values(), default=None),
        "oldest_waiting_seconds_by_kind": oldest,
        **_last_hour(),
        "workers": _seen_workers(),
        "budgets": _budgets_left(),
        "texts": _texts(),
        "published": Text.objects.filter(published__isnull=False).count(),
        "events_last_day": Event.objects.since(now - timedelta(days=1)).count(),
        # Saved by each process every ten seconds and when it ends.
        "counted": tallies.totals(days=2),
        # None without a stream, and while Redis does not answer.
        "events_in_stream": stream.backlog(),
        "broken_events": BrokenEvent.objects.count(),
        "erasures_waiting": Erasure.objects.filter(done_at=None).count(),
        "this_process": counters.read(),
        "last_learning": run
        and {
            "finished_at": run.finished_at.isoformat(),
            "events": run.events,
            "pairs": run.pairs,
            "seconds": round(run.seconds, 3),
        },
        "products_compared": _products_compared(),
    }


def _jobs() -> dict[str, Any]:
    counted = GenerationJob.objects.order_by().values_list("kind", "state")
    rows = list(counted.annotate(Count("id"), Sum("attempts"), Sum("lapses")))
    return {
        "jobs": _by_kind((kind, state, number) for kind, state, number, _, _ in rows),
        "attempts": sum(row[3] for row in rows),
        "lapsed_leases": sum(row[4] for row in rows),
    }


def _oldest_by_kind() -> dict[str, float]:
    waiting = GenerationJob.objects.filter(state=State.WAITING).order_by().values_list("kind")
    age = ExpressionWrapper(Now() - Min("created_at"), output_field=DurationField())
    return {kind: round(oldest.total_seconds(), 1) for kind, oldest in waiting.annotate(age=age)}


def _last_hour() -> dict[str, Any]:
    ended = GenerationJob.objects.filter(finished_at__gte=Now() - timedelta(hours=1))
    sums = ended.aggregate(
        done=Count("id", filter=Q(state=State.DONE)),
        prompt=Sum("prompt_tokens", default=0),
        completion=Sum("completion_tokens", default=0),
    )
    return {
        "done_last_hour": sums["done"],
        "texts_per_minute": round(sums["done"] / 60, 2),
        "tokens_last_hour": {"prompt": sums["prompt"], "completion": sums["completion"]},
    }


def _seen_workers() -> dict[str, dict[str, int]]:
    """Workers by name that hold jobs or ended some of late; one that is idle leaves no trace in the table."""
    seen = Q(state=State.RUNNING) | Q(finished_at__gte=Now() - timedelta(minutes=WORKER_MINUTES))
    rows = GenerationJob.objects.filter(seen).exclude(worker="").order_by("worker").values_list("worker")
    counted = rows.annotate(running=Count("id", filter=Q(state=State.RUNNING)), ended=Count("finished_at"))
    return {worker: {"running": running, "ended": ended} for worker, running, ended in counted}


def _budgets_left() -> dict[str, dict[str, int]]:
    left = {}
    for kind, spent in spent_by_kind().items():
        budget = budget_for(kind)
        left[str(kind)] = {
            "jobs_left": max(budget.jobs_per_hour - spent.jobs, 0),
            "jobs_per_hour": budget.jobs_per_hour,
            "tokens_left": max(budget.tokens_per_day - spent.tokens, 0),
            "tokens_per_day": budget.tokens_per_day,
        }
    return left


def _by_kind(rows: Iterable[tuple[str, str | None, int]]) -> dict[str, dict[str, int]]:
    table: dict[str, dict[str, int]] = {}
    for kind, state, number in rows:
        table.setdefault(kind, {})[state or NO_VERSION] = number
    return table


def _products_compared() -> dict[str, dict[str, int]]:
    """By encoder, the products whose facts it has read, and how many of them a search is compared with."""
    # What is hidden belongs to none until it is back.
    rows = ProductVector.objects.exclude(model="").order_by("model").values_list("model")
    counted = rows.annotate(products=Count("id"), searched=Count("id", filter=~Q(static=b"")))
    return {model: {"products": products, "for_searches": searched} for model, products, searched in counted}


def _texts() -> dict[str, dict[str, int]]:
    newest = TextVersion.objects.filter(text=OuterRef("pk")).order_by("-id").values("state")[:1]
    states = Text.objects.annotate(newest=Subquery(newest)).order_by().values_list("kind", "newest")
    return _by_kind(states.annotate(Count("id")))


def _oldest(seconds: dict[str, float]) -> str:
    return ", ".join(f"{kind} {age:.0f} s" for kind, age in sorted(seconds.items())) or "none"


def _workers(workers: dict[str, dict[str, int]]) -> str:
    told = (f"{name} ({counts['running']} at work, {counts['ended']} ended)" for name, counts in workers.items())
    return "; ".join(told) or "none"


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {number}" for name, number in sorted(counts.items())) or "nothing"


def _compared(models: dict[str, dict[str, int]]) -> str:
    told = (
        f"{counts['products']:,} by their words"
        if model == WORDS_NAME
        else f"{counts['products']:,} by {model} ({counts['for_searches']:,} of them ready for searches)"
        for model, counts in models.items()
    )
    return "; ".join(told) or "none yet; a worker does it, mostly when no text waits"


def _learning(run: dict[str, Any] | None) -> str:
    if run is None:
        return "none yet"
    return f"{run['finished_at']}, {run['pairs']} pairs from {run['events']} events in {run['seconds']:.1f} s"
