"""`manage.py ecom_llm_prune`: deletes what is older than the shop wants to keep."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from ecom_llm.management.database import database_errors_told
from ecom_llm.management.stopping import Stop, stop_on_signals
from ecom_llm.privacy.erasing import number_waiting, resume
from ecom_llm.privacy.retention import count_too_old, days_kept, prune


class Command(BaseCommand):
    """Deletes in short transactions; safe to stop and start again, and beside a worker that does the same."""

    help = "Delete what is older than PRIVACY['RETENTION_DAYS'] allows, and finish erasures that were asked for."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take `--dry-run` and `--json`."""
        parser.add_argument("--dry-run", action="store_true", help="only count what would be deleted")
        parser.add_argument("--json", action="store_true", help="end with one line of JSON: rows by name")

    @database_errors_told()
    def handle(self, *args: Any, **options: Any) -> None:
        """Prune, and say how much of what."""
        del args
        self._is_told = options["verbosity"] > 0
        if options["dry_run"]:
            result = self._count()
        else:
            with stop_on_signals() as stop:
                result = self._prune(stop)
        if options["json"]:
            self.stdout.write(json.dumps(result))
        if not options["dry_run"] and stop.signal_number:
            raise SystemExit(stop.exit_code)

    def _count(self) -> dict[str, Any]:
        rows = count_too_old()
        for name, number in rows.items():
            self._tell(name, number, "would be deleted")
        if not any(rows.values()):
            self._say("Nothing is too old.")
        return {"dry_run": True, "erasures_waiting": number_waiting(), "rows": rows}

    def _prune(self, stop: Stop) -> dict[str, Any]:
        erased = resume(should_stop=stop.is_set)
        if erased.visitors:
            self._say(f"{erased.visitors:,} visitors forgotten, with {erased.rows:,} rows.")
        pruned = prune(stop.is_set, on_progress=lambda name, number: self._tell(name, number, "deleted"))
        # Not among those that are told as they go.
        self._tell("salt", pruned.rows["salt"], "deleted")
        if pruned.days:
            self._say(f"{pruned.days} tables of whole days dropped.")
        if not (erased.visitors or pruned.days or any(pruned.rows.values()) or stop.is_set()):
            self._say("Nothing was deleted: nothing is too old.")
        if stop.is_set():
            self._say("Stopped; the next run goes on from here.")
        return {
            "visitors_forgotten": erased.visitors,
            "rows": pruned.rows,
            "days_dropped": pruned.days,
            "is_complete": pruned.is_complete and erased.is_complete,
        }

    def _tell(self, name: str, number: int, what: str) -> None:
        if not number:
            return
        days = days_kept().get(name)
        self._say(f"{name:<16} {number:>12,} {what}{f', older than {days} days' if days else ''}")

    def _say(self, words: str) -> None:
        if self._is_told:
            self.stdout.write(words)
