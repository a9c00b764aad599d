"""Packs prompts into batches of similar length under a token budget."""

from __future__ import annotations

from collections.abc import Sequence


def pack(lengths_tokens: Sequence[int], *, new_tokens: int, budget_tokens: int) -> list[list[int]]:
    """Sort prompts by length and cut them into batches.

    A batch costs its longest prompt plus the completion for each of its rows, because shorter rows are padded; so
    prompts of like length go together (the bucketing of sequence-to-sequence training).

    Args:
        lengths_tokens: each prompt's length.
        new_tokens: the longest completion.
        budget_tokens: the most that a batch may cost. A prompt that is over it by itself is a batch of its own.

    Returns:
        Batches of indices into `lengths_tokens`, longest prompts first, so that memory is at its highest at once.
    """
    order = sorted(range(len(lengths_tokens)), key=lambda index: -lengths_tokens[index])
    batches: list[list[int]] = []
    row_tokens = 0
    for index in order:
        # Sorted: the first row of a batch is its longest.
        if batches and (len(batches[-1]) + 1) * row_tokens <= budget_tokens:
            batches[-1].append(index)
        else:
            batches.append([index])
            row_tokens = lengths_tokens[index] + new_tokens
    return batches
