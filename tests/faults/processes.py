"""Real worker processes for tests to kill."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

ROOT = Path(__file__).resolve().parents[2]
DATABASE_KEYS = ("ENGINE", "NAME", "USER", "PASSWORD", "HOST", "PORT", "OPTIONS")


def make_products(count: int) -> list[dict[str, Any]]:
    """As many lamps; a thousand still fit into a process's environment."""
    return [{"id": f"lamp-{no}", "name": f"Lamp {no}", "attributes": {"Material": "brass"}} for no in range(count)]


PRODUCTS = make_products(64)


def shop_settings(**generate: Any) -> dict[str, Any]:
    """`ECOM_LLM` with a catalogue in memory and an echo backend; `backend` holds its options.

    `products` is how many products there are, 64 unless told.
    """
    options = generate.pop("backend", {})
    products = make_products(generate.pop("products", len(PRODUCTS)))
    return {
        "CATALOG": {
            "ADAPTER": "ecom_llm.catalog.adapters.memory.MemoryCatalog",
            "OPTIONS": {"products": products},
        },
        "BACKENDS": {
            "default": {"BACKEND": "ecom_llm.generate.backends.echo.EchoBackend", "OPTIONS": options},
        },
        "GENERATE": {"DRIVER": "worker", "LEASE_SECONDS": 2, "SWEEP_SECONDS": 1, "BATCH_JOBS": 8, **generate},
    }


def environment(broker: str = "") -> dict[str, str]:
    """What a process needs to meet the test in its database."""
    database = {key: str(value) if key == "NAME" else value for key, value in _database().items()}
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.faults.settings",
        "ECOM_LLM_FAULT_DATABASE": json.dumps(database),
        "ECOM_LLM_FAULT_SETTINGS": json.dumps(settings.ECOM_LLM),
        "ECOM_LLM_FAULT_BROKER": broker,
        "PYTHONPATH": str(ROOT),
    }


def _database() -> dict[str, Any]:
    return {key: connection.settings_dict[key] for key in DATABASE_KEYS if key in connection.settings_dict}


@contextmanager
def running(command: list[str], env: dict[str, str], log: Path | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """Run a process group, and leave nothing of it behind.

    Args:
        command: what to run.
        env: all of its variables.
        log: file that what it says is added to; left out, its errors go to the terminal and the rest nowhere.
    """
    with log.open("ab") if log else nullcontext() as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=env, start_new_session=True, stdout=output or subprocess.DEVNULL, stderr=output
        )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)


def worker(log: Path | None = None) -> Any:
    """`manage.py ecom_llm_worker`, running."""
    return running([sys.executable, "manage.py", "ecom_llm_worker"], environment(), log)


def celery_worker(broker: str, queue: str, name: str = "", log: Path | None = None) -> Any:
    """A Celery worker on one queue, running; several on one queue need a name each."""
    # A name of its own: RabbitMQ lends a node's control queue to one worker only.
    name = f"{name or queue}@%h"
    command = ["-m", "celery", "-A", "shop_demo", "worker", "-Q", queue, "-n", name, "--concurrency", "1"]
    return running([sys.executable, *command], environment(broker), log)


def wait_until(condition: Callable[[], bool], seconds: float = 60) -> float:
    """Wait for something to become true.

    Returns:
        The seconds it took.

    Raises:
        AssertionError: it did not become true in time.
    """
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < seconds, f"not within {seconds} s"
        time.sleep(0.05)
    return time.monotonic() - started
