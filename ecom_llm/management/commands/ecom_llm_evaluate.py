"""`manage.py ecom_llm_evaluate`: measures what the shop serves, before anyone has to believe in it."""

from __future__ import annotations

import json
import sys
import time
from argparse import ArgumentTypeError
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from ecom_llm.capture.importing.source import Source
from ecom_llm.capture.importing.state import zone_named
from ecom_llm.exceptions import ImportFileError
from ecom_llm.management.database import database_errors_told
from ecom_llm.management.progress import Progress
from ecom_llm.management.stopping import Stop, stop_on_signals
from ecom_llm.recommend.measuring.evaluating import Measured, evaluate, predictions_in, sampled
from ecom_llm.recommend.measuring.metrics import Accuracy
from ecom_llm.recommend.measuring.served import recommended, shop_now, warnings_about
from ecom_llm.recommend.measuring.visits_in_file import EventFile, FileVisits, read_visits

DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}
SHOWN_REASONS = 5


class Command(BaseCommand):
    """Reads a file and the database and changes nothing, so it is safe to stop and start again."""

    help = (
        "Measures the recommendations on the visits in a file of events, in the format of ecom_llm_import_events: each"
        " next product of a visit is predicted from those before it, the way a page would. The same product again at"
        " once is a reload and is not predicted. What a visit has seen is not recommended again, so going back to it"
        ' is a miss by design: it counts in "all" and not in "novel". Events of the file should not be among those'
        " that the shop has learned from."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=["recommendations"], help="what to measure")
        parser.add_argument(
            "--events", type=Path, metavar="FILE", required=True, help="such as kept-out.csv or visits.jsonl.gz"
        )
        parser.add_argument("--k", type=above_zero, default=20, help="how many products are recommended (20)")
        parser.add_argument(
            "--sample", type=above_zero, metavar="N", help="measure on N visits of the file, drawn at random"
        )
        parser.add_argument("--seed", type=int, default=1, help="of drawing: the same one draws the same visits (1)")
        parser.add_argument("--format", choices=["csv", "jsonl"], default="", help="when the name does not tell")
        parser.add_argument(
            "--delimiter", choices=[*DELIMITERS], default="", help="of CSV; found out from the header when left out"
        )
        parser.add_argument(
            "--timezone", metavar="NAME", default=timezone.get_default_timezone_name(),
            help="of times that do not tell theirs; the shop's TIME_ZONE when left out",
        )  # fmt: skip
        parser.add_argument("--json", action="store_true", help="print the figures as JSON on the last line")

    @database_errors_told()
    def handle(self, *args: Any, **options: Any) -> None:
        del args
        started = time.monotonic()
        with stop_on_signals() as stop:
            file = self._read(options, stop)
            measured = self._measure(file, options, stop) if file.is_complete else Measured()
        if not measured.every.n and stop.is_set():
            self.stderr.write("Stopped before anything was measured.", str)
            sys.exit(stop.exit_code)
        words = _words(file, measured, options)
        (self.stderr if options["json"] else self.stdout).write("\n".join(words), str)
        if options["json"]:
            self.stdout.write(json.dumps(_figures(file, measured, time.monotonic() - started)))
        if stop.is_set():
            sys.exit(stop.exit_code)

    def _read(self, options: dict[str, Any], stop: Stop) -> FileVisits:
        progress = Progress(self.stderr)

        def on_batch(source: Source) -> bool:
            lines = source.lines.number
            total = round(lines * source.size / max(source.position, 1))
            progress.show(lines, max(total, lines), "lines")
            return not stop.is_set()

        try:
            file = EventFile(
                options["events"], zone_named(options["timezone"]), options["format"],
                DELIMITERS.get(options["delimiter"], ""),
            )  # fmt: skip
            found = read_visits(file, on_batch)
        except ImportFileError as error:
            raise CommandError(str(error)) from error
        progress.close()
        return found

    def _measure(self, file: FileVisits, options: dict[str, Any], stop: Stop) -> Measured:
        visits = sampled(file.visits, options["sample"], options["seed"])
        total = sum(map(predictions_in, visits))
        if not total:
            raise CommandError(_why_nothing(file, options["events"]))
        for words in warnings_about(file):
            self.stderr.write(self.style.WARNING(words))
        progress, started = Progress(self.stderr), time.monotonic()

        def on_prediction(done: int) -> bool:
            if progress.is_due:
                rate = done / max(time.monotonic() - started, 0.001)
                progress.show(done, total, "predictions", rate=rate, seconds_left=(total - done) / rate)
            return not stop.is_set()

        measured = evaluate(visits, options["k"], recommended, shop_now(), on_prediction)
        progress.close()
        return measured


def above_zero(text: str) -> int:
    """An option's whole number.

    Raises:
        ArgumentTypeError: it is none, or below 1.
    """
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)


def _why_nothing(file: FileVisits, path: Path) -> str:
    if not file.events and file.rejected:
        reason, lines = file.rejected.most_common(1)[0]
        return f"Not one line of {path} could be used; {lines:,}: {reason}."
    if not file.events:
        return f"{path} holds no events."
    return (
        f"{path} holds no visit with two different products, so there is nothing to predict. Events of one visit need"
        " the same `visitor` or `visit`; kinds that count are view_item and add_to_cart, or purchase alone."
    )


def _words(file: FileVisits, measured: Measured, options: dict[str, Any]) -> list[str]:
    """The report for people."""
    k = options["k"]
    what = "orders" if file.is_orders else "visits"
    words = [] if measured.is_complete else ["Stopped; these are the figures so far."]
    words += [
        f"{measured.every.n:,} predictions in {measured.visits:,} {what}, {k} products each.",
        "",
        f"{'next products':<24}{f'HR@{k}':>9}{f'MRR@{k}':>9}{f'nDCG@{k}':>9}{'number':>10}",
        _line("new to the visit", measured.novel),
        _line("all", measured.every),
        "",
        f"Coverage: {measured.coverage:.1%} of the visible products were recommended at least once.",
        f"Popularity: {_bias_in_words(measured.popularity_bias)}.",
        f"Time: half of the calls took at most {measured.p50_ms:.2f} ms, 95 % at most {measured.p95_ms:.2f} ms.",
    ]
    if file.unknown_products:
        words.append(
            f"{file.unknown_products:,} events are about products that the catalogue does not have; as what came"
            " next, they can only be missed."
        )
    if file.rejected:
        words.append(f"{file.rejected.total():,} lines could not be used:")
        words += [f"  {lines:,}: {reason}" for reason, lines in file.rejected.most_common(SHOWN_REASONS)]
    return words


def _line(name: str, accuracy: Accuracy) -> str:
    return f"{name:<24}{accuracy.hr:>9.4f}{accuracy.mrr:>9.4f}{accuracy.ndcg:>9.4f}{accuracy.n:>10,}"


def _bias_in_words(bias: float | None) -> str:
    if bias is None:
        return "not known, as nothing was learned of these products"
    return f"what was recommended is {abs(bias):.0%} {'more' if bias >= 0 else 'less'} popular than what was chosen"


def _figures(file: FileVisits, measured: Measured, seconds: float) -> dict[str, Any]:
    """The report for programs."""
    bias = measured.popularity_bias
    return {
        "all": _accuracy(measured.every),
        "novel": _accuracy(measured.novel),
        "coverage": round(measured.coverage, 6),
        "popularity_bias": None if bias is None else round(bias, 6),
        "latency": {"p50_ms": round(measured.p50_ms, 3), "p95_ms": round(measured.p95_ms, 3)},
        "visits": measured.visits,
        "unknown_products": file.unknown_products,
        "rejected_lines": file.rejected.total(),
        "seconds": round(seconds, 3),
    }


def _accuracy(accuracy: Accuracy) -> dict[str, float | int]:
    return {
        "hr": round(accuracy.hr, 6), "mrr": round(accuracy.mrr, 6), "ndcg": round(accuracy.ndcg, 6), "n": accuracy.n,
    }  # fmt: skip
