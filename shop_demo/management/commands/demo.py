"""Serves the demo shop with a worker beside it, or checks it as a shopper would."""

from __future__ import annotations

import json
import os
import signal
import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from shop_demo.demo.prepare import EDITOR, prepare
from shop_demo.demo.processes import Processes, free_port, is_listening
from shop_demo.demo.shopper import Shopper

CHECK_DATABASE = "demo-check.sqlite3"
START_SECONDS = 60
MAX_PORT = 65_536


class Command(BaseCommand):
    help = "Seeds the demo shop, starts the worker and the site; --check visits it over HTTP and exits 0 or 1."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--check", action="store_true", help="visit the shop, wait for written text, exit")
        parser.add_argument("--timeout", type=int, default=420, help="seconds that --check waits for text")
        parser.add_argument("--json", action="store_true", help="print the check's result as JSON on the last line")

    def handle(self, *args: Any, **options: Any) -> None:
        del args
        # SIGTERM stops both processes as Ctrl-C does.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        if options["check"]:
            self._check(options)
        else:
            self._serve(options["host"], options["port"])

    def _serve(self, host: str, port: int) -> None:
        if not 0 < port < MAX_PORT:
            raise CommandError(f"--port must lie between 1 and {MAX_PORT - 1}.")
        if is_listening(host, port):
            raise CommandError(f"Port {port} is taken. Try: manage.py demo --port {port + 1}")
        password = prepare(self.stdout.write)
        with Processes(host, port) as processes:
            if not processes.wait_until_up(START_SECONDS):
                raise CommandError("The site did not start; what it printed above says why.")
            address = f"http://{host}:{port}/"
            self.stdout.write(self.style.SUCCESS(f"\nThe shop is open: {address}"))
            self.stdout.write(f"Review texts at {address}admin/ as {EDITOR!r}, password {password!r}.")
            self.stdout.write("The worker loads the language model and writes while you look. Ctrl-C stops both.\n")
            self._wait(processes)

    def _wait(self, processes: Processes) -> None:
        told: set[str] = set()
        try:
            while "site" not in (ended := processes.ended()):
                for name in ended.keys() - told:
                    self.stderr.write(f"The {name} ended with status {ended[name]}; plain sentences stay.")
                    told.add(name)
                time.sleep(0.5)
        except KeyboardInterrupt:
            self.stdout.write("\nClosing the shop.")

    def _check(self, options: dict[str, Any]) -> None:
        environment = self._use_fresh_database()
        say = self.stderr.write if options["json"] else self.stdout.write
        prepare(say)
        port = free_port()
        log = settings.BASE_DIR / "var" / "demo-check.log"
        log.unlink(missing_ok=True)
        with Processes("127.0.0.1", port, environment, log) as processes:
            if not processes.wait_until_up(START_SECONDS):
                raise CommandError(f"The site did not start; {log} says why.")
            shopper = Shopper(f"http://127.0.0.1:{port}", processes.ended, say)
            result = shopper.visit(options["timeout"])
        self.stdout.write(json.dumps(result) if options["json"] else "\n".join(_lines(result)))
        if not result["ok"]:
            raise SystemExit(1)

    @staticmethod
    def _use_fresh_database() -> dict[str, str]:
        """A new SQLite file for each check, so that the first text is timed from nothing; a named database is kept."""
        if os.environ.get("DATABASE_URL"):
            return {}
        path = settings.BASE_DIR / "var" / CHECK_DATABASE
        for suffix in ("", "-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        connections["default"].close()
        connections["default"].settings_dict["NAME"] = str(path)
        return {"DATABASE_URL": f"sqlite:///{path}"}


def _lines(result: dict[str, Any]) -> list[str]:
    return [f"{name}: {value}" for name, value in result.items()]
