"""The token loop: rows are read in, advance together, leave when they are done, and give their place to others."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import torch

from ecom_llm.generate.backends.local import attention
from ecom_llm.generate.backends.local.attention import Prefix
from ecom_llm.generate.backends.local.drawing import Drawer, draw
from ecom_llm.generate.backends.local.prefixes import Prefixes, read
from ecom_llm.generate.backends.local.requests import OnToken, Request
from ecom_llm.generate.backends.local.rows import RowCache

# Columns beside those that the longest row can need; when they are used up, all rows move to the left.
SLACK = 32
# Rows that are done still cost their share of a step; below this part of live ones the batch is made smaller.
LIVE_SHARE = 0.75
# New rows are read in when this part of the places is free: reading one by one would stop all others each time.
FREE_SHARE = 0.25


class RowEngine:
    """Shares the work on what all prompts begin with, and never computes for a row longer than it lives."""

    supports_constraints = True

    def __init__(self, model: Any, *, turn_starts: frozenset[int], places: int) -> None:
        """Take a model over.

        Args:
            model: a causal language model for which `attention.supports` holds.
            turn_starts: special tokens before which a shared prefix may end.
            places: rows that advance together at most.
        """
        attention.register()
        model.set_attn_implementation(attention.NAME)
        self._model = model
        self._places = places
        self._prefixes = Prefixes(model, turn_starts)

    def complete(
        self, requests: Sequence[Request], is_done: Callable[[Request], bool], on_token: OnToken | None
    ) -> None:
        """See `Engine.complete`."""
        with torch.inference_mode():
            prefix = self._prefixes.find([request.ids for request in requests])
            _Loop(self._model, prefix, self._places, is_done, on_token).run(requests)


def read_in_parts(model: Any, ids: Sequence[int], shared_tokens: int) -> torch.Tensor:
    """Read a prompt as the engine does; the model's attention must be `attention.attend`.

    Args:
        model: a causal language model.
        ids: the prompt's tokens.
        shared_tokens: of these, how many to read as a shared prefix.

    Returns:
        The logits of the next token, shape (vocabulary).
    """
    prefix = read(model, tuple(ids[:shared_tokens]))
    row = _Row(Request(ids, 1), shared_tokens)
    width = len(row.ids)
    _, _, logits = _Loop(model, prefix, 1, lambda request: False, None)._read([row], width, width)
    return logits[0]


class _Row:
    """A request in the batch, without the shared prefix."""

    def __init__(self, request: Request, offset: int) -> None:
        self.request = request
        self.ids = request.ids[offset:]
        self.drawer = Drawer(request)


class _Loop:
    """Completes requests of one prefix."""

    def __init__(
        self,
        model: Any,
        prefix: Prefix | None,
        places: int,
        is_done: Callable[[Request], bool],
        on_token: OnToken | None,
    ) -> None:
        self._model = model
        self._prefix = prefix
        self._places = places
        self._is_done = is_done
        self._on_token = on_token
        self._device = model.device
        self._layers = model.config.get_text_config().num_hidden_layers
        self._offset = len(prefix.ids) if prefix else 0
        self._room = 0
        # A place whose row is done holds None until another row takes it.
        self._rows: list[_Row | None] = []
        self._cache = RowCache(self._layers, 0)
        # The first column of each row that is its own; what lies before is padding or another row's past.
        self._starts = torch.empty(0, dtype=torch.long)

    def run(self, requests: Sequence[Request]) -> None:
        """Complete the requests, the longest prompts first, so that memory is at its highest at once."""
        rows = sorted((_Row(request, self._offset) for request in requests), key=lambda row: -len(row.ids))
        waiting = deque(rows)
        self._room = len(rows[0].ids) + max(request.max_new_tokens for request in requests) + SLACK
        while waiting or self._live:
            if waiting and (not self._live or len(self._rows) - self._live >= self._places * FREE_SHARE):
                self._admit(waiting)
            elif not waiting and self._live <= len(self._rows) * LIVE_SHARE:
                self._let_go()
            if self._live:
                self._step()

    @property
    def _live(self) -> int:
        return sum(row is not None for row in self._rows)

    def _admit(self, waiting: deque[_Row]) -> None:
        """Read new rows into the free places."""
        is_first = not self._live
        free = [index for index, row in enumerate(self._rows) if row is None]
        new = [waiting.popleft() for _ in range(min(self._places if is_first else len(free), len(waiting)))]
        width = len(new[0].ids)
        cache, starts, logits = self._read(new, width, self._room if is_first else width)
        begun = self._write(list(new), logits)
        if is_first:
            self._cache, self._starts, self._rows = cache, starts, begun
            return
        # Prompts come longest first, so what comes later is no wider than what is there.
        slots = free[: len(new)]
        at = torch.tensor(slots, device=self._device)
        self._cache.replace(at, cache)
        self._starts[at] = starts + (self._cache.width - width)
        for slot, row in zip(slots, begun, strict=True):
            self._rows[slot] = row

    def _read(self, rows: Sequence[_Row], width: int, room: int) -> tuple[RowCache, torch.Tensor, torch.Tensor]:
        """Read prompts, each once, however many of its completions are wanted.

        Returns:
            Their cache, the first column of each row, and the logits of each row's first token.
        """
        prompts = list(dict.fromkeys(tuple(row.ids) for row in rows))
        place = {prompt: index for index, prompt in enumerate(prompts)}
        copies = torch.tensor([place[tuple(row.ids)] for row in rows], device=self._device)
        starts = torch.tensor([width - len(prompt) for prompt in prompts], device=self._device)
        ids = torch.tensor([[0] * (width - len(prompt)) + list(prompt) for prompt in prompts], device=self._device)
        columns = torch.arange(width, device=self._device)
        positions = (columns - starts[:, None]).clamp_min(0) + self._offset
        is_earlier = columns[:, None] >= columns
        is_own = columns >= starts[:, None]
        # Padding sees itself, so that no token's weights are over nothing.
        is_seen = (is_earlier & is_own[:, None]) | torch.eye(width, dtype=torch.bool, device=self._device)
        cache = RowCache(self._layers, room)
        logits = self._forward(ids, positions, is_seen[:, None], cache)
        if len(prompts) < len(rows):
            cache.keep(copies)
            logits = logits[copies]
            starts = starts[copies]
        return cache, starts, logits

    def _step(self) -> None:
        """Advance every row by a token."""
        if self._cache.width == self._room:
            live = zip(self._starts.tolist(), self._rows, strict=True)
            columns_unused = min(start for start, row in live if row is not None)
            self._cache.shift(columns_unused)
            self._starts = (self._starts - columns_unused).clamp_min(0)
        ids = torch.tensor([[row.request.written[-1] if row else 0] for row in self._rows], device=self._device)
        positions = (self._cache.width - self._starts)[:, None] + self._offset
        columns = torch.arange(self._cache.width + 1, device=self._device)
        is_seen = columns >= self._starts[:, None]
        logits = self._forward(ids, positions, is_seen[:, None, None], self._cache)
        self._rows = self._write(self._rows, logits)

    def _forward(
        self, ids: torch.Tensor, positions: torch.Tensor, is_seen: torch.Tensor, cache: RowCache
    ) -> torch.Tensor:
        """Logits of each row's next token, shape (rows, vocabulary).

        Args:
            ids: shape (rows, tokens).
            positions: of the tokens in their rows, shape (rows, tokens).
            is_seen: which columns a token attends to, shape (rows, 1, tokens, columns).
            cache: what they are added to.
        """
        mask = torch.zeros(is_seen.shape, dtype=self._model.dtype, device=self._device)
        mask.masked_fill_(~is_seen, torch.finfo(mask.dtype).min)
        output = self._model(
            input_ids=ids, position_ids=positions, attention_mask=mask, past_key_values=cache, use_cache=True,
            logits_to_keep=1, shared_prefix=self._prefix,
        )  # fmt: skip
        logits: torch.Tensor = output.logits[:, -1].float()
        return logits

    def _write(self, rows: list[_Row | None], logits: torch.Tensor) -> list[_Row | None]:
        """Draw a token for each live row.

        Returns:
            The rows, None where one is done.
        """
        live = [(index, row) for index, row in enumerate(rows) if row is not None]
        if len(live) < len(rows):
            logits = logits[[index for index, _ in live]]
        for (index, row), token in zip(live, draw(logits, [row.drawer for _, row in live]), strict=True):
            request = row.request
            request.written.append(token)
            if len(request.written) >= request.max_new_tokens or self._is_done(request):
                rows[index] = None
        if self._on_token is not None:
            self._on_token()
        return rows

    def _let_go(self) -> None:
        """Compute on with the live rows only."""
        slots = torch.tensor([index for index, row in enumerate(self._rows) if row], device=self._device)
        self._cache.keep(slots)
        self._starts = self._starts[slots]
        self._rows = [row for row in self._rows if row]
