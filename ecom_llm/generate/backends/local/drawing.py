"""Draws each row's next token, at the row's own temperature and from the row's own seed."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from ecom_llm.generate.backends.local.requests import Request

# Nucleus sampling looks no further than this many of the likeliest tokens.
CONSIDERED = 128


class Drawer:
    """Draws for one request, so that what it says depends on its seed and not on its neighbours."""

    def __init__(self, request: Request) -> None:
        """Start from the request's seed."""
        self.request = request
        self._noise = torch.Generator().manual_seed(request.seed)
        self._seen = set(request.ids) if request.repetition_penalty != 1.0 else set()

    def prepare(self, logits: torch.Tensor) -> None:
        """Apply the request's constraints and its repetition penalty (Keskar et al., "CTRL", 2019).

        Args:
            logits: of the next token, shape (vocabulary); changed in place.
        """
        request = self.request
        if self._seen:
            self._seen.update(request.written[-1:])
            tokens = torch.tensor(sorted(self._seen), device=logits.device)
            scores = logits[tokens]
            penalty = request.repetition_penalty
            logits[tokens] = torch.where(scores > 0, scores / penalty, scores * penalty)
        for constraint in request.constraints:
            constraint.restrict(logits, request.written)

    def noise(self, count: int) -> torch.Tensor:
        """Gumbel noise, shape (count)."""
        uniform = torch.rand(count, generator=self._noise).clamp_min(1e-20)
        return -torch.log((-torch.log(uniform)).clamp_min(1e-20))


def draw(logits: torch.Tensor, drawers: Sequence[Drawer]) -> list[int]:
    """The next token of each row.

    Args:
        logits: shape (rows, vocabulary); changed in place.
        drawers: one a row.

    Returns:
        A token a row.
    """
    for scores, drawer in zip(logits, drawers, strict=True):
        drawer.prepare(scores)
    tokens: list[int] = logits.argmax(dim=-1).tolist()
    daring = [index for index, drawer in enumerate(drawers) if drawer.request.temperature > 0]
    if daring:
        sampled = _sample(logits[daring], [drawers[index] for index in daring])
        for index, token in zip(daring, sampled, strict=True):
            tokens[index] = token
    return tokens


def _sample(logits: torch.Tensor, drawers: Sequence[Drawer]) -> list[int]:
    """Nucleus sampling (Holtzman et al., 2020), by adding Gumbel noise to the scores and taking the largest."""
    requests = [drawer.request for drawer in drawers]
    temperatures = torch.tensor([request.temperature for request in requests], device=logits.device)
    top_p = torch.tensor([request.top_p for request in requests], device=logits.device)
    scores, tokens = (logits / temperatures[:, None]).topk(min(CONSIDERED, logits.shape[1]), dim=-1)
    shares = scores.softmax(dim=-1)
    # A token is out when those before it hold the share already; the likeliest always stays.
    is_outside = shares.cumsum(dim=-1) - shares >= top_p[:, None].clamp_min(1e-6)
    noise = torch.stack([drawer.noise(scores.shape[1]) for drawer in drawers]).to(scores.device)
    chosen = (scores + noise).masked_fill(is_outside, float("-inf")).argmax(dim=-1, keepdim=True)
    sampled: list[int] = tokens.gather(1, chosen).squeeze(1).tolist()
    return sampled
