"""Constraints while decoding: no digits that are not on the way to a number of the facts, and no banned words.

The guard still reads every text: this only spares it completions that it would block.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import torch
from transformers import NoBadWordsLogitsProcessor

from ecom_llm.generate.backends.local.requests import Constraint

# A number with its separators: 1,200 and 2.5 are one each.
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
# The end of a text as far as it may still become part of a number.
OPEN = re.compile(r"\d+(?:[.,]\d+)*[.,]?$")


class Grounding:
    """Makes the constraints of completions; reads the vocabulary once."""

    def __init__(self, tokenizer: Any, banned_words: Sequence[str]) -> None:
        """Read the vocabulary.

        Args:
            tokenizer: of the model.
            banned_words: that no completion may hold.
        """
        self._spell = tokenizer.decode
        self._digits = DigitTokens({token: tokenizer.decode([token]) for token in range(len(tokenizer))})
        self._no_banned = NoBannedWords(banned_words, tokenizer) if banned_words else None

    def constraints(self, citable: Iterable[str], opening: str) -> list[Constraint]:
        """Those of one completion.

        Args:
            citable: the texts whose numbers it may repeat.
            opening: how it is made to begin.
        """
        numbers = NumbersOfFacts(citable, self._digits, opening, self._spell)
        return [numbers, self._no_banned] if self._no_banned else [numbers]


class DigitTokens:
    """The tokens of a vocabulary that hold digits."""

    def __init__(self, spellings: Mapping[int, str]) -> None:
        """Pick them out.

        Args:
            spellings: each token's text.
        """
        self.by_id = {token: text for token, text in spellings.items() if any(sign.isdigit() for sign in text)}
        # What may stand between two digits of a number.
        self.separators = {token: text for token, text in spellings.items() if text in (".", ",")}


class NumbersOfFacts:
    """Forbids every digit that would begin or continue a number which no fact holds."""

    def __init__(
        self, allowed: Iterable[str], digits: DigitTokens, opening: str, spell: Callable[[Sequence[int]], str]
    ) -> None:
        """Constrain one completion.

        Args:
            allowed: texts whose numbers may be written.
            digits: of the vocabulary.
            opening: how the completion was made to begin.
            spell: tokens as text.
        """
        self._numbers = {number for text in allowed for number in NUMBER.findall(text)}
        self._digits = digits
        self._opening = opening
        self._spell = spell
        # By the open end of the text: the digit tokens forbidden behind it, and all that is allowed if it must go on.
        self._known: dict[str, tuple[torch.Tensor, list[int] | None]] = {}

    def restrict(self, logits: torch.Tensor, written: Sequence[int]) -> None:
        """See `Constraint.restrict`."""
        # A number is no longer than this many tokens, whatever the vocabulary.
        text = (self._opening if len(written) < 24 else "") + self._spell(written[-24:])
        match = OPEN.search(text)
        tail = match[0] if match else ""
        if tail not in self._known:
            self._known[tail] = self._look(tail)
        forbidden, must_follow = self._known[tail]
        if must_follow:
            kept = logits[must_follow].clone()
            logits.fill_(float("-inf"))
            logits[must_follow] = kept
        else:
            logits[forbidden.to(logits.device)] = float("-inf")

    def _look(self, tail: str) -> tuple[torch.Tensor, list[int] | None]:
        fitting = {token for token, text in self._digits.by_id.items() if self._fits(tail + text)}
        forbidden = torch.tensor([token for token in self._digits.by_id if token not in fitting], dtype=torch.long)
        if not tail or tail.rstrip(".,") in self._numbers:
            return forbidden, None
        # Half a number: it has to go on, with a digit or with what stands between two.
        going_on = [token for token in fitting if self._digits.by_id[token][0].isdigit()]
        going_on += [token for token, text in self._digits.separators.items() if self._begins(tail + text)]
        return forbidden, going_on or None

    def _fits(self, text: str) -> bool:
        """Whether all numbers of a text are allowed, the last one at least as far as it goes."""
        open_end = OPEN.search(text)
        closed = NUMBER.findall(text[: open_end.start()] if open_end else text)
        return all(number in self._numbers for number in closed) and (not open_end or self._begins(open_end[0]))

    def _begins(self, number: str) -> bool:
        bare = number.rstrip(".,")
        return bare in self._numbers or any(known.startswith(number) for known in self._numbers)


class NoBannedWords:
    """Forbids the last token of every spelling of a banned word."""

    def __init__(self, words: Iterable[str], tokenizer: Any) -> None:
        """Spell the words.

        Args:
            words: as the shop wrote them.
            tokenizer: of the model.
        """
        spellings = {
            form for word in words for base in (word, word.lower(), word.capitalize()) for form in (base, f" {base}")
        }
        ids = [tokenizer(spelling, add_special_tokens=False)["input_ids"] for spelling in sorted(spellings)]
        self._longest = max(map(len, ids), default=1)
        self._forbid = NoBadWordsLogitsProcessor([item for item in ids if item]) if ids else None

    def restrict(self, logits: torch.Tensor, written: Sequence[int]) -> None:
        """See `Constraint.restrict`."""
        if self._forbid is None:
            return
        # Padded in front, since a sequence shorter than a word would be left alone.
        tail = list(written[-self._longest :])
        ids = torch.tensor([[-1] * (self._longest - len(tail)) + tail], device=logits.device)
        logits.copy_(self._forbid(ids, logits[None])[0])
