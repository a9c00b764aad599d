"""Workers are killed, frozen and told to stop mid-batch; no job is lost and none is published twice."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest
from django.db.models import Count

from ecom_llm import pipeline
from ecom_llm.models import GenerationJob, TextVersion
from tests.faults.conftest import RecordFigure
from tests.faults.drivers import (
    Driver,
    ask,
    count,
    is_alive,
    kill,
    model_pids,
    parent_of,
    wait_for_model_pid,
    wait_until_none_runs,
)
from tests.faults.processes import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

State = GenerationJob.State
Rounds = Callable[[int, int], int]


def outcome(jobs: int) -> tuple[int, int]:
    """Jobs lost, and texts that have more than one version."""
    twice = TextVersion.objects.values("text").annotate(versions=Count("pk")).filter(versions__gt=1).count()
    return jobs - TextVersion.objects.values("text").distinct().count(), twice


def test_model_process_killed_mid_batch_loses_no_job_and_publishes_none_twice(
    workers: Driver, settings: Any, rounds: Rounds, figure: RecordFigure
) -> None:
    kills, jobs, side_by_side = rounds(20, 2), rounds(500, 24), rounds(3, 1)
    # Each kill is an accident here; that a job which kills at every attempt is set aside has a row of its own.
    settings.ECOM_LLM = workers.settings(
        products=jobs, MAX_ATTEMPTS=kills + 1, backend={"delay_seconds": 0.25, "ticks": 5}
    )
    ask(jobs)
    killed: set[int] = set()
    with ExitStack() as stack:
        started = {stack.enter_context(workers.worker()).pid for _ in range(side_by_side)}
        for _ in range(kills):
            wait_for_model_pid()
            time.sleep(random.uniform(0, 0.2))
            pid = random.choice(model_pids() or [wait_for_model_pid()])
            assert pid not in started
            kill(pid)
            killed.add(pid)
        seconds = wait_until(lambda: count(State.DONE) == jobs, 180)
        assert all(is_alive(pid) for pid in started)
    lost, twice = outcome(jobs)
    figure(
        1, f"{kills} kills: {lost} of {jobs} jobs lost, {twice} texts twice; all done {seconds:.0f} s after the last",
        is_held=not lost and not twice and len(killed) == kills, driver=workers.name,
    )  # fmt: skip


def test_celery_main_process_killed_loses_no_job_and_publishes_none_twice(
    celery_workers: Driver, settings: Any, rounds: Rounds, figure: RecordFigure
) -> None:
    kills, jobs = rounds(20, 2), rounds(500, 24)
    settings.ECOM_LLM = celery_workers.settings(
        products=jobs, MAX_ATTEMPTS=kills + 1, backend={"delay_seconds": 0.4, "ticks": 8}
    )
    ask(jobs)
    orphans: set[int] = set()
    with ExitStack() as stack:
        running = [stack.enter_context(celery_workers.worker()) for _ in range(2)]
        for _ in range(kills):
            wait_for_model_pid()
            # Both die in turn; a service manager would start the next, as is done here.
            victim = next(process for process in running if process.poll() is None)
            orphans.update(model_pids())
            kill(victim.pid)
            victim.wait(10)
            running.remove(victim)
            running.append(stack.enter_context(celery_workers.worker()))
        seconds = wait_until(lambda: count(State.DONE) == jobs, 180)
        for process in running:
            process.terminate()
        wait_until_none_runs(orphans)
    lost, twice = outcome(jobs)
    figure(
        2, f"{kills} kills: {lost} of {jobs} jobs lost, {twice} texts twice; all done {seconds:.0f} s after the last,"
        " no child left behind",
        is_held=not lost and not twice, driver=celery_workers.name,
    )  # fmt: skip


def test_worker_frozen_past_its_lease_has_its_write_refused(
    workers: Driver, settings: Any, rounds: Rounds, figure: RecordFigure
) -> None:
    each, freezes = rounds(4, 1), rounds(5, 2)
    with ExitStack() as stack:
        for number in range(freezes):
            # By turns frozen between two tokens, and after the last one, so that it goes on to write.
            echo = {"delay_seconds": 1.5, "ticks": 10 * (number % 2)}
            # A process that comes back from a pause may be ended by its watchdog; here it is to live.
            settings.ECOM_LLM = workers.settings(
                BATCH_JOBS=1, LEASE_SECONDS=1, HANG_SECONDS=60, LOAD_SECONDS=60, MAX_ATTEMPTS=freezes + 2, backend=echo
            )
            stack.enter_context(workers.worker(has_own_queue=True))
        # This process takes the jobs over, without delay.
        settings.ECOM_LLM = workers.settings(LEASE_SECONDS=30, MAX_ATTEMPTS=freezes + 2)
        for number in range(each):
            freeze_and_take_over(workers, freezes, first=number * freezes)
    wanted, refused = each * freezes, workers.refused()
    lost, twice = outcome(wanted)
    figure(
        3, f"{refused} of {wanted} stale writes refused, {lost} jobs lost, {twice} texts twice",
        is_held=refused == wanted and not lost and not twice, driver=workers.name,
    )  # fmt: skip


def freeze_and_take_over(workers: Driver, freezes: int, *, first: int) -> None:
    """Stop so many processes mid-batch for twice their lease, do their jobs here meanwhile, and let them go on."""
    before = workers.refused()
    seen: dict[int, float] = {}
    frozen: list[int] = []

    def freeze() -> bool:
        for pid in model_pids():
            # Not at once: who is frozen while still claiming finds its claim gone and has nothing to write.
            since = seen.setdefault(pid, time.monotonic())
            if pid not in frozen and time.monotonic() - since > 0.4:
                os.kill(pid, signal.SIGSTOP)
                frozen.append(pid)
        return len(frozen) == freezes

    ask(freezes, first)
    workers.wake_each()
    wait_until(freeze)
    time.sleep(2)
    pipeline.sweep()
    while pipeline.run_once("rescue").claimed:
        pass
    for pid in frozen:
        os.kill(pid, signal.SIGCONT)
    wait_until(lambda: workers.refused() == before + freezes, 20)


def test_sigterm_mid_batch_gives_jobs_back_with_no_attempt_spent(
    workers: Driver, settings: Any, rounds: Rounds, figure: RecordFigure
) -> None:
    stops, at_once = rounds(20, 2), rounds(5, 2)
    in_hand = 4 * at_once
    settings.ECOM_LLM = workers.settings(BATCH_JOBS=4, LEASE_SECONDS=60, backend={"delay_seconds": 60, "ticks": 1200})
    ask(in_hand)
    seconds: list[float] = []
    for _ in range(stops // at_once):
        with ExitStack() as stack:
            started = [stack.enter_context(workers.worker(has_own_queue=True)) for _ in range(at_once)]
            wait_until(lambda: count(State.RUNNING) == in_hand and len(model_pids()) == at_once)
            seconds += [stop(process) for process in started]
    spent = in_hand - GenerationJob.objects.filter(state=State.WAITING, attempts=0).count()
    figure(
        4, f"{len(seconds)} stops with 4 jobs in hand: {spent} attempts spent, the longest took {max(seconds):.1f} s",
        is_held=spent == 0 and len(seconds) == stops, driver=workers.name,
    )  # fmt: skip


def stop(process: Any) -> float:
    """SIGTERM to a worker; the seconds until it and the process that ran its model are gone."""
    pids = {pid for pid in model_pids() if parent_of(pid) == process.pid}
    assert pids
    started = time.monotonic()
    process.terminate()
    assert process.wait(20) == 0
    wait_until_none_runs(pids)
    return time.monotonic() - started
