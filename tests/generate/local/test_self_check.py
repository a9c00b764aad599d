"""A model is tried out before prompts share a prefix: what its configuration says is not enough."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")

from ecom_llm.exceptions import ModelLoadError  # noqa: E402
from ecom_llm.generate.backends.local import attention, int8, self_check  # noqa: E402
from tests.generate.local.models import make_gpt2, make_llama, make_secretive, make_windowed  # noqa: E402


def quantized() -> Any:
    model = make_llama()
    int8.quantize(model)
    return model


MAKERS = {
    "llama": make_llama,
    "learned positions": make_gpt2,
    "window": lambda: make_windowed(64),
    "bfloat16": lambda: make_llama().to(torch.bfloat16),
    "int8": quantized,
}


@pytest.mark.parametrize("name", MAKERS)
def test_models_that_can_share_pass_in_every_type(name: str) -> None:
    assert self_check.passes(MAKERS[name]())


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_model_that_loses_the_prefix_without_an_error_is_found_out(
    dtype: torch.dtype, caplog: pytest.LogCaptureFixture
) -> None:
    model = make_secretive().to(dtype)
    assert attention.supports(model)
    assert not self_check.passes(model)
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "something else" in caplog.text


def test_a_model_that_fails_is_found_out(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    model = make_llama()

    def fail(*args: object) -> None:
        raise RuntimeError("The size of tensor a must match")

    monkeypatch.setattr(self_check, "read_in_parts", fail)
    assert not self_check.passes(model)
    assert "The size of tensor a must match" in caplog.text


def test_too_little_memory_is_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(self_check, "read_in_parts", fail)
    with pytest.raises(ModelLoadError, match="out of memory"):
        self_check.passes(make_llama())


@pytest.mark.parametrize("name", ["eager", "sdpa"])
def test_trying_a_model_out_leaves_everything_as_it_was(name: str) -> None:
    model = make_llama()
    model.set_attn_implementation(name)
    calls: list[int] = []
    model.register_forward_pre_hook(
        lambda module, inputs, named: calls.append(named["input_ids"].numel()), with_kwargs=True
    )
    torch.manual_seed(5)
    before = torch.get_rng_state()
    assert self_check.passes(model)
    assert torch.equal(torch.get_rng_state(), before)
    assert model.config._attn_implementation == name
    assert not any(tensor.is_inference() for tensor in (*model.parameters(), *model.buffers()))
    # The whole, and its two parts: next to nothing beside loading.
    assert calls == [24, 20, 4]


def test_rounding_to_eight_bits_is_not_held_against_a_model() -> None:
    model = quantized()
    layers = [layer for layer in model.modules() if isinstance(layer, int8.Int8Linear)]
    seen: list[bool] = []
    model.register_forward_pre_hook(lambda module, inputs: seen.extend(layer.is_exact for layer in layers))
    assert self_check.passes(model)
    assert seen
    assert all(seen)
    assert not any(layer.is_exact for layer in layers)


def test_trying_a_model_out_compiles_nothing() -> None:
    model = make_llama()
    compiled: list[object] = []

    def compile_it(graph: Any, inputs: Any) -> Any:
        compiled.append(graph)
        return graph.forward

    model.forward = torch.compile(model.forward, dynamic=True, backend=compile_it)
    assert self_check.passes(model)
    assert not compiled
