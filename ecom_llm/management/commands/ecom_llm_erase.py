"""`manage.py ecom_llm_erase`: forgets visitors."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand

from ecom_llm.management.database import database_errors_told
from ecom_llm.management.stopping import stop_on_signals
from ecom_llm.management.whose import add_whose, keys_of_options
from ecom_llm.privacy.erasing import Erased, erase

COUNTED = {
    "events": "events",
    "broken_events": "events kept aside",
    "pairs": "item pairs",
    "texts": "texts",
    "jobs": "jobs",
    "accounts": "links to accounts",
    "not_interested": "products not wanted",
    "stream_entries": "events in Redis",
}


class Command(BaseCommand):
    """What was asked is written down first, so it is safe to stop: a worker, or the same command, goes on with it."""

    help = "Delete everything that is kept of some visitors, and refuse events of theirs that are still on their way."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take whose, and `--json`."""
        add_whose(parser)
        parser.add_argument("--json", action="store_true", help="end with one line of JSON: what was deleted")

    @database_errors_told()
    def handle(self, *args: Any, **options: Any) -> None:
        """Erase, and say how much."""
        del args
        keys = keys_of_options(options)
        with stop_on_signals() as stop:
            erased = erase(keys, should_stop=stop.is_set)
        if options["verbosity"] > 0:
            self._tell(erased, keys, options["user"])
        if options["json"]:
            self.stdout.write(json.dumps(asdict(erased)))
        if stop.signal_number:
            raise SystemExit(stop.exit_code)

    def _tell(self, erased: Erased, keys: set[str], user: str | None) -> None:
        if not keys:
            self.stdout.write(f"No visitor is linked to the account {user!r}; nothing was deleted.")
            return
        deleted = [f"{number:,} {words}" for name, words in COUNTED.items() if (number := getattr(erased, name))]
        if not erased.rows:
            self.stdout.write("Nothing was kept of them; events of theirs that are still on their way will be refused.")
        else:
            self.stdout.write(f"Deleted {', '.join(deleted)}.")
        if not erased.is_complete:
            self.stdout.write("Not all is done yet: a worker goes on with it, or this command when it is run again.")
