"""The benchmarks compare like with like."""

from __future__ import annotations

import argparse
import json
import subprocess
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest

from shop_demo.settings import MIDDLEWARE

capture = pytest.importorskip("benchmarks.capture")
capture_load = pytest.importorskip("benchmarks.capture_load")
capture_variants = pytest.importorskip("benchmarks.capture_variants")
drain = pytest.importorskip("benchmarks.drain")
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


def block_of(microseconds: int, without: int = 1000, lost: int = 0) -> dict[str, Any]:
    """One block of ten requests, each as long, by turns with ten that nothing records."""
    return {
        "ns": [microseconds * 1000] * 10, "without_ns": [without * 1000] * 10, "offered": 10, "recorded": 10 - lost,
        "cpu_us": float(microseconds), "seconds": 1.0,
    }  # fmt: skip


def test_recording_is_told_against_a_page_for_the_same_visitors() -> None:
    pages = {"none": 1000, "none_personal": 1500, "django_request": 3500, "buffered": 1090, "buffered_personal": 1620}
    baselines = {name: "none_personal" if name.endswith("personal") else "none" for name in pages}
    blocks = {name: [block_of(microseconds, pages[baselines[name]])] for name, microseconds in pages.items()}
    result = capture.summary(blocks, baselines, {"redis": "ecom_llm.capture.sinks.redis"})
    assert (result["buffered"]["p50_us"], result["buffered_personal"]["p99_us"]) == (90, 120)
    assert (result["none"]["p50_us"], result["none_personal"]["page_us"]["p50"]) == (0, 1500)
    assert result["ratio_django_request_to_buffered"] == round(2500 / 90, 1)
    assert result["redis"] == {"missing": "ecom_llm.capture.sinks.redis"}
    assert result["targets"] == {
        "buffered_p50_at_most_100_us": True, "ratio_at_least_25": True, "redis_p50_at_most_300_us": None,
        "every_event_recorded": True,
    }  # fmt: skip


def test_one_lost_event_is_told() -> None:
    blocks = {"none": [block_of(1000)] * 2, "buffered": [block_of(1090), block_of(1090, lost=1)]}
    result = capture.summary(blocks, {"none": "none", "buffered": "none"}, {})
    assert result["targets"]["every_event_recorded"] is False
    assert (result["buffered"]["offered"], result["buffered"]["recorded"]) == (20, 19)


def test_requests_to_both_sites_alternate_in_no_fixed_order() -> None:
    served: list[str] = []

    class Site:
        def __init__(self, name: str) -> None:
            self.name = name
            self.variant = SimpleNamespace(consent="anonymous")

        def serve(self, environ: str) -> int:
            served.append(self.name)
            return 1 if self.name == "with" else 2

    shoppers = SimpleNamespace(requests=lambda number, consent: [consent] * number)
    taken = capture.alternate(Site("with"), Site("without"), shoppers, 50)
    assert taken == ([1] * 50, [2] * 50)
    first = served[::2]
    assert {*first} == {"with", "without"}
    assert all({*served[place : place + 2]} == {"with", "without"} for place in range(0, 100, 2))
    # Neither always the same one first nor by turns.
    assert len({*pairwise(first)}) == 4


def test_django_request_stands_right_behind_the_accounts_and_ours_at_the_end() -> None:
    variants = capture_variants.VARIANTS
    assert capture_variants.with_middleware(MIDDLEWARE, variants["none"]) == MIDDLEWARE
    theirs = capture_variants.with_middleware(MIDDLEWARE, variants["django_request"])
    place = theirs.index(capture_variants.DJANGO_REQUEST)
    assert theirs[place - 1] == capture_variants.AUTHENTICATION
    assert capture_variants.with_middleware(MIDDLEWARE[:-1], variants["buffered"]) == MIDDLEWARE


def test_a_fifth_of_what_is_drained_has_come_before() -> None:
    records = drain.offered(1000, ["a", "b"])
    assert (len(records), len({record.id for record in records})) == (1000, 800)
    first = {record.id: place for place, record in reversed(list(enumerate(records)))}
    again = [place for place, record in enumerate(records) if first[record.id] < place]
    assert len(again) == 200
    assert max(place - first[records[place].id] for place in again) > 100


@pytest.mark.parametrize(("in_database", "dropped", "is_complete"), [(90, 10, True), (89, 10, False), (90, 9, False)])
def test_every_page_under_load_must_be_found_or_counted(in_database: int, dropped: int, *, is_complete: bool) -> None:
    load = {
        "requests": 98, "microseconds": 1_000_000, "p50_us": 1, "p99_us": 2, "status_errors": 0, "socket_errors": 0,
    }  # fmt: skip
    tallies = [
        {"sent": 60, "counters": {"recorded": 50, "dropped.buffer_full": dropped}},
        {"sent": 40, "counters": {"recorded": 40}},
    ]
    result = capture_load.outcome(load, tallies, in_database)
    assert (result["pages_sent"], result["accepted"], result["is_complete"]) == (100, 90, is_complete)
