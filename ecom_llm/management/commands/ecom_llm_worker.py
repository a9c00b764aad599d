"""Runs jobs with no broker: polls the job table."""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import InterfaceError, InternalError, OperationalError, close_old_connections

from ecom_llm import conf, pipeline

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Generates queued texts until stopped (Ctrl-C or SIGTERM gives jobs in hand back unspent)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="stop when no job waits")
        parser.add_argument("--json", action="store_true", help="print the counts as JSON on the last line")

    def handle(self, *args: Any, **options: Any) -> None:
        del args
        self._stop = threading.Event()
        self._is_quiet = options["verbosity"] < 1
        total = pipeline.Report()
        with self._graceful_signals():
            try:
                self._run(total, is_once=options["once"])
            except ImproperlyConfigured as error:
                raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps({name: getattr(total, name) for name in pipeline.Report.__slots__}))

    @contextmanager
    def _graceful_signals(self) -> Iterator[None]:
        """Have SIGTERM and Ctrl-C end the loop, not the process; as they were again afterwards."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self._on_signal) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self._stop.set()

    def _run(self, total: pipeline.Report, *, is_once: bool) -> None:
        worker = f"worker {socket.gethostname()}:{os.getpid()}"
        seconds = conf.get_settings().generate.sweep_seconds
        swept_at = 0.0
        while not self._stop.is_set():
            report = pipeline.Report()
            try:
                if time.monotonic() - swept_at > seconds:
                    pipeline.sweep()
                    swept_at = time.monotonic()
                report = pipeline.run_once(worker, self._stop.is_set)
            except (OperationalError, InternalError, InterfaceError) as error:
                if is_once:
                    raise CommandError(f"The database does not answer: {error}") from error
                # A database that is restarting or read-only comes back; the jobs are safe in it.
                logger.warning("The database does not answer (%s); trying again.", error)
                close_old_connections()
                self._stop.wait(seconds)
            total.add(report)
            self._tell(report)
            if not report.claimed:
                if is_once:
                    return
                self._stop.wait(seconds / 4)

    def _tell(self, report: pipeline.Report) -> None:
        if report.claimed and not self._is_quiet:
            told = ", ".join(f"{name} {getattr(report, name)}" for name in report.__slots__ if getattr(report, name))
            self.stdout.write(told)
