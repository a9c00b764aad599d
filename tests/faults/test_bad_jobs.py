"""Jobs that abort the process, want too much memory or hang cost themselves only."""

from __future__ import annotations

import time
from typing import Any

import pytest

from ecom_llm.models import GenerationJob
from tests.faults.conftest import RecordFigure
from tests.faults.drivers import Driver, ask, count, is_alive, wait_for_model_pid, wait_until_none_runs
from tests.faults.processes import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

State = GenerationJob.State


def test_job_that_aborts_the_process_is_set_aside_and_its_neighbours_finish(
    workers: Driver, settings: Any, figure: RecordFigure
) -> None:
    settings.ECOM_LLM = workers.settings(BATCH_JOBS=64, LEASE_SECONDS=1, backend={"crash_on": "Lamp 33"})
    ask(64)
    with workers.worker():
        seconds = wait_until(lambda: count(*GenerationJob.ACTIVE) == 0, 90)
    failed = list(GenerationJob.objects.filter(state=State.FAILED).values_list("subject", "attempts"))
    done = count(State.DONE)
    figure(
        6, f"set aside {failed}, {done} of 63 neighbours done, {seconds:.0f} s",
        is_held=failed == [("lamp-33", 3)] and done == 63, driver=workers.name,
    )  # fmt: skip


def test_batch_that_does_not_fit_into_memory_is_halved_until_it_does(
    workers: Driver, settings: Any, figure: RecordFigure
) -> None:
    settings.ECOM_LLM = workers.settings(BATCH_JOBS=64, backend={"memory_batch": 4})
    ask(64)
    with workers.worker():
        seconds = wait_until(lambda: count(*GenerationJob.ACTIVE) == 0, 90)
    done, unspent = count(State.DONE), GenerationJob.objects.filter(attempts=1).count()
    figure(
        7, f"{done} of 64 done, {64 - unspent} needed a second attempt, {seconds:.0f} s",
        is_held=done == unspent == 64, driver=workers.name,
    )  # fmt: skip


def test_worker_whose_model_hangs_is_replaced(workers: Driver, settings: Any, figure: RecordFigure) -> None:
    hang_seconds = lease_seconds = 2
    settings.ECOM_LLM = workers.settings(
        BATCH_JOBS=8, LEASE_SECONDS=lease_seconds, HANG_SECONDS=hang_seconds, LOAD_SECONDS=hang_seconds,
        backend={"hang_on": "Lamp 3"},
    )  # fmt: skip
    ask(8)
    with workers.worker() as process:
        hung = wait_for_model_pid()
        started = time.monotonic()
        gone = wait_until_none_runs({hung})
        wait_until(lambda: count(State.DONE) == 7, 60)
        done = time.monotonic() - started
        wait_until(lambda: count(State.FAILED) == 1, 60)
        is_same_worker = is_alive(process.pid)
    attempts = GenerationJob.objects.get(state=State.FAILED).attempts
    figure(
        8, f"process ended after {gone:.1f} s (limit {hang_seconds} s), 7 of 7 neighbours done after {done:.1f} s;"
        f" the job that hangs set aside after {attempts} attempts",
        is_held=is_same_worker and gone < 2 * hang_seconds + 1 and attempts == 3, driver=workers.name,
    )  # fmt: skip
