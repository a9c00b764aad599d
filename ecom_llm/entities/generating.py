"""What goes into the model, what comes out and what it costs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from ecom_llm.entities.texts import TextKey
from ecom_llm.exceptions import ConfigurationError


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a prompt: role is ``system``, ``user`` or ``assistant``."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """What goes into the model.

    Attributes:
        messages: the turns, oldest first.
        prefix: how the completion is made to begin; part of the text.
        plain: the plain sentence for the same facts; what stands in when no completion passes.
        version: which template made it.
        citable: the strings whose numbers the completion may repeat; grounded decoding allows no others.
    """

    messages: tuple[Message, ...]
    prefix: str = ""
    plain: str = ""
    version: str = ""
    citable: tuple[str, ...] = ()


# Of the further completions of a prompt whose first is the likeliest one.
DARING_TEMPERATURE = 0.3


@dataclass(frozen=True, slots=True)
class Sampling:
    """How tokens are drawn.

    Attributes:
        max_new_tokens: the longest completion.
        temperature: 0 takes the likeliest token each time.
        n: completions of each prompt, among which the guard picks. The first is drawn at `temperature`; see
            `temperatures` for the others.
        top_p: the share of probability tokens are drawn from, 0 to 1.
        repetition_penalty: above 1 discourages tokens already seen.
        seed: the same seed gives the same completion on the same machine and batch.
        stop: strings that end a completion.
    """

    max_new_tokens: int = 80
    temperature: float = 0.3
    top_p: float = 0.9
    repetition_penalty: float = 1.0
    seed: int = 0
    stop: tuple[str, ...] = ("\n",)
    n: int = 1

    def __post_init__(self) -> None:
        limits = {"max_new_tokens": 1, "n": 1, "temperature": 0, "top_p": 0, "repetition_penalty": 0, "seed": 0}
        for name, least in limits.items():
            value = getattr(self, name)
            is_whole = name in ("max_new_tokens", "n", "seed")
            if isinstance(value, bool) or not isinstance(value, int if is_whole else (int, float)) or value < least:
                kind = "a whole number" if is_whole else "a number"
                raise ConfigurationError(f"{name} must be {kind} of {least} or more, not {value!r}.")
            if not is_whole:
                # transformers refuses a 1 where it wants a 1.0.
                object.__setattr__(self, name, float(value))
        if self.top_p > 1:
            raise ConfigurationError(f"top_p must be a share, 0 to 1, not {self.top_p!r}.")
        if self.repetition_penalty == 0:
            raise ConfigurationError("repetition_penalty must be above 0; 1 penalises nothing.")

    @property
    def temperatures(self) -> tuple[float, ...]:
        """The temperature of each of the `n` completions: a second likeliest completion would be the first again."""
        daring = self.temperature if self.temperature > 0 else DARING_TEMPERATURE
        return (self.temperature, *(daring for _ in range(self.n - 1)))


@dataclass(frozen=True, slots=True)
class Completion:
    """What comes out of the model.

    Attributes:
        text: the words, prefix included.
        prompt_tokens: tokens read.
        completion_tokens: tokens written.
        seconds: wall-clock time of the batch it was in.
    """

    text: str
    prompt_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Spent:
    """What the tries of a job have cost.

    Attributes:
        prompt_tokens: tokens read.
        completion_tokens: tokens written.
        seconds: wall-clock time of the batches it was in.
    """

    prompt_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = 0.0

    def with_completions(self, completions: Iterable[Completion]) -> Spent:
        """This and what one more try's completions cost; they came from one batch."""
        made = list(completions)
        return Spent(
            self.prompt_tokens + sum(completion.prompt_tokens for completion in made),
            self.completion_tokens + sum(completion.completion_tokens for completion in made),
            self.seconds + max((completion.seconds for completion in made), default=0.0),
        )


@dataclass(frozen=True, slots=True)
class JobRequest:
    """A text to be generated.

    Attributes:
        key: which text.
        input_hash: hash of the facts it is to be made from.
        prompt_version: the template it is to be made with.
        priority: higher goes first.
        product_id: the product it belongs to, for look-ups; empty for search copy.
    """

    key: TextKey
    input_hash: str
    prompt_version: str
    priority: int = 0
    product_id: str = field(default="")
