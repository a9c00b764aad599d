"""Which engine a model gets on which device."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from tokenizers import Tokenizer, models  # noqa: E402
from transformers import AddedToken, PreTrainedTokenizerFast  # noqa: E402

from ecom_llm.exceptions import ConfigurationError  # noqa: E402
from ecom_llm.generate.backends.local import engines  # noqa: E402
from ecom_llm.generate.backends.local.loading import Loaded  # noqa: E402
from tests.generate.local.models import (  # noqa: E402
    make_llama,
    make_mamba,
    make_secretive,
    make_softcapped,
    make_windowed,
)

TOKENIZER = SimpleNamespace(all_special_ids=[2], added_tokens_decoder={}, pad_token_id=0)


def choose(model: Any, device: str, **options: Any) -> str:
    """The name of the engine's class; a device is only named here, the model stays where it is."""
    return type(engines.choose(Loaded(TOKENIZER, model, device), options, [1])).__name__


def windowed() -> Any:
    return make_windowed(64)


@pytest.mark.parametrize(
    ("make", "on_cpu", "on_gpu"),
    [
        (make_llama, "RowEngine", "ContinuousEngine"),
        (windowed, "PlainEngine", "ContinuousEngine"),
        (make_softcapped, "PlainEngine", "PlainEngine"),
        (make_mamba, "PlainEngine", "PlainEngine"),
        (make_secretive, "PlainEngine", "PlainEngine"),
    ],
)
def test_engine_is_one_that_writes_what_the_model_would(make: Callable[[], Any], on_cpu: str, on_gpu: str) -> None:
    assert choose(make(), "cpu") == on_cpu
    assert choose(make(), "cuda:1") == on_gpu


@pytest.mark.parametrize(
    ("make", "engine"),
    [
        (windowed, "rows"),
        (make_secretive, "rows"),
        (make_secretive, "continuous"),
        (make_softcapped, "continuous"),
        (make_mamba, "continuous"),
    ],
)
def test_an_engine_that_is_asked_for_in_vain_is_refused(make: Callable[[], Any], engine: str) -> None:
    with pytest.raises(ConfigurationError, match=f"engine '{engine}'"):
        choose(make(), "cuda", engine=engine)


def test_an_attention_of_ones_own_rules_out_only_what_replaces_it() -> None:
    model = make_llama()
    assert choose(model, "cuda", attn_implementation="sdpa") == "ContinuousEngine"
    assert choose(model, "cpu", attn_implementation="sdpa") == "PlainEngine"
    with pytest.raises(ConfigurationError, match="attn_implementation"):
        choose(model, "cpu", engine="rows", attn_implementation="sdpa")


def test_an_attention_that_cannot_be_paged_goes_to_plain() -> None:
    model = make_llama()
    model.set_attn_implementation("flex_attention")
    assert choose(model, "cuda", attn_implementation="flex_attention") == "PlainEngine"


def test_a_turn_may_start_at_marks_that_are_not_flagged_special() -> None:
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer(models.WordLevel({"<s>": 0, "lamp": 1}, unk_token="<s>")), bos_token="<s>"
    )
    tokenizer.add_tokens([AddedToken(text, special=False) for text in ("<start_of_turn>", "  ", "teapot")])
    assert engines._turn_starts(tokenizer) == {0, tokenizer.convert_tokens_to_ids("<start_of_turn>")}
