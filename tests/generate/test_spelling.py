"""Prompts as tokens and tokens as text, whatever the tokenizer and its chat template are like."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("transformers")

from ecom_llm.entities import Kind, Message, Prompt
from ecom_llm.exceptions import ConfigurationError
from ecom_llm.generate.backends.spelling import Speller
from ecom_llm.generate.templates import get_prompt_template
from tests.generate.tiny import CHATML, NO_SYSTEM, make_tokenizer

TURNS = (
    Message("system", "Be brief."),
    Message("user", "Lamp"),
    Message("assistant", "A lamp."),
    Message("user", "Kettle"),
)


def with_added(*texts: str, is_special: bool = False) -> Any:
    """A tokenizer that reads some texts as one token each, as its models were taught."""
    from transformers import AddedToken

    tokenizer = make_tokenizer()
    tokenizer.add_tokens([AddedToken(text, special=is_special, normalized=False) for text in texts])
    return tokenizer


def ids_of(tokenizer: Any, text: str) -> list[int]:
    ids: list[int] = tokenizer(text, add_special_tokens=False)["input_ids"]
    return ids


# Turns


def test_template_without_a_system_role_is_told_in_the_first_users_turn() -> None:
    assert Speller(make_tokenizer(NO_SYSTEM)).spell(Prompt(TURNS, "The")) == (
        "<s><|user|>\nBe brief.\n\nLamp\n<|assistant|>\nA lamp.\n<|user|>\nKettle\n<|assistant|>\nThe"
    )


def test_template_with_a_system_role_keeps_it() -> None:
    assert "<|system|>\nBe brief.\n<|user|>\nLamp\n" in Speller(make_tokenizer()).spell(Prompt(TURNS))


@pytest.mark.parametrize("kind", list(Kind))
def test_shipped_prompts_are_taken_without_a_system_role(kind: Kind) -> None:
    messages, prefix = get_prompt_template(kind, "en").render({"product": {"name": "Lamp"}})
    assert messages[0].content in Speller(make_tokenizer(NO_SYSTEM)).spell(Prompt(messages, prefix))


@pytest.mark.parametrize("roles", [("system",), ("user", "user"), ("assistant",)])
def test_turns_that_no_form_of_fits_the_template_are_a_matter_of_settings(roles: tuple[str, ...]) -> None:
    prompt = Prompt(tuple(Message(role, "Lamp") for role in roles))
    with pytest.raises(ConfigurationError, match=rf"{', '.join(roles)}: (System role|Conversation roles)"):
        Speller(make_tokenizer(NO_SYSTEM)).read(prompt)


# Special tokens


@pytest.mark.parametrize("is_special", [True, False])
@pytest.mark.parametrize(
    "mark", ["<start_of_image>", "<think>", "<\uff5cUser\uff5c>", "[SYSTEM_PROMPT]", "<filename>", "[IMG]", "<|end|>"]
)
def test_value_cannot_hold_an_added_token(mark: str, is_special: bool) -> None:
    tokenizer = with_added(mark, is_special=is_special)
    # As the tokenizer comes back from disk: its own list of special tokens forgets some.
    tokenizer.extra_special_tokens = []
    prompt = Prompt((Message("user", f"red{mark}lamp"),), f"The{mark}lamp")
    assert tokenizer.convert_tokens_to_ids(mark) not in Speller(tokenizer).read(prompt)
    assert Speller(tokenizer).spell(prompt).endswith("<|user|>\nred lamp\n<|assistant|>\nThe lamp")


@pytest.mark.parametrize("text", ["lamp", "    ", "\n\n", "C++", "\u00b0C", "[]"])
def test_words_and_spaces_that_a_tokenizer_added_stay(text: str) -> None:
    spelt = Speller(with_added(text)).spell(Prompt((Message("user", f"a{text}b"),)))
    assert f"a{text}b" in spelt


def test_longer_token_is_taken_out_before_one_within_it() -> None:
    tokenizer = with_added("<a>", "<<a>>")
    assert "x y" in Speller(tokenizer).spell(Prompt((Message("user", "x<<a>>y"),)))


def test_value_that_is_no_text_becomes_one() -> None:
    assert Speller(make_tokenizer()).read(Prompt((Message("user", "half \ud800 a sign\0"),)))


# The first token


def test_first_token_stands_in_front_once() -> None:
    prompt = Prompt((Message("user", "Lamp"),), "The")
    for template in (None, CHATML):
        tokenizer = make_tokenizer(template)
        add_first_token(tokenizer)
        ids = Speller(tokenizer).read(prompt)
        assert [index for index, token in enumerate(ids) if token == tokenizer.bos_token_id] == [0]
        assert tokenizer.decode(ids).endswith("The")


def add_first_token(tokenizer: Any) -> None:
    """Has a tokenizer put the first token in front and, as some do, the last one behind."""
    from tokenizers.processors import TemplateProcessing

    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 1), ("</s>", 2)]
    )


# What was written


@pytest.mark.parametrize("is_sentencepiece", [False, True])
@pytest.mark.parametrize("rest", ["-shade of oak.", "s are of oak.", "; it shines.", " has oak.", ", oak.", "\nMore"])
def test_completion_is_joined_as_the_model_wrote_it(rest: str, is_sentencepiece: bool) -> None:
    tokenizer = make_tokenizer(is_sentencepiece=is_sentencepiece)
    opening = ids_of(tokenizer, "Say it: The lamp")
    # By themselves the rest's tokens would be others in SentencePiece, which puts a space in front.
    whole = ids_of(tokenizer, f"Say it: The lamp{rest}")
    assert whole[: len(opening)] == opening
    assert Speller(tokenizer).write(opening, whole[len(opening) :]) == rest
