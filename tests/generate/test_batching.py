"""Batches stay within their budget and lose no prompt."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ecom_llm.generate.batching import pack


@given(st.lists(st.integers(1, 5000), max_size=60), st.integers(1, 200), st.integers(100, 9000))
def test_every_prompt_is_in_one_batch_and_no_batch_is_over_budget(
    lengths: list[int], new_tokens: int, budget_tokens: int
) -> None:
    batches = pack(lengths, new_tokens=new_tokens, budget_tokens=budget_tokens)
    assert sorted(index for batch in batches for index in batch) == list(range(len(lengths)))
    for batch in batches:
        cost = len(batch) * (max(lengths[index] for index in batch) + new_tokens)
        assert cost <= budget_tokens or len(batch) == 1


def test_prompts_of_like_length_go_together() -> None:
    assert pack([10, 500, 12, 510], new_tokens=10, budget_tokens=1100) == [[3, 1], [2, 0]]
