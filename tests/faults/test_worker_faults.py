"""Workers are killed, stopped and poisoned; no job is lost and none is published twice."""

from __future__ import annotations

import os
import signal
from typing import Any

import pytest

from ecom_llm.entities import Kind, TextKey
from ecom_llm.generate.requests import request_texts
from ecom_llm.models import GenerationJob, TextVersion
from tests.faults.processes import PRODUCTS, shop_settings, wait_until, worker

pytestmark = pytest.mark.django_db(transaction=True)

State = GenerationJob.State
KILLS = int(os.environ.get("ECOM_LLM_FAULT_ROUNDS", "3"))


def ask(count: int) -> None:
    assert request_texts([TextKey(Kind.DESCRIPTION, item["id"], "en") for item in PRODUCTS[:count]]) == count


def count(*states: str) -> int:
    return GenerationJob.objects.filter(state__in=states).count()


def test_worker_killed_mid_batch_loses_no_job_and_publishes_none_twice(settings: Any) -> None:
    settings.ECOM_LLM = shop_settings(BATCH_JOBS=4, MAX_ATTEMPTS=KILLS + 2, backend={"delay_seconds": 0.4, "ticks": 8})
    ask(24)
    for _ in range(KILLS):
        with worker() as process:
            wait_until(lambda: count(State.RUNNING) > 0)
            os.killpg(process.pid, signal.SIGKILL)
        wait_until(lambda: GenerationJob.objects.filter(state=State.RUNNING).count() <= 4)
    with worker():
        seconds = wait_until(lambda: count(State.DONE) == 24)
    versions = TextVersion.objects.count()
    print(f"{KILLS} kills: {24 - count(State.DONE)} of 24 jobs lost, {versions - 24} texts twice, {seconds:.1f} s")
    assert versions == 24


def test_poisoned_job_is_quarantined_and_its_neighbours_finish(settings: Any) -> None:
    settings.ECOM_LLM = shop_settings(BATCH_JOBS=8, LEASE_SECONDS=1, backend={"crash_on": "Lamp 3"})
    ask(8)
    for _ in range(3):
        with worker() as process:
            process.wait(30)
        wait_until(lambda: count(State.RUNNING) == 0 or not _has_live_lease())
    with worker():
        wait_until(lambda: count(State.DONE) == 7 and count(State.FAILED) == 1)
    failed = GenerationJob.objects.get(state=State.FAILED)
    print(f"quarantined after {failed.attempts} attempts, {count(State.DONE)} of 7 neighbours done")
    assert (failed.subject, failed.attempts) == ("lamp-3", 3)


def _has_live_lease() -> bool:
    from django.db.models.functions import Now

    return GenerationJob.objects.filter(state=State.RUNNING, lease_expires_at__gt=Now()).exists()


def test_sigterm_mid_batch_gives_jobs_back_with_no_attempt_spent(settings: Any) -> None:
    settings.ECOM_LLM = shop_settings(BATCH_JOBS=4, LEASE_SECONDS=60, backend={"delay_seconds": 20, "ticks": 400})
    ask(4)
    with worker() as process:
        wait_until(lambda: count(State.RUNNING) == 4)
        process.terminate()
        assert process.wait(10) == 0
    attempts = list(GenerationJob.objects.values_list("state", "attempts"))
    print(f"4 jobs after SIGTERM: {attempts}")
    assert attempts == [(State.WAITING, 0)] * 4


def test_worker_that_hangs_past_its_lease_has_its_write_refused(settings: Any) -> None:
    settings.ECOM_LLM = shop_settings(BATCH_JOBS=1, backend={"delay_seconds": 1.5, "ticks": 1})
    ask(1)
    with worker() as frozen:
        wait_until(lambda: count(State.RUNNING) == 1)
        os.killpg(frozen.pid, signal.SIGSTOP)
        wait_until(lambda: not _has_live_lease())
        with worker():
            wait_until(lambda: count(State.DONE) == 1)
            os.killpg(frozen.pid, signal.SIGCONT)
            wait_until(lambda: frozen.poll() is None, 5)
    assert TextVersion.objects.count() == 1
