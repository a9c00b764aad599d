"""The worker command keeps a process running that runs the jobs, and leaves nothing behind."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from ecom_llm.management import supervisor
from ecom_llm.management.commands.ecom_llm_worker import MISCONFIGURED_STATUS
from ecom_llm.management.supervisor import Supervisor
from ecom_llm.models import GenerationJob
from tests.faults.drivers import ask, count, is_alive, kill, model_pids, wait_for_model_pid, wait_until_none_runs
from tests.faults.processes import ROOT, environment, shop_settings, wait_until, worker

SLOW = {"delay_seconds": 60, "ticks": 600}


def supervise(script: str, tmp_path: Path, *, seconds: float = 20) -> tuple[bool | None, int]:
    """Supervise a Python script that appends to the file `starts`; what `run` says, and how often it was started."""
    starts = tmp_path / "starts"
    code = f"import sys, time\nopen({str(starts)!r}, 'a').write('x')\n{script}"
    keeper = Supervisor([sys.executable, "-c", code], os.environ, final_status=MISCONFIGURED_STATUS)
    said: list[bool] = []
    thread = threading.Thread(target=lambda: said.append(keeper.run()))
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        keeper.stop()
        thread.join(20)
    assert not thread.is_alive()
    return said[0], len(starts.read_text())


def test_process_that_dies_again_and_again_is_started_ever_more_slowly(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "ecom_llm"):
        was_stopped, starts = supervise("sys.exit(3)", tmp_path, seconds=2.2)
    assert was_stopped is True
    # At 0, 0.5 and 1.5 seconds, and then not before 3.5.
    assert starts == 3
    assert "status 3" in caplog.text
    assert "starts in 2.0 s" in caplog.text


def test_process_that_cannot_run_like_this_is_not_started_again(tmp_path: Path) -> None:
    assert supervise(f"sys.exit({MISCONFIGURED_STATUS})", tmp_path) == (False, 1)


def test_process_that_does_not_stop_is_killed_after_its_grace_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "GRACE_SECONDS", 0.5)
    script = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\ntime.sleep(60)"
    started = time.monotonic()
    assert supervise(script, tmp_path, seconds=1.5) == (True, 1)
    assert time.monotonic() - started < 10


def test_wrong_setting_ends_the_command_with_a_status_of_its_own(settings: Any) -> None:
    settings.ECOM_LLM = {"GENERATE": {"LEASE_SECOND": 1}}
    with pytest.raises(CommandError, match="LEASE_SECONDS") as raised:
        call_command("ecom_llm_worker")
    assert raised.value.returncode == MISCONFIGURED_STATUS


@pytest.mark.django_db(transaction=True)
def test_wrong_backend_ends_the_command_and_gives_its_jobs_back(settings: Any) -> None:
    settings.ECOM_LLM = shop_settings()
    ask(2)
    settings.ECOM_LLM = shop_settings(backend={"no_such_option": 1})
    command = [sys.executable, "manage.py", "ecom_llm_worker", "--skip-checks"]
    done = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == MISCONFIGURED_STATUS
    assert "no_such_option" in done.stderr
    assert list(GenerationJob.objects.values_list("state", "attempts")) == [("waiting", 0)] * 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("end", [os.kill, os.killpg], ids=["the command", "its process group"])
def test_command_that_is_killed_leaves_no_process_and_no_attempt_behind(
    end: Callable[[int, int], None], settings: Any
) -> None:
    settings.ECOM_LLM = shop_settings(LEASE_SECONDS=60, backend=SLOW)
    ask(2)
    with worker() as process:
        wait_for_model_pid()
        pids = set(model_pids())
        end(process.pid, signal.SIGKILL)
        wait_until_none_runs(pids)
    attempts = set(GenerationJob.objects.values_list("state", "attempts"))
    # Killed with its group it could not give them back: their lease lapses.
    assert attempts == ({("waiting", 0)} if end is os.kill else {("running", 1)})


@pytest.mark.django_db(transaction=True)
def test_dead_process_is_replaced_and_the_jobs_are_done(settings: Any) -> None:
    settings.ECOM_LLM = shop_settings(LEASE_SECONDS=1, backend={"delay_seconds": 0.5, "ticks": 5})
    ask(4)
    with worker() as process:
        kill(wait_for_model_pid())
        wait_until(lambda: count("done") == 4)
        assert is_alive(process.pid)


def test_command_that_supervises_loads_no_model_library() -> None:
    code = (
        "import sys, django; django.setup()\n"
        "import ecom_llm.management.commands.ecom_llm_worker\n"
        "print([name for name in ('torch', 'transformers', 'numpy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
