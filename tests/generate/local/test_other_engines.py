"""The engines that transformers brings: plain and continuous."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")

from ecom_llm.exceptions import LeaseLostError  # noqa: E402
from ecom_llm.generate.backends.local import continuous_engine  # noqa: E402
from ecom_llm.generate.backends.local.continuous_engine import ContinuousEngine  # noqa: E402
from ecom_llm.generate.backends.local.plain_engine import PlainEngine  # noqa: E402
from ecom_llm.generate.backends.local.requests import Request  # noqa: E402
from tests.generate.local.models import greedy, make_llama, make_windowed  # noqa: E402
from tests.generate.local.test_row_engine import never, prompts  # noqa: E402


@pytest.fixture(autouse=True)
def pages(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Keep managers from taking most of the machine's memory; holds what each was asked for."""
    asked: list[dict[str, Any]] = []
    make = continuous_engine.ContinuousBatchingConfig

    def make_small(**settings: Any) -> Any:
        asked.append(settings)
        return make(num_blocks=64, max_batch_tokens=256, **settings)

    monkeypatch.setattr(continuous_engine, "ContinuousBatchingConfig", make_small)
    return asked


def test_plain_engine_takes_models_that_cannot_share() -> None:
    ids = prompts(5)
    requests = [Request(prompt, 7) for prompt in ids]
    PlainEngine(make_windowed(), pad_token=0, places=2).complete(requests, never, None)
    assert [request.written for request in requests] == [greedy(make_windowed(), prompt, 7) for prompt in ids]


def test_plain_engine_writes_one_answer_whatever_the_models_own_settings_ask_for() -> None:
    model = make_llama()
    model.generation_config.update(num_beams=3, num_return_sequences=2, do_sample=True)
    requests = [Request(prompt, 5, temperature=temperature) for prompt in prompts(2) for temperature in (0.0, 1.0)]
    PlainEngine(model, pad_token=0, places=4).complete(requests, never, None)
    assert [request.written for request in requests[::2]] == [greedy(make_llama(), prompt, 5) for prompt in prompts(2)]
    assert [len(request.written) for request in requests] == [5, 5, 5, 5]


def test_plain_engine_ends_each_row_where_it_is_done_and_stops_when_told() -> None:
    requests = [Request(prompt, 30) for prompt in prompts(3)]
    PlainEngine(make_llama(), pad_token=0, places=4).complete(requests, lambda item: len(item.written) == 2, None)
    assert [len(request.written) for request in requests] == [2, 2, 2]

    def lose() -> None:
        raise LeaseLostError

    with pytest.raises(LeaseLostError):
        PlainEngine(make_llama(), pad_token=0, places=4).complete([Request(prompts(1)[0], 9)], never, lose)


@pytest.mark.filterwarnings("ignore")
def test_continuous_engine_writes_what_plain_generate_does() -> None:
    ids = prompts(6)
    engine = ContinuousEngine(make_llama(), stop_tokens=[-1], places=4)
    ticks: list[int] = []
    for _ in range(2):
        requests = [Request(prompt, 6) for prompt in ids]
        engine.complete(requests, never, lambda: ticks.append(1))
        assert [request.written for request in requests] == [greedy(make_llama(), prompt, 6) for prompt in ids]
    assert ticks


@pytest.mark.filterwarnings("ignore")
def test_continuous_engine_takes_the_likeliest_token_however_near_the_next_is() -> None:
    def make_undecided() -> Any:
        model = make_llama()
        model.lm_head.weight.data *= 1e-4
        return model

    requests = [Request(prompt, 6) for prompt in prompts(4)]
    ContinuousEngine(make_undecided(), stop_tokens=[-1], places=4).complete(requests, never, None)
    assert [request.written for request in requests] == [greedy(make_undecided(), prompt, 6) for prompt in prompts(4)]


@pytest.mark.filterwarnings("ignore")
def test_continuous_engine_serves_models_with_a_window() -> None:
    requests = [Request(prompt, 6) for prompt in prompts(4)]
    ContinuousEngine(make_windowed(), stop_tokens=[-1], places=4).complete(requests, never, None)
    assert [request.written for request in requests] == [greedy(make_windowed(), prompt, 6) for prompt in prompts(4)]


@pytest.mark.parametrize(
    ("keeps", "has_kernels", "switches"), [(False, False, True), (False, True, False), (True, False, False)]
)
@pytest.mark.filterwarnings("ignore")
def test_continuous_engine_never_lets_an_attention_be_fetched_nor_changes_a_chosen_one(
    monkeypatch: pytest.MonkeyPatch, pages: list[dict[str, Any]], keeps: bool, has_kernels: bool, switches: bool
) -> None:
    monkeypatch.setattr(continuous_engine, "is_kernels_available", lambda: has_kernels)
    engine = ContinuousEngine(make_llama(), stop_tokens=[-1], places=4, keeps_attention=keeps)
    engine.complete([Request(prompts(1)[0], 1)], never, None)
    assert [settings["auto_switch_to_flash"] for settings in pages] == [switches]


@pytest.mark.filterwarnings("ignore")
def test_continuous_engine_draws_when_asked_and_gives_up_when_told() -> None:
    engine = ContinuousEngine(make_llama(), stop_tokens=[-1], places=4)
    requests = [Request(prompts(1)[0], 8, temperature=temperature, seed=3) for temperature in (0.0, 2.0, 2.0)]
    engine.complete(requests, never, None)
    assert requests[0].written == greedy(make_llama(), prompts(1)[0], 8)
    assert requests[1].written != requests[2].written

    def lose() -> None:
        raise LeaseLostError

    with pytest.raises(LeaseLostError):
        engine.complete([Request(prompts(1)[0], 200)], never, lose)
    # What was abandoned does not come up in the next batch.
    again = [Request(prompts(2)[1], 5)]
    engine.complete(again, never, None)
    assert len(again[0].written) == 5


@pytest.mark.filterwarnings("ignore")
def test_failure_inside_the_continuous_engine_is_torchs_own_and_the_next_batch_is_well(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = make_llama()
    engine = ContinuousEngine(model, stop_tokens=[-1], places=4)
    forward = model.forward

    def break_down(*args: object, **kwargs: object) -> None:
        raise RuntimeError("CUDA out of memory")

    monkeypatch.setattr(model, "forward", break_down)
    with pytest.raises(RuntimeError, match="Continuous batching"):
        engine.complete([Request(prompts(1)[0], 4)], never, None)
    monkeypatch.setattr(model, "forward", forward)
    request = Request(prompts(1)[0], 4)
    engine.complete([request], never, None)
    assert request.written == greedy(make_llama(), prompts(1)[0], 4)
