"""Imports events that another system recorded."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from ecom_llm import conf
from ecom_llm.capture.importing.people import imported_key
from ecom_llm.capture.importing.running import FileImport, file_import
from ecom_llm.capture.importing.state import ImportOptions
from ecom_llm.entities import Consent
from ecom_llm.exceptions import ImportFileError
from ecom_llm.management.database import database_errors_told
from ecom_llm.management.progress import Progress
from ecom_llm.management.stopping import Stop, stop_on_signals

DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}


class Command(BaseCommand):
    help = (
        "Imports events from a CSV file with a header or from JSON lines, compressed by gzip or not. Safe to stop"
        " (Ctrl-C) and start again: it goes on where it was, and no event counts twice. Columns: occurred_at, kind,"
        " visitor, visit, product_id, query, value, currency, order_id, id, quantity, language, engagement_ms."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("file", nargs="?", type=Path, metavar="FILE", help="such as orders.csv or events.jsonl.gz")
        what.add_argument(
            "--key-of", metavar="VISITOR",
            help="only print the key under which a visitor of a file imported with --consent personal is kept",
        )  # fmt: skip
        parser.add_argument("--format", choices=["csv", "jsonl"], default="", help="when the name does not tell")
        parser.add_argument(
            "--delimiter", choices=[*DELIMITERS], default="", help="of CSV; found out from the header when left out"
        )
        parser.add_argument(
            "--consent", choices=[Consent.ANONYMOUS.value, Consent.PERSONAL.value], default=Consent.ANONYMOUS.value,
            help="what the visitors have agreed to: anonymous (the default) keeps nobody recognisable beyond a day,"
            " personal keeps a visitor's events together",
        )  # fmt: skip
        parser.add_argument(
            "--timezone", metavar="NAME", default=timezone.get_default_timezone_name(),
            help="of times that do not tell theirs; the shop's TIME_ZONE when left out",
        )  # fmt: skip
        parser.add_argument("--rejected", type=Path, metavar="FILE", help="for lines that cannot be used")
        parser.add_argument(
            "--known-products-only",
            action="store_true",
            help="reject events about products the catalogue does not have",
        )
        parser.add_argument("--restart", action="store_true", help="offer all lines again, those read before too")
        parser.add_argument("--json", action="store_true", help="print the counts as JSON on the last line")

    @database_errors_told()
    def handle(self, *args: Any, **options: Any) -> None:
        del args
        if options["key_of"] is not None:
            self.stdout.write(imported_key(options["key_of"]))
            return
        chosen = _options(options)
        started = time.monotonic()
        try:
            with stop_on_signals() as stop, file_import(chosen) as work:
                if work is not None:
                    self._run(work, stop)
        except ImportFileError as error:
            raise CommandError(str(error)) from error
        seconds = time.monotonic() - started
        if work is None:
            self._write(f"{chosen.path} is empty.", options)
            counts: dict[str, Any] = {}
        else:
            counts = work.counts
            self._write("\n".join(_words(work, stop, chosen)), options)
        if options["json"]:
            self.stdout.write(json.dumps(_figures(counts, work, seconds)))
        if stop.is_set():
            sys.exit(stop.exit_code)
        if counts.get("rejected") and not _used(counts):
            raise CommandError("Not one line could be used.")

    def _write(self, words: str, options: dict[str, Any]) -> None:
        (self.stderr if options["json"] else self.stdout).write(words, str)

    def _run(self, work: FileImport, stop: Stop) -> None:
        progress = Progress(self.stderr)
        lines = work.source.lines
        before, started = lines.number, time.monotonic()
        if before and not work.was_finished:
            self.stderr.write(f"Going on behind line {before:,}.", str)
        while not stop.is_set() and work.step():
            rate = (lines.number - before) / max(time.monotonic() - started, 0.001)
            total = round(lines.number * work.source.size / max(work.source.position, 1))
            left = max(total - lines.number, 0) / rate if rate else None
            progress.show(lines.number, max(total, lines.number), "lines", rate=rate, seconds_left=left)
        progress.close()


def _options(options: dict[str, Any]) -> ImportOptions:
    path: Path = options["file"]
    rejected: Path = options["rejected"] or Path(f"{path}.rejected.jsonl")
    return ImportOptions(
        path=path,
        rejected_path=rejected,
        format=options["format"],
        delimiter=DELIMITERS.get(options["delimiter"], ""),
        consent=Consent(options["consent"]),
        zone_name=options["timezone"],
        is_known_only=options["known_products_only"],
        is_restart=options["restart"],
    )


def _words(work: FileImport, stop: Stop, options: ImportOptions) -> list[str]:
    """The report for people."""
    counts = work.counts
    if work.was_finished and not work.rows:
        return [f"{options.path} was imported before and has not grown. Give --restart to offer all lines again."]
    rejected: dict[str, int] = counts.get("rejected", {})
    words = [
        f"{_offered(counts):,} events offered: {counts.get('accepted', 0):,} new,"
        f" {counts.get('duplicates', 0):,} known, {sum(rejected.values()):,} rejected."
    ]
    words += [f"  {amount:,}: {reason}" for reason, amount in sorted(rejected.items(), key=lambda item: -item[1])]
    if rejected:
        words.append(f"The rejected lines are in {work.rejected.path}.")
    if counts.get("unknown_products") and not options.is_known_only:
        words.append(f"{counts['unknown_products']:,} are about products that the catalogue does not have.")
    if counts.get("erased"):
        words.append(f"{counts['erased']:,} were left out: their visitors have asked to be forgotten.")
    if counts.get("broken"):
        words.append(f"{counts['broken']:,} were refused by the database and kept aside as broken events.")
    if options.consent is Consent.PERSONAL:
        words.append("To find a visitor of the file, say to erase: manage.py ecom_llm_import_events --key-of VISITOR")
    return words + _what_next(counts, stop)


def _what_next(counts: dict[str, Any], stop: Stop) -> list[str]:
    if stop.is_set():
        return ["Stopped. The same command goes on from here."]
    if not counts.get("accepted"):
        return []
    if conf.get_settings().recommend.learn_in_workers:
        return ["A worker learns from them by itself; manage.py ecom_llm_learn does it now."]
    return ["manage.py ecom_llm_learn learns from them."]


def _figures(counts: dict[str, Any], work: FileImport | None, seconds: float) -> dict[str, Any]:
    """The report for programs."""
    names = ("accepted", "duplicates", "erased", "broken", "unknown_products")
    rejected: dict[str, int] = counts.get("rejected", {})
    return {
        "offered": _offered(counts),
        **{name: counts.get(name, 0) for name in names},
        "rejected": sum(rejected.values()),
        "reasons": rejected,
        "offered_now": work.rows if work else 0,
        "seconds": round(seconds, 3),
    }


def _used(counts: dict[str, Any]) -> int:
    return sum(int(counts.get(name, 0)) for name in ("accepted", "duplicates", "erased", "broken"))


def _offered(counts: dict[str, Any]) -> int:
    rejected: dict[str, int] = counts.get("rejected", {})
    return _used(counts) + sum(rejected.values())
