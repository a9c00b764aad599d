"""`manage.py ecom_llm_learn`: brings item pairs up to date from new events."""

from __future__ import annotations

import json
import signal
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ecom_llm.exceptions import ModelFileError
from ecom_llm.management.database import database_errors_told
from ecom_llm.management.stopping import exit_code_after
from ecom_llm.recommend.content import ContentReport, update_content
from ecom_llm.recommend.learning import RebuildUnderWayError, learn


class Command(BaseCommand):
    """Learns item pairs; safe to stop: the old lists stay until the new ones are there, and the next run goes on."""

    help = (
        "Learn from recorded events which product goes with which: from new events only, or from all of them the"
        " first time, once in RECOMMEND['REBUILD_HOURS'], and when very much is new. Then compare new and changed"
        " products with the others, by what they are."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take `--rebuild` and `--json`."""
        parser.add_argument("--rebuild", action="store_true", help="learn all anew; pages see it when it is complete")
        parser.add_argument("--json", action="store_true", help="end with one line of JSON")

    @database_errors_told()
    def handle(self, *args: Any, **options: Any) -> None:
        """Learn, and say from how much."""
        del args
        try:
            self._learn(options)
        except KeyboardInterrupt as error:
            self.stderr.write("Stopped. Pages keep what was complete, and the next run goes on.", str)
            raise SystemExit(exit_code_after(signal.SIGINT)) from error

    def _learn(self, options: dict[str, Any]) -> None:
        is_told = options["verbosity"] > 0
        if is_told:
            self.stdout.write("Learning from events …")
        try:
            run = learn(rebuild=options["rebuild"], progress=self.stdout.write if is_told else lambda words: None)
        except RebuildUnderWayError as error:
            raise CommandError(
                "Another process is learning all anew. Wait until it is done; if it was killed, five minutes."
            ) from error
        if is_told:
            how = "anew" if run.kind == run.Kind.REBUILD else "from what is new"
            self.stdout.write(f"Learned {how}: {run.pairs} pairs from {run.events} events in {run.seconds:.1f} s.")
            self.stdout.write("Comparing products, and preparing searches if that was not done yet …")
        content = self._compare()
        if is_told:
            self.stdout.write(f"Compared {content.changed} new or changed products; made {content.lists} lists.")
        if options["json"]:
            result = {
                "kind": str(run.kind),
                "pairs": run.pairs,
                "events": run.events,
                "seconds": round(run.seconds, 3),
                "compared": content.changed,
                "finished_at": run.finished_at.isoformat(),
            }
            self.stdout.write(json.dumps(result))

    def _compare(self) -> ContentReport:
        try:
            return update_content()
        except ModelFileError as error:
            # What was learned is learned.
            self.stderr.write(self.style.WARNING(f"Products were not compared: {error}"))
            return ContentReport()
