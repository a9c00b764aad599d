"""Runs jobs with no broker: polls the job table."""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import close_old_connections

from ecom_llm import conf, pipeline
from ecom_llm.exceptions import DATABASE_AWAY, BackendBrokenError, ModelLoadError
from ecom_llm.management.database import database_errors_told, words_of
from ecom_llm.management.stopping import Stop
from ecom_llm.management.supervisor import Supervisor
from ecom_llm.traces import trace_of

logger = logging.getLogger(__name__)

# Exit status when settings or the model's files are wrong (EX_CONFIG of sysexits.h): starting again changes nothing.
MISCONFIGURED_STATUS = 78


class Command(BaseCommand):
    help = "Generates queued texts until stopped (Ctrl-C or SIGTERM gives jobs in hand back unspent)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="stop when no job waits")
        parser.add_argument("--json", action="store_true", help="print the counts as JSON on the last line")
        # The process that runs the jobs, started by the one that replaces it when it dies.
        parser.add_argument("--supervisor", type=int, metavar="PID", help=argparse.SUPPRESS)

    @database_errors_told()
    def handle(self, *args: Any, **options: Any) -> None:
        del args
        try:
            conf.get_settings()
            if options["once"] or options["supervisor"]:
                self._work(options)
            else:
                self._supervise(options)
        except ImproperlyConfigured as error:
            raise CommandError(str(error), returncode=MISCONFIGURED_STATUS) from error

    def _supervise(self, options: dict[str, Any]) -> None:
        supervisor = Supervisor(_own_command(options), _own_environment(), final_status=MISCONFIGURED_STATUS)
        if options["verbosity"] > 0:
            self.stdout.write("The worker runs. Ctrl-C ends it within seconds; what it has in hand goes back.")
        with _on_stop_signals(supervisor.stop):
            was_stopped = supervisor.run()
        if not was_stopped:
            # The process has said what is wrong.
            raise CommandError("The worker cannot run like this.", returncode=MISCONFIGURED_STATUS)

    def _work(self, options: dict[str, Any]) -> None:
        self._stop = Stop()
        self._supervisor: int | None = options["supervisor"]
        self._is_quiet = options["verbosity"] < 1
        total = pipeline.Report()
        with _on_stop_signals(self._stop.set):
            try:
                self._run(total, is_once=options["once"])
            except BackendBrokenError as error:
                # A prompt may be in its words, which are in the job's row; loading knows no prompt, and no row.
                words = error if isinstance(error, ModelLoadError) else trace_of(error)
                raise CommandError(f"The backend is broken, so this process ends: {words}") from error
        if options["json"]:
            self.stdout.write(json.dumps({name: getattr(total, name) for name in pipeline.Report.__slots__}))

    def _should_stop(self) -> bool:
        # A process whose supervisor was killed is nobody's: it gives its jobs back.
        return self._stop.is_set() or (self._supervisor is not None and os.getppid() != self._supervisor)

    def _run(self, total: pipeline.Report, *, is_once: bool) -> None:
        worker = f"worker {socket.gethostname()}:{os.getpid()}"
        seconds = conf.get_settings().generate.sweep_seconds
        swept_at = float("-inf")
        while not self._should_stop():
            report = pipeline.Report()
            try:
                if time.monotonic() - swept_at > seconds:
                    pipeline.sweep()
                    swept_at = time.monotonic()
                report = pipeline.run_once(worker, self._should_stop)
            except DATABASE_AWAY as error:
                if is_once:
                    raise
                # A database that is restarting or read-only comes back; the jobs are safe in it.
                logger.warning("%s Trying again.", words_of(error))
                close_old_connections()
                self._stop.wait(seconds)
            total.add(report)
            self._tell(report)
            if is_once and (report.pause_seconds or not report.claimed):
                return
            if report.pause_seconds or not report.claimed:
                self._wait(report.pause_seconds or seconds / 4)

    def _wait(self, seconds: float) -> None:
        """Wait, but not longer than the worker is wanted."""
        until = time.monotonic() + seconds
        while not self._should_stop() and (left := until - time.monotonic()) > 0:
            self._stop.wait(min(left, 1.0))

    def _tell(self, report: pipeline.Report) -> None:
        if report.claimed and not self._is_quiet:
            told = ", ".join(f"{name} {getattr(report, name)}" for name in report.__slots__ if getattr(report, name))
            self.stdout.write(told)


def _own_command(options: dict[str, Any]) -> list[str]:
    """This command again, as the process that runs the jobs; prints a traceback when native code crashes."""
    command = [sys.executable, "-X", "faulthandler", "-m", "django", "ecom_llm_worker", "--skip-checks"]
    command += ["--supervisor", str(os.getpid()), "--verbosity", str(options["verbosity"])]
    flags = {"json": "--json", "traceback": "--traceback", "no_color": "--no-color", "force_color": "--force-color"}
    return command + [flag for name, flag in flags.items() if options.get(name)]


def _own_environment() -> dict[str, str]:
    """What lets `python -m django` find the settings that this process has, wherever its own script lies."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path or os.getcwd() for path in sys.path)}
    module = getattr(django_settings, "SETTINGS_MODULE", None)
    return environment | {"DJANGO_SETTINGS_MODULE": module} if module else environment


@contextmanager
def _on_stop_signals(stop: Callable[[], None]) -> Iterator[None]:
    """Have SIGTERM and Ctrl-C end the loop, not the process; as they were again afterwards."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def on_signal(number: int, frame: FrameType | None) -> None:
        del number, frame
        stop()

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
