"""The demo's two processes: the site and the worker beside it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from django.conf import settings

GRACE_SECONDS = 15
POLL_SECONDS = 0.2


def free_port() -> int:
    """A port of the loopback address that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def is_listening(host: str, port: int) -> bool:
    """Whether something takes connections there."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, port)) == 0


@dataclass(slots=True)
class Processes:
    """Starts both on entry, stops both on exit, whatever happens in between.

    Attributes:
        host: address the site binds to.
        port: port the site binds to.
        environment: variables beside this process's own.
        log: file that takes what they print; the terminal when left out.
    """

    host: str
    port: int
    environment: dict[str, str] = field(default_factory=dict)
    log: Path | None = None
    _running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def __enter__(self) -> Self:
        manage = [sys.executable, str(settings.BASE_DIR / "manage.py")]
        self._start("site", [*manage, "runserver", f"{self.host}:{self.port}", "--noreload", "--skip-checks"])
        self._start("worker", self._worker_command(manage))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for process in self._running.values():
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self._running.values():
            try:
                process.wait(GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def wait_until_up(self, timeout_seconds: float) -> bool:
        """Wait for the site to take connections; False when it ended or took too long."""
        until = time.monotonic() + timeout_seconds
        while time.monotonic() < until:
            if "site" in self.ended():
                return False
            if is_listening(self.host, self.port):
                return True
            time.sleep(POLL_SECONDS)
        return False

    def ended(self) -> dict[str, int]:
        """Exit statuses of those that are not running any more."""
        return {name: process.returncode for name, process in self._running.items() if process.poll() is not None}

    def _start(self, name: str, command: list[str]) -> None:
        with self.log.open("ab") if self.log else nullcontext() as output:
            # Sessions of their own: Ctrl-C reaches this process only, which stops both in order.
            self._running[name] = subprocess.Popen(  # noqa: S603 - this project's own commands
                command, env=os.environ | self.environment, stdout=output, stderr=output, start_new_session=True
            )

    @staticmethod
    def _worker_command(manage: list[str]) -> list[str]:
        if not settings.CELERY_BROKER_URL:
            return [*manage, "ecom_llm_worker"]
        queue = settings.ECOM_LLM["GENERATE"].get("QUEUE", "ecom_llm")
        return [
            sys.executable, "-m", "celery", "-A", "shop_demo", "worker", "-Q", queue, "--concurrency", "1",
            "--loglevel", "INFO",
        ]  # fmt: skip
