"""`manage.py ecom_llm_tune`: fits the ranking of recommendations to the shop's own visits."""

from __future__ import annotations

import json
import sys
import time
from argparse import ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ecom_llm.management.database import database_errors_told
from ecom_llm.management.progress import Progress
from ecom_llm.management.stopping import Stop, stop_on_signals
from ecom_llm.recommend.learning import RebuildUnderWayError, learn
from ecom_llm.recommend.measuring.metrics import Accuracy
from ecom_llm.recommend.tuning.parts import StoppedError, TooFewVisitsError
from ecom_llm.recommend.tuning.run import Limits, Tuned, keep, tune


class Command(BaseCommand):
    """Changes nothing before the end, so it is safe to stop and start again."""

    help = (
        "Looks for better parameters of ranking on the shop's newest visits. They are kept, and all is learned anew"
        " with them, only if on visits that they were not chosen on they are better than what serves now by more than"
        " chance explains."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say what would be kept")
        parser.add_argument(
            "--minutes", type=minutes, default=10.0, help="after which no more parameters are tried (10)"
        )
        parser.add_argument("--seed", type=int, default=1, help="of drawing visits where there are many (1)")
        parser.add_argument("--json", action="store_true", help="print the figures as JSON on the last line")

    @database_errors_told()
    def handle(self, *args: Any, **options: Any) -> None:
        del args
        progress = Progress(self.stderr)
        with stop_on_signals() as stop:
            tuned = self._tune(options, stop, progress)
        progress.close()
        if tuned is None:
            self.stderr.write("Stopped; nothing was changed.", str)
            sys.exit(stop.exit_code)
        is_kept = tuned.is_better and not options["dry_run"]
        self._say("\n".join(_words(tuned, is_kept=is_kept, is_dry=options["dry_run"])), options)
        if is_kept:
            keep(tuned.chosen)
            self._learn(options)
        if options["json"]:
            self.stdout.write(json.dumps(_figures(tuned, is_kept=is_kept)))

    def _tune(self, options: dict[str, Any], stop: Stop, progress: Progress) -> Tuned | None:
        started = time.monotonic()

        def on_trial(tried: int, total: int) -> None:
            rate = tried / max(time.monotonic() - started, 0.001)
            left = min((total - tried) / rate, options["minutes"] * 60 - (time.monotonic() - started))
            progress.show(tried, total, "trials at most", seconds_left=max(left, 0))

        limits = Limits(
            seconds=options["minutes"] * 60, seed=options["seed"], should_stop=stop.is_set, on_trial=on_trial
        )
        try:
            return tune(limits)
        except TooFewVisitsError as error:
            raise CommandError(str(error)) from error
        except StoppedError:
            return None

    def _learn(self, options: dict[str, Any]) -> None:
        self._say("Learning all anew with them …", options)
        try:
            learn(rebuild=True)
        except RebuildUnderWayError:
            self._say("Somebody else is learning all anew; it is done again after that.", options)

    def _say(self, words: str, options: dict[str, Any]) -> None:
        (self.stderr if options["json"] else self.stdout).write(words, str)


def minutes(text: str) -> float:
    """An option's minutes.

    Raises:
        ArgumentTypeError: they are no number above 0.
    """
    try:
        found = float(text)
    except ValueError:
        found = 0.0
    if not 0 < found < float("inf"):
        raise ArgumentTypeError(f"{text!r} is not a number of minutes above 0")
    return found


def _words(tuned: Tuned, *, is_kept: bool, is_dry: bool) -> list[str]:
    """The report for people."""
    words = [
        f"{tuned.tried:,} trials, learned from {tuned.learned_visits:,} visits and orders"
        f"{'' if tuned.is_complete else '; the time was over before all was tried'}.",
        "",
        f"{'':<20}{'HR@20':>9}{'MRR@20':>9}{'number':>10}",
        _line("serving now", tuned.before),
        _line("found", tuned.after),
        "",
        *(f"  {name}: {old:g} -> {new:g}" for name, (old, new) in tuned.changed.items()),
    ]
    if not tuned.changed:
        return [*words, "Nothing better was found: what serves now stays."]
    if not tuned.is_better:
        return [*words, "They are not better by more than chance explains: what serves now stays."]
    if is_kept:
        return [*words, "They are better, and are kept."]
    return [*words, "They are better." + (" Nothing was changed; run it without --dry-run to keep them." * is_dry)]


def _line(name: str, accuracy: Accuracy) -> str:
    return f"{name:<20}{accuracy.hr:>9.4f}{accuracy.mrr:>9.4f}{accuracy.n:>10,}"


def _figures(tuned: Tuned, *, is_kept: bool) -> dict[str, Any]:
    """The report for programs."""
    return {
        "kept": is_kept,
        "better": tuned.is_better,
        "before": _accuracy(tuned.before),
        "after": _accuracy(tuned.after),
        "changed": {name: {"from": old, "to": new} for name, (old, new) in tuned.changed.items()},
        "learned_visits": tuned.learned_visits,
        "tried": tuned.tried,
        "complete": tuned.is_complete,
        "seconds": round(tuned.seconds, 3),
    }


def _accuracy(accuracy: Accuracy) -> dict[str, float | int]:
    return {"hr": round(accuracy.hr, 6), "mrr": round(accuracy.mrr, 6), "n": accuracy.n}
