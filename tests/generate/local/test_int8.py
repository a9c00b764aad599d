"""Linear layers in 8-bit integers."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from ecom_llm.generate.backends.local.int8 import ROWS_AT_ONCE, Int8Linear, exact, quantize  # noqa: E402
from tests.generate.local.models import greedy, make_llama, make_mamba  # noqa: E402


def error(inputs: torch.Tensor, linear: torch.nn.Linear) -> torch.Tensor:
    """Of each row, relative to its length."""
    exact = linear(inputs)
    return (Int8Linear(linear)(inputs) - exact).norm(dim=-1) / exact.norm(dim=-1)


@pytest.mark.parametrize("rows", [1, 3, ROWS_AT_ONCE + 5])
def test_products_are_right_within_two_percent(rows: int) -> None:
    torch.manual_seed(0)
    with torch.inference_mode():
        assert error(torch.randn(rows, 64), torch.nn.Linear(64, 48)).max() < 0.02


def test_a_row_of_giant_values_spoils_no_other_row() -> None:
    torch.manual_seed(0)
    inputs = torch.randn(8, 64)
    inputs[0] *= 10_000
    with torch.inference_mode():
        assert error(inputs, torch.nn.Linear(64, 48, bias=False)).max() < 0.02


def test_no_activation_is_rounded_while_products_are_to_be_exact() -> None:
    torch.manual_seed(0)
    linear, inputs = torch.nn.Linear(64, 48), torch.randn(8, 64)
    layer = Int8Linear(linear)
    with torch.inference_mode(), exact(layer):
        assert torch.equal(layer(inputs), torch.nn.functional.linear(inputs, layer.weight, linear.bias))
    assert not torch.equal(layer(inputs), torch.nn.functional.linear(inputs, layer.weight, linear.bias))


def test_every_linear_layer_of_a_model_is_replaced() -> None:
    model = make_llama()
    quantize(model)
    assert not [child for child in model.modules() if isinstance(child, torch.nn.Linear)]
    assert len(greedy(model, [5, 6, 7], 4)) == 4


def test_a_model_that_reads_the_weights_past_the_layer_gets_floats() -> None:
    model = make_mamba()
    expected = model(torch.tensor([[5, 6, 7]])).logits
    quantize(model)
    logits = model(torch.tensor([[5, 6, 7]])).logits
    assert torch.nn.functional.cosine_similarity(logits, expected, dim=-1).min() > 0.99
