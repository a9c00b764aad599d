"""`manage.py ecom_llm_learn`: brings item pairs up to date from new events."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from ecom_llm.management.database import database_errors_told
from ecom_llm.recommend.learning import learn


class Command(BaseCommand):
    """Learns item pairs anew; safe to stop, as the old pairs stay until the new ones are complete."""

    help = "Learn from recorded events which product goes with which."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take `--json`."""
        parser.add_argument("--json", action="store_true", help="end with one line of JSON")

    @database_errors_told()
    def handle(self, *args: Any, **options: Any) -> None:
        """Learn, and say from how much."""
        del args
        if options["verbosity"] > 0:
            self.stdout.write("Learning from events …")
        run = learn()
        if options["verbosity"] > 0:
            self.stdout.write(f"Learned {run.pairs} pairs from {run.events} events in {run.seconds:.1f} s.")
        if options["json"]:
            result = {
                "pairs": run.pairs,
                "events": run.events,
                "seconds": round(run.seconds, 3),
                "finished_at": run.finished_at.isoformat(),
            }
            self.stdout.write(json.dumps(result))
