"""`manage.py ecom_llm_drain`: stores the events that web servers put into Redis."""

from __future__ import annotations

import gc
import json
import logging
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import Error, close_old_connections

from ecom_llm import conf
from ecom_llm.capture import tallies
from ecom_llm.capture.draining import BATCH_EVENTS, Drained, drain
from ecom_llm.capture.redis_client import client_of, problem_with
from ecom_llm.capture.stream import PATIENCE_SECONDS
from ecom_llm.exceptions import StreamAwayError
from ecom_llm.management.database import words_of
from ecom_llm.management.stopping import Stop, stop_on_signals
from ecom_llm.traces import trace_of

logger = logging.getLogger(__name__)

TELL_SECONDS = 10.0
# What the command takes stock after.
STRETCH_SECONDS = 2.0
# More than a batch is made of; no event leaves a cycle behind.
COLLECTED_OBJECTS = 100_000
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0


class Command(BaseCommand):
    """Any number may run at once; each event is stored once."""

    help = "Stores the events that wait in Redis, until stopped (Ctrl-C or SIGTERM has the batch in hand finished)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take `--once` and `--json`."""
        parser.add_argument("--once", action="store_true", help="stop when no event waits")
        parser.add_argument("--json", action="store_true", help="print the counts as JSON on the last line")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run."""
        del args
        if problem := problem_with(conf.get_settings().capture.redis_url):
            raise CommandError(problem)
        self._is_quiet = options["verbosity"] < 1
        self._say(f"Draining {_source()}{'' if options['once'] else ', until stopped'}.")
        self._trouble = ""
        self._told = Drained()
        self._told_at = time.monotonic()
        total = Drained()
        try:
            with stop_on_signals() as stop, _few_collections():
                self._run(stop, total, is_once=options["once"])
        finally:
            tallies.save()
        self._tell(total)
        if options["json"]:
            self.stdout.write(json.dumps(asdict(total)))

    def _run(self, stop: Stop, total: Drained, *, is_once: bool) -> None:
        pause = FIRST_PAUSE_SECONDS
        while not stop.is_set():
            try:
                drained = drain(stop.is_set, seconds=STRETCH_SECONDS)
            except Exception as error:
                if is_once:
                    raise CommandError(_words(error)) from error
                self._tell_trouble(error, pause)
                close_old_connections()
                stop.wait(pause)
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
                continue
            pause = FIRST_PAUSE_SECONDS
            if self._trouble:
                self._say("All is well again; going on.")
                self._trouble = ""
            total.add(drained)
            if time.monotonic() - self._told_at >= TELL_SECONDS:
                self._tell(total)
                tallies.save()
            if is_once and not drained.entries:
                return
            if not is_once and drained.entries < BATCH_EVENTS:
                # A few at a time would cost the database more than all of a second's together.
                stop.wait(conf.get_settings().capture.flush_seconds)

    def _tell_trouble(self, error: Exception, pause: float) -> None:
        """Log each failed try, and say of each trouble once that events have to wait."""
        # Nothing is acknowledged that is not stored: it is taken again when all is well.
        words = _words(error)
        logger.warning("%s Trying again in %.0f s.", words, pause)
        # Without the lines of a trace.
        trouble = words.splitlines()[0].rstrip(".")
        if trouble != self._trouble:
            self._say(f"{trouble}. Trying until all is well again.")
        self._trouble = trouble

    def _say(self, words: str) -> None:
        if not self._is_quiet:
            self.stdout.write(words)
            # Into a file or a service's journal it would come with the next few thousand characters.
            self.stdout.flush()

    def _tell(self, total: Drained) -> None:
        """Say what was done since the last time, if anything was."""
        now = time.monotonic()
        entries, seconds = total.entries - self._told.entries, max(now - self._told_at, 0.001)
        if entries:
            done = {name: count - getattr(self._told, name) for name, count in asdict(total).items()}
            rest = "".join(f", {done[name]:,} {name}" for name in done if name != "entries" and done[name])
            self._say(f"{entries:,} events taken ({entries / seconds:,.0f} a second){rest}")
        self._told_at = now
        self._told = Drained(**asdict(total))


@contextmanager
def _few_collections() -> Iterator[None]:
    """Have the garbage collector pass over what start-up made and look at a batch once: a third of its time else."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(COLLECTED_OBJECTS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def _source() -> str:
    """What is drained, without the user and the password of the address."""
    capture = conf.get_settings().capture
    where = client_of(capture.redis_url, PATIENCE_SECONDS).connection_pool.connection_kwargs
    # A Redis on a socket has a path; what an address leaves out is as the library has it.
    place = where.get("path") or f"{where.get('host', 'localhost')}:{where.get('port', 6379)}"
    return f"the stream {capture.stream!r} of Redis at {place}, database {where.get('db') or 0}"


def _words(error: Exception) -> str:
    """What went wrong, without an event's words."""
    if isinstance(error, StreamAwayError):
        return str(error)
    return words_of(error) if isinstance(error, Error) else f"Events could not be stored: {trace_of(error)}"
