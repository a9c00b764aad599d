"""Queues texts before anyone asks for them."""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from ecom_llm.catalog.registry import get_catalog
from ecom_llm.channels.bulk import all_sources
from ecom_llm.entities import Kind
from ecom_llm.generate.budgets import has_bulk_room, room_by_kind
from ecom_llm.generate.templates import has_prompt
from ecom_llm.management.database import database_errors_told
from ecom_llm.management.feeding import Feeder, spooled
from ecom_llm.management.progress import Progress
from ecom_llm.management.stopping import Stop, stop_on_signals
from ecom_llm.models import GenerationJob

POLL_SECONDS = 1.0
# Without a text in this time, the reason is looked for.
PATIENCE_SECONDS = 10.0
LOCALE_MIDDLEWARE = "django.middleware.locale.LocaleMiddleware"

State = GenerationJob.State


class Command(BaseCommand):
    help = (
        "Queues texts as bulk work, behind what shoppers ask for. Safe to stop (Ctrl-C) and start again: what is queued"
        " or made is passed over."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("kind", choices=[str(kind) for kind in Kind], help="what to write")
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--product", nargs="+", metavar="ID", help="only these products; not for search_copy")
        which.add_argument(
            "--all", action="store_true",
            help="description: every visible product that has no words of its own; reason: what would be recommended"
            " beside each product; search_copy: the searches of enough visitors",
        )  # fmt: skip
        parser.add_argument("--language", default=settings.LANGUAGE_CODE, help="a Django language code")
        parser.add_argument("--wait", action="store_true", help="until workers have made them, queuing as they do")
        parser.add_argument("--force", action="store_true", help="again, though the same facts were worded before")
        parser.add_argument("--json", action="store_true", help="print the counts as JSON on the last line")

    @database_errors_told()
    def handle(self, *args: Any, **options: Any) -> None:
        del args
        kind, language = Kind(options["kind"]), options["language"]
        self._refuse(kind, language, options["product"] or [])
        if language != settings.LANGUAGE_CODE and LOCALE_MIDDLEWARE not in settings.MIDDLEWARE:
            self.stderr.write(
                f"Without LocaleMiddleware your pages are in {settings.LANGUAGE_CODE!r}, unless your own code activates"
                f" another language; none would show texts in {language!r}."
            )
        started = time.monotonic()
        sources = options["product"] or all_sources(kind, language)
        with stop_on_signals() as stop, spooled(sources) as spool:
            feeder = Feeder(kind, language, spool, is_all=options["all"], is_forced=options["force"])
            self._run(feeder, kind, stop, is_waiting=options["wait"])
            self._tell(feeder, stop, started, as_json=options["json"])
        if stop.is_set():
            sys.exit(stop.exit_code)

    @staticmethod
    def _refuse(kind: Kind, language: str, product_ids: list[str]) -> None:
        if language not in {code for code, _ in settings.LANGUAGES} | {settings.LANGUAGE_CODE}:
            raise CommandError(f"No page is shown in {language!r}: it is not among the shop's LANGUAGES.")
        if not has_prompt(kind, language):
            raise CommandError(f"There is no prompt for {kind} in {language!r}.")
        if product_ids and kind == Kind.SEARCH_COPY:
            raise CommandError("Search copy belongs to no product; use --all.")
        known = get_catalog().in_bulk(product_ids)
        unknown = [product_id for product_id in product_ids if product_id not in known]
        if unknown:
            raise CommandError(f"No product has the id {', '.join(map(repr, unknown))}.")

    def _run(self, feeder: Feeder, kind: Kind, stop: Stop, *, is_waiting: bool) -> None:
        progress = Progress(self.stderr)
        patience = _Patience(feeder, kind)
        while not stop.is_set():
            if not feeder.is_fed:
                feeder.feed()
            is_idle = feeder.is_fed or feeder.is_full
            if is_idle and not is_waiting:
                break
            if not is_waiting:
                progress.show(feeder.asked, feeder.total, "texts looked at")
                continue
            if is_idle or progress.is_due:
                if not feeder.active() and feeder.is_fed:
                    break
                note = patience.note() if is_idle else ""
                rate, left = feeder.rate, feeder.seconds_left
                progress.show(feeder.done, feeder.total, "texts", rate=rate, seconds_left=left, note=note)
            if is_idle:
                stop.wait(POLL_SECONDS)
        progress.close()

    def _tell(self, feeder: Feeder, stop: Stop, started: float, *, as_json: bool) -> None:
        outcomes = feeder.outcomes()
        done, blocked, failed = (outcomes.get(state, 0) for state in (State.DONE, State.BLOCKED, State.FAILED))
        left = feeder.active()
        lines = [f"{feeder.queued:,} texts queued; {feeder.settled:,} are made, queued or have nothing to say."]
        if done or blocked or failed:
            lines.append(f"Since the start {done:,} were made, {blocked:,} blocked and {failed:,} failed.")
        if stop.is_set():
            lines.append(f"Stopped. {left:,} are queued, and workers go on with them.")
        if feeder.is_full and not stop.is_set():
            lines.append("The queue holds no more bulk work: give --wait to feed it as it drains.")
        if not feeder.is_fed:
            lines.append(
                f"Not queued: {feeder.refused:,} texts, and what {feeder.unread:,} more products or searches need."
                " The same command goes on from here."
            )
        (self.stderr if as_json else self.stdout).write("\n".join(lines), str)
        if as_json:
            counts = {
                "asked": feeder.asked, "queued": feeder.queued, "settled": feeder.settled, "refused": feeder.refused,
                "unread": feeder.unread, "left": left, "done": done, "blocked": blocked, "failed": failed,
                "expired": outcomes.get(State.EXPIRED, 0), "seconds": round(time.monotonic() - started, 3),
            }  # fmt: skip
            self.stdout.write(json.dumps(counts))


class _Patience:
    """Looks for a reason once nothing has been made for a while."""

    def __init__(self, feeder: Feeder, kind: Kind) -> None:
        self._feeder = feeder
        self._kind = kind
        self._ended = 0
        self._since = time.monotonic()

    def note(self) -> str:
        """What keeps the work waiting, in words; empty when nothing does."""
        if self._feeder.ended != self._ended:
            self._ended = self._feeder.ended
            self._since = time.monotonic()
        if time.monotonic() - self._since < PATIENCE_SECONDS or self._feeder.is_running():
            return ""
        if not has_bulk_room(self._kind, room_by_kind()[self._kind]):
            return "the budget is used up, it goes on when it is filled again"
        return "no worker is at it"
