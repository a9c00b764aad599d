"""transformers' own `generate`, for models whose attention cannot be replaced: windows, states, code of their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from transformers import LogitsProcessor, LogitsProcessorList, StoppingCriteria, StoppingCriteriaList

from ecom_llm.generate.backends.local.requests import OnToken, Request


class PlainEngine:
    """Pads a batch and runs it until its last row is done."""

    supports_constraints = True

    def __init__(self, model: Any, *, pad_token: int, places: int) -> None:
        """Take a model over.

        Args:
            model: any causal language model.
            pad_token: fills shorter prompts.
            places: rows of a batch at most.
        """
        self._model = model
        self._pad_token = pad_token
        self._places = places

    def complete(
        self, requests: Sequence[Request], is_done: Callable[[Request], bool], on_token: OnToken | None
    ) -> None:
        """See `Engine.complete`. Requests that draw alike run together."""
        by_drawing: dict[tuple[float, float, float], list[Request]] = {}
        for request in requests:
            key = (request.temperature, request.top_p, request.repetition_penalty)
            by_drawing.setdefault(key, []).append(request)
        for alike in by_drawing.values():
            ordered = sorted(alike, key=lambda request: -len(request.ids))
            for first in range(0, len(ordered), self._places):
                self._run(ordered[first : first + self._places], is_done, on_token)

    def _run(self, requests: list[Request], is_done: Callable[[Request], bool], on_token: OnToken | None) -> None:
        device = self._model.device
        width = max(len(request.ids) for request in requests)
        pads = [width - len(request.ids) for request in requests]
        rows = [[self._pad_token] * pad + list(request.ids) for pad, request in zip(pads, requests, strict=True)]
        ids = torch.tensor(rows, device=device)
        mask = torch.arange(width, device=device) >= torch.tensor(pads, device=device)[:, None]
        torch.manual_seed(requests[0].seed)
        # A model's own settings may ask for several answers, which is not how rows are followed here.
        arguments: dict[str, Any] = {"do_sample": False, "num_beams": 1, "num_return_sequences": 1}
        if requests[0].temperature > 0:
            arguments |= {"do_sample": True, "temperature": requests[0].temperature, "top_p": requests[0].top_p}
        with torch.inference_mode():
            self._model.generate(
                input_ids=ids, attention_mask=mask.long(), pad_token_id=self._pad_token,
                max_new_tokens=max(request.max_new_tokens for request in requests),
                repetition_penalty=requests[0].repetition_penalty,
                logits_processor=LogitsProcessorList([_Constrain(requests)]),
                stopping_criteria=StoppingCriteriaList([_Follow(requests, width, is_done, on_token)]),
                **arguments,
            )  # fmt: skip


class _Constrain(LogitsProcessor):
    """Applies each request's constraints to its row."""

    def __init__(self, requests: Sequence[Request]) -> None:
        self._requests = requests

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        for row, request in zip(scores, self._requests, strict=True):
            for constraint in request.constraints:
                constraint.restrict(row, request.written)
        return scores


class _Follow(StoppingCriteria):
    """Writes each row's tokens down as they come and ends the row when it is done."""

    def __init__(
        self, requests: Sequence[Request], width: int, is_done: Callable[[Request], bool], on_token: OnToken | None
    ) -> None:
        self._requests = requests
        self._width = width
        self._is_done = is_done
        self._on_token = on_token
        self._ended = [False] * len(requests)

    def __call__(self, input_ids: torch.Tensor, scores: Any, **kwargs: Any) -> torch.Tensor:
        for index, (row, request) in enumerate(zip(input_ids[:, -1].tolist(), self._requests, strict=True)):
            if self._ended[index]:
                continue
            request.written.append(row)
            self._ended[index] = len(request.written) >= request.max_new_tokens or self._is_done(request)
        if self._on_token is not None:
            self._on_token()
        return torch.tensor(self._ended, device=input_ids.device)
