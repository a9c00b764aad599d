"""Between prompts and a tokenizer: a prompt as the tokens a model reads, and what it wrote as text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from ecom_llm.entities import Prompt
from ecom_llm.exceptions import ConfigurationError
from ecom_llm.generate.turn_marks import without_turn_marks

# Tokens in front of a completion by which a tokenizer sees how it joins on.
JOIN_TOKENS = 8
# Tokenizers add words and runs of spaces too; only what looks like a mark may be taken out of a value.
PLAIN = re.compile(r"[\w\s]*")
BRACKETED = re.compile(r"[<\[{|\uff5c]\S+[>\]}|\uff5c]")


class Speller:
    """Spells prompts as the tokenizer's chat template wants them."""

    def __init__(self, tokenizer: Any) -> None:
        """Learn the special tokens.

        Args:
            tokenizer: of the model.
        """
        self._tokenizer = tokenizer
        longest_first = sorted(special_tokens(tokenizer), key=len, reverse=True)
        self._special = re.compile("|".join(map(re.escape, longest_first)) or "(?!)")

    def read(self, prompt: Prompt) -> list[int]:
        """A prompt's tokens.

        Raises:
            ConfigurationError: the model's chat template does not take the prompt's turns.
        """
        # A chat template spells the special tokens itself.
        adds_special = not self._tokenizer.chat_template
        ids: list[int] = self._tokenizer(self.spell(prompt), add_special_tokens=adds_special)["input_ids"]
        if adds_special and len(ids) > 1 and ids[-1] == self._tokenizer.eos_token_id:
            # Some tokenizers end the text as well; but the model is to go on from it.
            ids = ids[:-1]
        return ids

    def spell(self, prompt: Prompt) -> str:
        """A prompt as one string. Values cannot open turns: special tokens are taken out of them.

        Raises:
            ConfigurationError: as `read`.
        """
        turns = [{"role": message.role, "content": self._clean(message.content)} for message in prompt.messages]
        if self._tokenizer.chat_template:
            spelt = self._fill_in(turns)
        else:
            spelt = "\n\n".join(turn["content"] for turn in turns) + "\n"
        return f"{spelt}{self._clean(prompt.prefix)}"

    def write(self, ids: Sequence[int], written: Sequence[int]) -> str:
        """A completion as text, with the space in front of it if the model wrote one.

        Args:
            ids: the prompt's tokens.
            written: the completion's.
        """
        # By itself a first token does not show whether it begins a word: some tokenizers drop the space in front.
        before = list(ids[-JOIN_TOKENS:])
        text: str = self._decode([*before, *written])
        return text[len(self._decode(before)) :]

    def _decode(self, ids: list[int]) -> str:
        text: str = self._tokenizer.decode(ids, skip_special_tokens=True)
        return text

    def _clean(self, text: str) -> str:
        return self._special.sub(" ", without_turn_marks(text))

    def _fill_in(self, turns: list[dict[str, str]]) -> str:
        from jinja2 import TemplateError

        # Templates without a system role (Gemma's, the first ones of Mistral) refuse the turn.
        for form in (turns, _fold_system(turns)):
            try:
                spelt: str = self._tokenizer.apply_chat_template(form, tokenize=False, add_generation_prompt=True)
            except TemplateError as error:
                refused = error
            else:
                return spelt
        roles = ", ".join(turn["role"] for turn in turns)
        raise ConfigurationError(
            f"The model's chat template does not take a prompt of the turns {roles}: {refused}"
        ) from refused


def special_tokens(tokenizer: Any) -> set[str]:
    """What a tokenizer reads as one token of a meaning of its own, wherever it stands in a text.

    Args:
        tokenizer: any of transformers'. Its own list has only those with a role (beginning, end, padding), so what was
            added is looked through too: what is flagged, and what stands in brackets, as `<think>` does unflagged.
    """
    added = tokenizer.added_tokens_decoder.values()
    marks = {token.content for token in added if token.special or BRACKETED.fullmatch(token.content)}
    return {text for text in marks | set(tokenizer.all_special_tokens) if not PLAIN.fullmatch(text)}


def _fold_system(turns: list[dict[str, str]]) -> list[dict[str, str]]:
    """The same turns with the system's words in front of the first user's."""
    first_user = next((turn for turn in turns if turn["role"] == "user"), None)
    if first_user is None or turns[0]["role"] != "system":
        return turns
    told = first_user | {"content": f"{turns[0]['content']}\n\n{first_user['content']}"}
    return [told if turn is first_user else turn for turn in turns[1:]]
