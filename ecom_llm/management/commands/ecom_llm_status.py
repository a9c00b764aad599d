"""`manage.py ecom_llm_status`: how the queue, the texts and the recording are doing."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.db.models import Count, Min, OuterRef, Subquery
from django.utils import timezone

from ecom_llm.capture import counters
from ecom_llm.models import Event, GenerationJob, LearningRun, Text, TextVersion

NO_VERSION = "no_version"


class Command(BaseCommand):
    """Reads only; runs beside everything else."""

    help = "Show jobs by state, texts, events recorded and the last learning run."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take `--json`."""
        parser.add_argument("--json", action="store_true", help="print one line of JSON instead of tables")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the status."""
        del args
        try:
            status = collect()
        except DatabaseError as error:
            raise CommandError(f"The database cannot be read ({error}). Has `migrate` been run?") from error
        if options["json"]:
            self.stdout.write(json.dumps(status))
            return
        self._table("Jobs", status["jobs"], [str(state) for state in GenerationJob.State.values])
        oldest = status["oldest_waiting_seconds"]
        self.stdout.write(f"Oldest waiting: {'none' if oldest is None else f'{oldest:.0f} s'}")
        self.stdout.write(f"Done in the last hour: {status['done_last_hour']}")
        self._table("Texts by newest version", status["texts"], [*TextVersion.State.values, NO_VERSION])
        self.stdout.write(f"In the shop now: {status['published']}")
        self.stdout.write(f"Events in the last day: {status['events_last_day']}")
        self.stdout.write(f"Counted in this process only: {_listed(status['this_process'])}")
        self.stdout.write(f"Last learning run: {_learning(status['last_learning'])}")

    def _table(self, title: str, rows: dict[str, dict[str, int]], columns: list[str]) -> None:
        self.stdout.write(f"{title:<24}" + "".join(f"{name:>12}" for name in columns))
        for kind, counts in rows.items():
            self.stdout.write(f"  {kind:<22}" + "".join(f"{counts.get(name, 0):>12}" for name in columns))
        if not rows:
            self.stdout.write("  none")


def collect() -> dict[str, Any]:
    """The status as plain JSON values; times in seconds, moments in ISO 8601."""
    now = timezone.now()
    jobs = GenerationJob.objects
    oldest = jobs.filter(state=GenerationJob.State.WAITING).aggregate(at=Min("created_at"))["at"]
    run = LearningRun.objects.order_by("-finished_at").first()
    done = jobs.filter(state=GenerationJob.State.DONE, finished_at__gte=now - timedelta(hours=1))
    return {
        "jobs": _by_kind(jobs.order_by().values_list("kind", "state").annotate(Count("id"))),
        "oldest_waiting_seconds": None if oldest is None else round((now - oldest).total_seconds(), 1),
        "done_last_hour": done.count(),
        "texts": _texts(),
        "published": Text.objects.filter(published__isnull=False).count(),
        "events_last_day": Event.objects.filter(occurred_at__gte=now - timedelta(days=1)).count(),
        "this_process": counters.read(),
        "last_learning": run
        and {
            "finished_at": run.finished_at.isoformat(),
            "events": run.events,
            "pairs": run.pairs,
            "seconds": round(run.seconds, 3),
        },
    }


def _by_kind(rows: Iterable[tuple[str, str | None, int]]) -> dict[str, dict[str, int]]:
    table: dict[str, dict[str, int]] = {}
    for kind, state, number in rows:
        table.setdefault(kind, {})[state or NO_VERSION] = number
    return table


def _texts() -> dict[str, dict[str, int]]:
    newest = TextVersion.objects.filter(text=OuterRef("pk")).order_by("-id").values("state")[:1]
    states = Text.objects.annotate(newest=Subquery(newest)).order_by().values_list("kind", "newest")
    return _by_kind(states.annotate(Count("id")))


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {number}" for name, number in sorted(counts.items())) or "nothing"


def _learning(run: dict[str, Any] | None) -> str:
    if run is None:
        return "none yet"
    return f"{run['finished_at']}, {run['pairs']} pairs from {run['events']} events in {run['seconds']:.1f} s"
