"""The benchmarks compare like with like."""

from __future__ import annotations

import argparse
import json
import subprocess
from typing import Any

import pytest

generation = pytest.importorskip("benchmarks.generation")
gpu = pytest.importorskip("benchmarks.gpu")


def run_of(method: str) -> dict[str, Any]:
    """What a process of one method would tell; bfloat16 is the quicker for (a) and float32 for (b)."""
    seconds = {"one_by_one_bfloat16": 20.0, "static_16_float32": 5.0, "engine": 1.0}
    dtype = "bfloat16" if method.endswith("bfloat16") or method == "engine" else "float32"
    return {
        "prompts": 10, "seconds": seconds.get(method, 40.0), "tokens": 100, "written": 150, "passed": 9, "peak_mib": 1,
        "model": "some/model", "dtype": dtype,
    }  # fmt: skip


def test_engine_is_compared_with_the_better_type_of_each_baseline(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(command: list[str], **_: Any) -> Any:
        output = json.dumps(run_of(command[command.index("--method") + 1]))
        return subprocess.CompletedProcess(command, 0, stdout=output)

    monkeypatch.setattr(subprocess, "run", run)
    result = generation.compare(10, 2, [*generation.METHODS])
    assert (result["ratio_to_one_by_one"], result["ratio_to_static_16"]) == (20, 5)
    row = result["methods"]["engine"]
    assert (row["dtype"], row["tokens_per_s"], row["written_tokens_per_s"]) == ("bfloat16", 100, 150)


def test_no_engine_finds_what_another_left_and_each_has_its_own_floor(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch")
    events: list[str] = []
    monkeypatch.setattr(gpu, "one_by_one", lambda *_: events.append("one"))
    monkeypatch.setattr(gpu, "generate_batch", lambda *_: events.append("generate_batch"))
    monkeypatch.setattr(gpu, "engine", lambda name, *_: events.append(name))
    monkeypatch.setattr(gpu, "let_go", lambda model: events.append("-"))
    # So slow that a floor shows behind the point.
    monkeypatch.setattr(gpu, "copy_bandwidth", lambda device: 1000.0)
    result = gpu.measure(argparse.Namespace(tiny=True, prompts=6, new_tokens=4, places=2, one_by_one=3))
    assert " ".join(events) == "one one - generate_batch generate_batch - continuous continuous - rows rows -"
    floors = {name: row["floor_seconds"] for name, row in result["methods"].items()}
    # Three prompts one by one, and six by twos: three rounds each.
    assert len(set(floors.values())) == 1
    assert floors["generate_batch"] == pytest.approx(3 * 4 * result["parameters"] * 4 / 1000)


@pytest.mark.filterwarnings("ignore")
def test_baseline_keeps_its_manager_for_the_timed_run_and_has_as_many_places(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("transformers")
    model = gpu.build("cpu", is_tiny=True)
    asked: dict[str, Any] = {}
    monkeypatch.setattr(model, "generate_batch", lambda **arguments: asked.update(arguments), raising=False)
    gpu.generate_batch(model, [[3, 4]], argparse.Namespace(new_tokens=4, places=7))
    assert asked["persistent_manager"] is True
    assert asked["continuous_batching_config"].max_requests_per_batch == 7
