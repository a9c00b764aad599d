"""Linear layers in 8-bit integers, for CPUs that multiply those faster than floats.

Weights are scaled by output channel, activations by token while running (the vector-wise scheme of Dettmers et al.,
"LLM.int8()", 2022). One scale for a whole batch of activations, as PyTorch's own dynamic quantization has it, cost the
packaged model four in ten of the texts that passed the guard; see docs/performance.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

# Beyond this many rows the integer product falls back to a kernel that is many times slower.
ROWS_AT_ONCE = 512


class Int8Linear(nn.Module):
    """Takes the place of a linear layer."""

    whole: torch.Tensor
    scale: torch.Tensor

    def __init__(self, linear: nn.Linear) -> None:
        """Quantize.

        Args:
            linear: whose weights it takes, shape (outputs, inputs).
        """
        super().__init__()
        weight = linear.weight.detach().float()
        scale = weight.abs().amax(dim=1).clamp_min(1e-8) / 127
        self.register_buffer("whole", (weight / scale[:, None]).round().to(torch.int8))
        self.register_buffer("scale", scale)
        self.bias = linear.bias
        self._dtype = linear.weight.dtype
        self.is_exact = False

    @property
    def weight(self) -> torch.Tensor:
        """The weights as floats, unpacked anew: for models that read them past `forward`, such as Mamba."""
        return (self.whole * self.scale[:, None]).to(self._dtype)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Multiply; shape (…, inputs) to (…, outputs)."""
        if self.is_exact:
            return nn.functional.linear(inputs, self.weight, self.bias)
        # In single precision: a scale of 8 bits would cost more than the products of 8 bits do.
        rows = inputs.reshape(-1, inputs.shape[-1]).float()
        scale = rows.abs().amax(dim=1, keepdim=True).clamp_min(1e-8) / 127
        rounded = (rows / scale).round().to(torch.int8)
        products = [torch._int_mm(part, self.whole.t()) for part in torch.split(rounded, ROWS_AT_ONCE)]
        outputs = (torch.cat(products) * (scale * self.scale)).to(inputs.dtype)
        if self.bias is not None:
            outputs = outputs + self.bias
        return outputs.view(*inputs.shape[:-1], -1)


@contextmanager
def exact(model: nn.Module) -> Iterator[None]:
    """Have a model's layers multiply floats for a while: slower, and without the noise of rounded activations."""
    layers = [layer for layer in model.modules() if isinstance(layer, Int8Linear)]
    for layer in layers:
        layer.is_exact = True
    try:
        yield
    finally:
        for layer in layers:
            layer.is_exact = False


def quantize(model: nn.Module) -> None:
    """Replace every linear layer of a model, in place."""
    for name, child in list(model.named_children()):
        if isinstance(child, nn.Linear):
            setattr(model, name, Int8Linear(child))
        else:
            quantize(child)
