"""A Celery worker says at its start what its command line got wrong."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from tests.faults.processes import environment, running, shop_settings, wait_until

pytestmark = pytest.mark.django_db(transaction=True)

QUEUE = "ecom_llm_test_pool"


@pytest.mark.parametrize(
    ("arguments", "warned"),
    [
        (["--pool", "threads", "--concurrency", "2"], ["W010", "W011"]),
        (["--pool", "prefork", "--concurrency", "1"], []),
    ],
)
def test_worker_warns_of_its_pool(settings: Any, tmp_path: Path, arguments: list[str], warned: list[str]) -> None:
    settings.ECOM_LLM = shop_settings(DRIVER="celery", QUEUE=QUEUE)
    log = tmp_path / "worker.log"
    command = [sys.executable, "-m", "celery", "-A", "shop_demo", "worker", "-l", "INFO", "-Q", QUEUE, *arguments]
    with running(command, environment("memory://"), log):
        wait_until(lambda: " ready." in log.read_text() if log.exists() else False, 30)
    said = log.read_text()
    assert [number for number in ("W010", "W011") if f"(ecom_llm.{number})" in said] == warned
