"""What an engine is asked for: token ids in, token ids out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import torch

OnToken = Callable[[], None]


class Constraint(Protocol):
    """Forbids tokens to one completion."""

    def restrict(self, logits: torch.Tensor, written: Sequence[int]) -> None:
        """Set what is forbidden to minus infinity.

        Args:
            logits: of the next token, shape (vocabulary); changed in place.
            written: the tokens so far.
        """


@dataclass(slots=True)
class Request:
    """One completion wanted.

    Attributes:
        ids: the prompt's tokens.
        max_new_tokens: after which it ends.
        temperature: 0 takes the likeliest token each time.
        top_p: the share of probability tokens are drawn from.
        repetition_penalty: above 1 discourages tokens already seen.
        seed: of this completion alone.
        constraints: what its tokens must satisfy.
        written: its tokens so far.
    """

    ids: Sequence[int]
    max_new_tokens: int
    temperature: float = 0.0
    top_p: float = 1.0
    repetition_penalty: float = 1.0
    seed: int = 0
    constraints: Sequence[Constraint] = ()
    written: list[int] = field(default_factory=list)


class Engine(Protocol):
    """Completes requests."""

    supports_constraints: bool
    """Whether it honours `Request.constraints`."""

    def complete(
        self, requests: Sequence[Request], is_done: Callable[[Request], bool], on_token: OnToken | None
    ) -> None:
        """Complete requests; their tokens are in `written` afterwards.

        Args:
            requests: at least one.
            is_done: whether a request has ended with the token it wrote last.
            on_token: called after each step; may raise to stop.
        """
