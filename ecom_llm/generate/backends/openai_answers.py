"""Reads what a chat-completions server answers, believing none of it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from ecom_llm.entities import Completion, Prompt, Sampling
from ecom_llm.exceptions import BackendError

# Characters of English in a token, near enough where the server does not count.
CHARACTERS_PER_TOKEN = 4
# Joined to what stands before them without a space.
_CLOSING = (",", ".", ";", ":", "!", "?", ")", "'", "\N{RIGHT SINGLE QUOTATION MARK}")


def read_answer(content: bytes, prompt: Prompt, sampling: Sampling, wanted: int, seconds: float) -> list[Completion]:
    """The completions in a server's answer.

    Args:
        content: its body.
        prompt: what was asked.
        sampling: how; its stop strings are cut off where the server did not.
        wanted: completions asked for; the server may give fewer, and what it gives beyond is left.
        seconds: how long it took.

    Returns:
        At least one completion, at most `wanted`.

    Raises:
        BackendError: it is no answer.
    """
    answer = _mapping(_parse(content), "The server's answer")
    choices = answer.get("choices")
    if not isinstance(choices, list) or not choices:
        raise BackendError("The server's answer holds no completion.")
    texts = [_text(choice) for choice in choices[:wanted]]
    read, written = _usage(answer.get("usage"), prompt, texts)
    return [
        Completion(join(prompt.prefix, cut(text, sampling.stop)), read, math.ceil(written / len(texts)), seconds)
        for text in texts
    ]


def count(prompt: Prompt) -> int:
    """A prompt's length in tokens, guessed."""
    characters = sum(len(message.content) for message in prompt.messages) + len(prompt.prefix)
    return math.ceil(characters / CHARACTERS_PER_TOKEN)


def cut(text: str, stops: Sequence[str]) -> str:
    """A completion up to the first stop string after its first word."""
    start = len(text) - len(text.lstrip())
    ends = [end for stop in stops if stop and (end := text.find(stop, start)) >= 0]
    return text[: min(ends)] if ends else text


def join(prefix: str, text: str) -> str:
    """A prompt's opening and what the server made of it, as one line in which the opening stands once.

    Args:
        prefix: the opening.
        text: what goes on from it. Some servers, and models that were told the opening in words, repeat it in whole or
            take up its last words.
    """
    opening, words = " ".join(prefix.split()), " ".join(text.split())
    if not opening or not words:
        return opening or words
    rest = _after(opening, words)
    if not rest:
        return opening
    return f"{opening}{rest}" if rest.startswith(_CLOSING) else f"{opening} {rest}"


def _after(opening: str, words: str) -> str:
    """What of `words` is not already at the end of `opening`; the longest overlap of whole words counts."""
    for start in range(len(opening)):
        is_word_start = start == 0 or opening[start - 1] == " "
        end = len(opening) - start
        # Compared case by case: folding could change the length.
        if is_word_start and words[:end].lower() == opening[start:].lower() and not words[end : end + 1].isalnum():
            return words[end:].lstrip()
    return words


def _parse(content: bytes) -> object:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        # Its own words would repeat the answer.
        raise BackendError("The server's answer is not JSON, or breaks off.") from None


def _mapping(value: object, what: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise BackendError(f"{what} is {type(value).__name__} where an object was due.")
    return value


def _text(choice: object) -> str:
    message = _mapping(_mapping(choice, "A choice").get("message"), "A choice's message")
    text = message.get("content")
    if not isinstance(text, str):
        raise BackendError(
            "A completion has no text; a model that thinks first needs more tokens, or must be told not to."
            if text is None
            else f"A completion's text is {type(text).__name__}."
        )
    # Neither can be stored: half of a surrogate pair, and the character zero.
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise BackendError("A completion holds characters that are no text.")
    return text


def _usage(usage: object, prompt: Prompt, texts: Sequence[str]) -> tuple[int, int]:
    """Tokens read, and tokens written in all choices together; guessed where the server does not say."""
    said = usage if isinstance(usage, Mapping) else {}
    characters = sum(len(text) for text in texts)
    guesses = {"prompt_tokens": count(prompt), "completion_tokens": math.ceil(characters / CHARACTERS_PER_TOKEN)}
    read, written = (
        value
        if isinstance(value := said.get(name), int) and not isinstance(value, bool) and 0 <= value < 2**31
        else guess
        for name, guess in guesses.items()
    )
    return read, written
