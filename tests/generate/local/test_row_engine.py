"""The engine of rows against transformers' own `generate`: the same tokens, whatever shares, leaves or comes."""

from __future__ import annotations

import random
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from ecom_llm.exceptions import LeaseLostError  # noqa: E402
from ecom_llm.generate.backends.local import attention, row_engine  # noqa: E402
from ecom_llm.generate.backends.local.prefixes import Prefixes  # noqa: E402
from ecom_llm.generate.backends.local.requests import Request  # noqa: E402
from ecom_llm.generate.backends.local.row_engine import RowEngine  # noqa: E402
from tests.generate.local.models import VOCABULARY, greedy, make_gpt2, make_llama, make_windowed  # noqa: E402

TURN = 2


def prompts(count: int, *, shared: int = 40, seed: int = 0) -> list[list[int]]:
    """Prompts that share their beginning, up to the start of a turn, and differ in length behind it."""
    dice = random.Random(seed)
    beginning = [*(dice.randrange(3, VOCABULARY) for _ in range(shared)), TURN]
    return [[*beginning, *(dice.randrange(3, VOCABULARY) for _ in range(dice.randrange(2, 14)))] for _ in range(count)]


def never(request: Request) -> bool:
    return False


def follow(model: Any, monkeypatch: pytest.MonkeyPatch, read: list[Any]) -> None:
    """Write down the rows and tokens of each step of a model."""
    forward = model.forward

    def note(*args: Any, **kwargs: Any) -> Any:
        read.append(tuple(kwargs["input_ids"].shape))
        return forward(*args, **kwargs)

    monkeypatch.setattr(model, "forward", note)


def complete(model: Any, ids: list[list[int]], *, places: int = 8, lengths: list[int] | None = None) -> list[list[int]]:
    engine = RowEngine(model, turn_starts=frozenset({TURN}), places=places)
    lengths = lengths or [9] * len(ids)
    requests = [Request(prompt, length) for prompt, length in zip(ids, lengths, strict=True)]
    engine.complete(requests, never, None)
    return [request.written for request in requests]


@pytest.mark.parametrize("places", [1, 3, 8, 32])
@pytest.mark.parametrize("shared", [0, 8, 40, 90])
def test_tokens_are_those_of_plain_generate(places: int, shared: int) -> None:
    ids = prompts(11, shared=shared)
    expected = [greedy(make_llama(), prompt, 9) for prompt in ids]
    assert complete(make_llama(), ids, places=places) == expected


def test_rows_that_end_at_different_times_give_their_places_to_others() -> None:
    ids = prompts(40)
    lengths = [random.Random(index).randrange(1, 60) for index in range(40)]
    expected = [greedy(make_llama(), prompt, length) for prompt, length in zip(ids, lengths, strict=True)]
    assert complete(make_llama(), ids, places=4, lengths=lengths) == expected


def test_models_with_learned_positions_share_prefixes_too() -> None:
    model = make_gpt2()
    assert attention.supports(model)
    ids = prompts(6)
    expected = [greedy(make_gpt2(), prompt, 9) for prompt in ids]
    assert complete(model, ids) == expected


def test_a_model_that_sees_only_a_window_is_not_taken() -> None:
    assert not attention.supports(make_windowed())


def test_a_window_as_long_as_the_context_is_none() -> None:
    model = make_windowed(512)
    assert attention.supports(model)
    ids = prompts(6)
    expected = [greedy(make_windowed(512), prompt, 9) for prompt in ids]
    assert complete(model, ids) == expected


def test_a_token_that_begins_every_text_does_not_keep_a_prefix_from_being_shared() -> None:
    shared = [TURN, *range(3, 43)]
    prompts = [[*shared, 50], [*shared, 60, 61]]
    prefix = Prefixes(make_llama(), frozenset({TURN})).find(prompts)
    assert prefix is not None
    assert prefix.ids == tuple(shared)


def test_prefix_is_read_once_and_each_prompt_only_behind_it(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Any] = []
    model = make_llama()
    follow(model, monkeypatch, read)
    engine = RowEngine(model, turn_starts=frozenset({TURN}), places=8)
    for seed in (1, 2):
        ids = [[*prompts(1, seed=0)[0][:41], 50 + seed, 60 + index] for index in range(4)]
        engine.complete([Request(prompt, 1) for prompt in ids], never, None)
    # The prefix ends before the turn that both batches begin with; its 40 tokens are read once for both.
    assert read == [(1, 40), (4, 3), (4, 3)]


def test_completions_of_one_prompt_read_it_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Any] = []
    model = make_llama()
    follow(model, monkeypatch, read)
    ids = prompts(2)
    requests = [Request(prompt, 3, temperature=1.0, seed=seed) for prompt in ids for seed in range(3)]
    RowEngine(model, turn_starts=frozenset({TURN}), places=8).complete(requests, never, None)
    assert [rows for rows, _ in read] == [1, 2, 6, 6]


def test_done_rows_leave_the_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Any] = []
    model = make_llama()
    follow(model, monkeypatch, read)
    complete(model, prompts(8), lengths=[2, 2, 2, 2, 2, 2, 20, 20])
    assert read[-1] == (2, 1)


def test_a_row_draws_from_its_own_seed_whatever_stands_beside_it() -> None:
    ids = prompts(6)

    def drawn(chosen: list[int]) -> dict[int, list[int]]:
        requests = {index: Request(ids[index], 8, temperature=1.5, top_p=0.95, seed=index) for index in chosen}
        RowEngine(make_llama(), turn_starts=frozenset({TURN}), places=4).complete(list(requests.values()), never, None)
        return {index: request.written for index, request in requests.items()}

    together, apart = drawn([0, 1, 2, 3, 4, 5]), drawn([1, 4])
    assert apart == {index: together[index] for index in (1, 4)}
    assert len({tuple(tokens) for tokens in together.values()}) > 1


def test_what_on_token_raises_stops_the_batch_at_once() -> None:
    steps = 0

    def lose() -> None:
        nonlocal steps
        steps += 1
        if steps == 3:
            raise LeaseLostError

    requests = [Request(prompt, 50) for prompt in prompts(4)]
    with pytest.raises(LeaseLostError):
        RowEngine(make_llama(), turn_starts=frozenset({TURN}), places=8).complete(requests, never, lose)
    assert [len(request.written) for request in requests] == [3, 3, 3, 3]


def test_penalty_makes_repetition_rarer() -> None:
    ids = prompts(4)

    def distinct(penalty: float) -> int:
        requests = [Request(prompt, 40, repetition_penalty=penalty) for prompt in ids]
        RowEngine(make_llama(), turn_starts=frozenset({TURN}), places=8).complete(requests, never, None)
        return sum(len(set(request.written)) for request in requests)

    assert distinct(1.5) > distinct(1.0)


def test_cache_keeps_its_width_however_many_rows_pass_through(monkeypatch: pytest.MonkeyPatch) -> None:
    widths: list[int] = []
    step = row_engine._Loop._step

    def note(self: Any) -> None:
        step(self)
        widths.append(self._cache.width)

    monkeypatch.setattr(row_engine._Loop, "_step", note)
    ids = prompts(60)
    complete(make_llama(), ids, places=4, lengths=[3 + index % 9 for index in range(60)])
    longest = max(map(len, ids)) - 40
    assert max(widths) <= longest + 11 + row_engine.SLACK
