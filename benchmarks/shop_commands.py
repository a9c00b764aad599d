"""Runs the shop's commands as its owner would, each in a process of its own, and tells what they took."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import Any

SETTINGS = "benchmarks.shop_settings"


def environment_of(database_url: str, **more: str) -> dict[str, str]:
    """The environment of a command for the shop in a database."""
    kept = {name: value for name, value in os.environ.items() if name not in ("CELERY_BROKER_URL", "REDIS_URL")}
    return {**kept, "DATABASE_URL": database_url, "DJANGO_SETTINGS_MODULE": SETTINGS, **more}


def manage(environment: dict[str, str], *command: str) -> dict[str, Any]:
    """Run a command of `manage.py`; see `run`."""
    return run(environment, "manage.py", *command)


def run(environment: dict[str, str], *arguments: str) -> dict[str, Any]:
    """Run Python with arguments.

    Returns:
        `wall_seconds` from start to end of the process, `cpu_seconds` and `peak_mib` of that process alone, and
        `said`: the JSON of its last line, if that is some.
    """
    begun = time.monotonic()
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, *arguments], env=environment, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(arguments)} ended with {process.returncode}: {output[-2000:]}")
    last = output.strip().rpartition("\n")[2]
    return {
        "wall_seconds": round(seconds, 2),
        "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 2),
        "peak_mib": round(usage.ru_maxrss / 1024, 1),
        "said": json.loads(last) if last.startswith("{") else {},
    }
