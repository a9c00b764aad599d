"""What fault tests share: how many rounds to run, and the one way in which a figure is recorded.

`ECOM_LLM_FAULTS=full` runs the counts of the reliability table; otherwise a few rounds show that the test still works.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import pytest
from django.db import connection

from tests.faults import drivers, report

FIGURES: list[report.Figure] = []
IS_FULL = os.environ.get("ECOM_LLM_FAULTS") == "full"
IS_POSTGRES = bool(os.environ.get("ECOM_LLM_TEST_DATABASE_URL"))
BROKERS = [pytest.param(f"celery, {name}", marks=pytest.mark.services(name)) for name in ("redis", "rabbitmq")]


class RecordFigure(Protocol):
    """Keep what a fault test measured for the table; a figure that is not held fails the test."""

    def __call__(self, row: int, text: str, *, is_held: bool, driver: str = "") -> None: ...


@pytest.fixture
def figure() -> RecordFigure:
    """Record a row's figure: `figure(1, "0 of 500 lost", is_held=True, driver="worker")`.

    Drivers are called "worker", "celery, redis" and "celery, rabbitmq". Call it once a case, as the last thing.
    """

    def record(row: int, text: str, *, is_held: bool, driver: str = "") -> None:
        figure = report.Figure(row, driver, connection.vendor, text, is_held)
        FIGURES.append(figure)
        report.write(figure)
        assert is_held, f"row {row}: {text}"

    return record


@pytest.fixture
def is_full() -> bool:
    """Whether the counts of the reliability table are asked for."""
    return IS_FULL


@pytest.fixture
def rounds() -> Callable[[int, int], int]:
    """How often to do it: `rounds(20, 2)` is 20 in a full run and 2 otherwise."""
    return lambda full, quick: full if IS_FULL else quick


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test of `workers` with each way a worker is run, and one of `celery_workers` with each broker.

    A full run takes Celery with PostgreSQL only, as shops do, and a quick one the worker command or Redis only.
    """
    brokers = BROKERS if IS_FULL and IS_POSTGRES else []
    if "workers" in metafunc.fixturenames:
        metafunc.parametrize("workers", ["worker", *brokers], indirect=True)
    if "celery_workers" in metafunc.fixturenames:
        metafunc.parametrize("celery_workers", brokers or ([] if IS_FULL else BROKERS[:1]), indirect=True)


@pytest.fixture
def workers(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[drivers.Driver]:
    """A way to run workers."""
    with drivers.connected(request.param, tmp_path / "workers.log", monkeypatch) as driver:
        yield driver
        # Shown when the test fails.
        print(driver.log.read_text() if driver.log.exists() else "")


# The same, for tests that concern Celery only.
celery_workers = workers


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table of figures."""
    if FIGURES:
        terminalreporter.section("faults")
        terminalreporter.write_line(report.table(FIGURES))
