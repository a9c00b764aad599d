"""Finds what a batch's prompts begin with, and keeps its keys and values for the next batch."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import torch
from transformers import DynamicCache

from ecom_llm.generate.backends.local.attention import Prefix

# Below this a prefix is not worth a step of its own.
SHORTEST_TOKENS = 32
# One for each kind and language that is in use at a time; each costs as much memory as its tokens' keys and values.
KEPT = 8


class Prefixes:
    """The prefixes used last, longest match first."""

    def __init__(self, model: Any, turn_starts: frozenset[int]) -> None:
        """Keep none yet.

        Args:
            model: reads them.
            turn_starts: special tokens; a prefix ends before one, so that what two products' names happen to
                share is not taken for part of it.
        """
        self._model = model
        self._turn_starts = turn_starts
        self._kept: OrderedDict[tuple[int, ...], Prefix] = OrderedDict()

    def find(self, prompts: Sequence[Sequence[int]]) -> Prefix | None:
        """What all prompts begin with, read now unless it was before.

        Args:
            prompts: token ids of each.

        Returns:
            The prefix, at least one token shorter than each prompt; None when they share too little.
        """
        matching = [ids for ids in self._kept if all(tuple(prompt[: len(ids)]) == ids for prompt in prompts)]
        fits = [ids for ids in matching if all(len(prompt) > len(ids) for prompt in prompts)]
        common = self._common(prompts) if len(prompts) > 1 else ()
        longest = max([*fits, common], key=len)
        if len(longest) < SHORTEST_TOKENS:
            return None
        if longest not in self._kept:
            self._kept[longest] = read(self._model, longest)
        self._kept.move_to_end(longest)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return self._kept[longest]

    def _common(self, prompts: Sequence[Sequence[int]]) -> tuple[int, ...]:
        # What the first and the last in their order share, all share.
        first, last = min(map(tuple, prompts)), max(map(tuple, prompts))
        length = 0
        limit = min(len(first), len(last)) - 1
        while length < limit and first[length] == last[length]:
            length += 1
        shared = first[:length]
        starts = [index for index, token in enumerate(shared) if token in self._turn_starts]
        # A token that begins every text, and no turn after it, leaves nothing to end before.
        return shared[: starts[-1]] if starts and starts[-1] else shared


def read(model: Any, ids: tuple[int, ...]) -> Prefix:
    """Keys and values of tokens that nothing comes before."""
    cache = DynamicCache()
    tokens = torch.tensor([ids], device=model.device)
    model(input_ids=tokens, past_key_values=cache, use_cache=True, logits_to_keep=1)
    keys = tuple(layer.keys[0].contiguous() for layer in cache.layers)
    values = tuple(layer.values[0].contiguous() for layer in cache.layers)
    return Prefix(ids, keys, values)
