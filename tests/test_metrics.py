"""What processes count, alone, together, and without the library."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ecom_llm import metrics

COUNT = """
from ecom_llm import metrics
metrics.observe_batch("reason", "default", jobs=3, seconds=1.5, prompt_tokens=30, completion_tokens=12)
metrics.observe_job("reason", "stored")
metrics.observe_blocked("reason", ["number", "number", "claim"])
metrics.observe_load("echo", 2.0)
"""


def run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run code in a process of its own: the library decides at its import where it counts."""
    variables = os.environ | environment
    command = [sys.executable, "-c", code]
    return subprocess.run(command, env=variables, capture_output=True, text=True, check=True, timeout=60)


def sample(name: str, **labels: str) -> float:
    from prometheus_client import REGISTRY

    return REGISTRY.get_sample_value(name, labels) or 0.0


def test_batch_is_counted_with_its_jobs_time_and_tokens() -> None:
    of = {"kind": "reason", "backend": "counted"}
    metrics.observe_batch("reason", "counted", jobs=3, seconds=1.5, prompt_tokens=30, completion_tokens=12)
    metrics.observe_batch("reason", "counted", jobs=5, seconds=0.5, prompt_tokens=50, completion_tokens=20)
    assert sample("ecom_llm_batch_jobs_count", **of) == 2
    assert sample("ecom_llm_batch_jobs_sum", **of) == 8
    assert sample("ecom_llm_batch_seconds_sum", **of) == 2.0
    assert sample("ecom_llm_tokens_total", **of, direction="prompt") == 80
    assert sample("ecom_llm_tokens_total", **of, direction="completion") == 32


def test_outcomes_blocking_rules_and_loads_are_counted() -> None:
    before = sample("ecom_llm_job_outcomes_total", kind="reason", outcome="released")
    metrics.observe_job("reason", "released")
    assert sample("ecom_llm_job_outcomes_total", kind="reason", outcome="released") == before + 1
    metrics.observe_blocked("reason", iter(["once", "twice", "twice"]))
    assert sample("ecom_llm_blocked_completions_total", kind="reason", code="twice") == 1
    metrics.observe_load("some-model", 7.0)
    assert sample("ecom_llm_model_load_seconds_sum", model="some-model") == 7.0


def test_without_the_library_nothing_happens() -> None:
    code = "import sys; sys.modules['prometheus_client'] = None\n" + COUNT + "print(metrics._instruments())"
    ran = run(code)
    assert (ran.stdout, ran.stderr) == ("None\n", "")


def test_library_is_not_imported_before_the_first_count() -> None:
    ran = run("import sys, ecom_llm.metrics; print('prometheus_client' in sys.modules)")
    assert ran.stdout == "False\n"


def test_folder_that_cannot_be_written_costs_a_log_line_each_and_no_error(tmp_path: Path) -> None:
    ran = run(COUNT + "print('went on')", PROMETHEUS_MULTIPROC_DIR=str(tmp_path / "nowhere"))
    assert ran.stdout == "went on\n"
    assert "observe_job could not be counted." in ran.stderr


def test_processes_that_share_a_folder_are_added_together_though_they_have_ended(tmp_path: Path) -> None:
    for _ in range(2):
        run(COUNT, PROMETHEUS_MULTIPROC_DIR=str(tmp_path))
    from prometheus_client.multiprocess import MultiProcessCollector

    collected: Any = MultiProcessCollector(None, str(tmp_path))  # type: ignore[no-untyped-call]
    sums = {sample.name: sample.value for metric in collected.collect() for sample in metric.samples}
    assert sums["ecom_llm_batch_jobs_sum"] == 6
    assert sums["ecom_llm_job_outcomes_total"] == 2
    assert sums["ecom_llm_model_load_seconds_count"] == 2


@pytest.mark.parametrize("observed", ["batch", "job", "blocked", "load"])
def test_forked_child_counts_for_itself(tmp_path: Path, observed: str) -> None:
    """A pool's child is forked, here after its parent has counted; both counts are there afterwards."""
    call = next(line for line in COUNT.splitlines() if f"observe_{observed}(" in line)
    code = f"import os\nfrom ecom_llm import metrics\n{call}\npid = os.fork()\n{call}\nif pid: os.wait()\n"
    run(code, PROMETHEUS_MULTIPROC_DIR=str(tmp_path))
    from prometheus_client.multiprocess import MultiProcessCollector

    collected: Any = MultiProcessCollector(None, str(tmp_path))  # type: ignore[no-untyped-call]
    counts = [
        sample.value
        for metric in collected.collect()
        for sample in metric.samples
        if sample.name.endswith(("_count", "job_outcomes_total", "blocked_completions_total"))
    ]
    assert set(counts) == {3}
