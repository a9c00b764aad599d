"""The ways a worker is run, each as a shop runs it, so that one test serves them all."""

from __future__ import annotations

import itertools
import os
import signal
import time
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from celery import Celery
from django.conf import settings
from django.db.models.functions import Now
from django.test import override_settings

from ecom_llm.entities import Kind, TextKey
from ecom_llm.generate import wake
from ecom_llm.generate.requests import request_texts
from ecom_llm.models import GenerationJob
from tests.faults import processes
from tests.needs import service_url

State = GenerationJob.State
LOST = ("Lost the lease", "is thrown away")


@dataclass(slots=True)
class Driver:
    """One way to run workers.

    Attributes:
        name: as the table of figures calls it.
        broker: URL of the broker; empty for the worker command.
        queue: name of a queue of the test's own.
        log: file of what the workers say.
    """

    name: str
    broker: str
    log: Path
    queue: str = field(default_factory=lambda: f"ecom_llm_test_{uuid.uuid4().hex[:8]}")
    _own_queues: list[str] = field(default_factory=list)
    _count: Iterator[int] = field(default_factory=itertools.count)

    def settings(self, **generate: Any) -> dict[str, Any]:
        """`ECOM_LLM` for this driver; see `processes.shop_settings`."""
        chosen = {"DRIVER": "celery", "QUEUE": self.queue} if self.broker else {}
        return processes.shop_settings(**chosen, **generate)

    def worker(self, *, has_own_queue: bool = False) -> AbstractContextManager[Any]:
        """A worker, running; its `pid` is that of the process a shop starts, not of the one that runs the model.

        Args:
            has_own_queue: on a queue of its own, where several are to be at work at once: a message wakes one.
        """
        name = f"{self.queue}_{next(self._count)}"
        queue = name if has_own_queue else self.queue
        if has_own_queue:
            self._own_queues.append(queue)
        shop = settings.ECOM_LLM
        with override_settings(ECOM_LLM=shop | {"GENERATE": shop["GENERATE"] | {"QUEUE": queue}}):
            if self.broker:
                return processes.celery_worker(self.broker, queue, name, self.log)
            return processes.worker(self.log)

    def wake_each(self) -> None:
        """Have every worker with a queue of its own look at the table; one that polls does so anyway."""
        for queue in self._own_queues if self.broker else ():
            wake._send(queue)

    def refused(self) -> int:
        """Writes and renewals that workers were refused so far."""
        said = self.log.read_text() if self.log.exists() else ""
        return sum(said.count(words) for words in LOST)


@contextmanager
def connected(name: str, log: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Driver]:
    """A driver by its name; this process gets an application on its broker, as a web process has one."""
    service = name.removeprefix("celery, ")
    driver = Driver(name, "" if name == "worker" else service_url(service), log)
    if not driver.broker:
        yield driver
        return
    app = Celery("test", broker=driver.broker, set_as_current=False)
    app.conf.broker_transport_options = {"socket_connect_timeout": 2, "socket_timeout": 2}
    monkeypatch.setattr(wake, "_app", app)
    monkeypatch.setattr(wake, "_sender", wake._Sender())
    yield driver
    with app.connection_for_write() as connection:
        for queue in (driver.queue, *driver._own_queues):
            connection.default_channel.queue_delete(queue)


def ask(count: int, first: int = 0) -> None:
    """Ask for the descriptions of so many products."""
    wanted = [TextKey(Kind.DESCRIPTION, f"lamp-{number}", "en") for number in range(first, first + count)]
    assert request_texts(wanted) == count


def count(*states: str) -> int:
    """Jobs in any of these states."""
    return GenerationJob.objects.filter(state__in=states).count()


def model_pids() -> list[int]:
    """Processes that hold jobs under a live lease at the moment, by their own word."""
    held = GenerationJob.objects.filter(state=State.RUNNING, lease_expires_at__gt=Now())
    pids = {int(name.rpartition(":")[2]) for name in held.values_list("worker", flat=True)}
    return [pid for pid in sorted(pids) if pid != os.getpid() and is_alive(pid)]


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that is dead but not yet waited for does not."""
    return _stat(pid)[0] not in ("", "Z")


def parent_of(pid: int) -> int:
    """The process that a process was started by, or 0 when it is gone."""
    return int(_stat(pid)[1])


def _stat(pid: int) -> list[str]:
    """A process's state and its parent's id; empty and 0 when there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ["", "0"]


def wait_for_model_pid() -> int:
    """Wait until a process is at a batch.

    Returns:
        Its id.
    """
    found: list[int] = []
    # Looked up once: a batch may end between two looks.
    processes.wait_until(lambda: bool(found.extend(model_pids()) or found))
    return found[0]


def kill(pid: int) -> None:
    """`kill -9`, and wait until it is gone."""
    os.kill(pid, signal.SIGKILL)
    processes.wait_until(lambda: not is_alive(pid), 10)


def wait_until_none_runs(pids: set[int], seconds: float = 30) -> float:
    """Wait until all of these processes have ended; the seconds it took."""
    started = time.monotonic()
    processes.wait_until(lambda: not any(is_alive(pid) for pid in pids), seconds)
    return time.monotonic() - started
