"""Linear layers in 8-bit integers, for CPUs that multiply those faster than floats.

Weights are scaled by output channel, activations by token while running (the vector-wise scheme of Dettmers et al.,
"LLM.int8()", 2022). One scale for a whole batch of activations, as PyTorch's own dynamic quantization has it, cost the
packaged model four in ten of the texts that passed the guard; see docs/performance.md.
"""

from __future__ import annotations

import torch
from torch import nn

# Beyond this many rows the integer product falls back to a kernel that is many times slower.
ROWS_AT_ONCE = 512


class Int8Linear(nn.Module):
    """Takes the place of a linear layer."""

    weight: torch.Tensor
    scale: torch.Tensor

    def __init__(self, linear: nn.Linear) -> None:
        """Quantize.

        Args:
            linear: whose weights it takes, shape (outputs, inputs).
        """
        super().__init__()
        weight = linear.weight.detach().float()
        scale = weight.abs().amax(dim=1).clamp_min(1e-8) / 127
        self.register_buffer("weight", (weight / scale[:, None]).round().to(torch.int8))
        self.register_buffer("scale", scale)
        self.bias = linear.bias

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Multiply; shape (…, inputs) to (…, outputs)."""
        # In single precision: a scale of 8 bits would cost more than the products of 8 bits do.
        rows = inputs.reshape(-1, inputs.shape[-1]).float()
        scale = rows.abs().amax(dim=1, keepdim=True).clamp_min(1e-8) / 127
        whole = (rows / scale).round().to(torch.int8)
        products = [torch._int_mm(part, self.weight.t()) for part in torch.split(whole, ROWS_AT_ONCE)]
        outputs = (torch.cat(products) * (scale * self.scale)).to(inputs.dtype)
        if self.bias is not None:
            outputs = outputs + self.bias
        return outputs.view(*inputs.shape[:-1], -1)


def quantize(model: nn.Module) -> None:
    """Replace every linear layer of a model, in place."""
    for name, child in list(model.named_children()):
        if isinstance(child, nn.Linear):
            setattr(model, name, Int8Linear(child))
        else:
            quantize(child)
