"""The shared dataclasses and words in which stages hand things to one another."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from ecom_llm.exceptions import ConfigurationError


class Kind(StrEnum):
    """What a text is for."""

    DESCRIPTION = "description"
    REASON = "reason"
    SEARCH_COPY = "search_copy"


class EventKind(StrEnum):
    """What a shopper did; the names are those of GA4."""

    VIEW_ITEM = "view_item"
    VIEW_ITEM_LIST = "view_item_list"
    SELECT_ITEM = "select_item"
    SEARCH = "search"
    ADD_TO_CART = "add_to_cart"
    PURCHASE = "purchase"


class Consent(StrEnum):
    """How much of a visitor's behaviour may be kept."""

    NONE = "none"
    ANONYMOUS = "anonymous"
    PERSONAL = "personal"


class EvidenceKind(StrEnum):
    """Why a product was picked."""

    VIEWED_AFTER = "viewed_after"
    VIEWED_TOGETHER = "viewed_together"
    BOUGHT_TOGETHER = "bought_together"
    SAME_ATTRIBUTE = "same_attribute"
    MATCHES_SEARCH = "matches_search"
    POPULAR = "popular"
    POPULAR_IN_CATEGORY = "popular_in_category"


class Severity(StrEnum):
    """What a finding does: `block` keeps the text out of the shop, `warn` shows it to an editor."""

    BLOCK = "block"
    WARN = "warn"


class Origin(StrEnum):
    """Who wrote a version."""

    MODEL = "model"
    HUMAN = "human"


@dataclass(frozen=True, slots=True)
class Fact:
    """One verified attribute of a product.

    Attributes:
        name: the label a shopper would read, such as ``Material``.
        value: its value as text, such as ``recycled nylon`` or ``420 g``.
        source: the field of the shop's own model that it was read from.
    """

    name: str
    value: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class ProductFacts:
    """All that a text may say about one product.

    Attributes:
        product_id: the catalogue's id, as text.
        name: the product's name.
        category: its category's name, or empty.
        facts: the rest, in the catalogue's order.
        description: the shop's own words, if it has any; shown as they are, never rewritten.
    """

    product_id: str
    name: str
    category: str = ""
    facts: tuple[Fact, ...] = ()
    description: str = ""

    @property
    def content_hash(self) -> str:
        """SHA-256 (hexadecimal) over all that a text may cite; the same facts give the same hash in any process."""
        payload = [self.product_id, self.name, self.category, [(fact.name, fact.value) for fact in self.facts]]
        return hashlib.sha256(json.dumps(payload, ensure_ascii=False).encode()).hexdigest()

    @property
    def citable(self) -> dict[str, str]:
        """Every fact by name; the product's name and category are facts too."""
        named = {"name": self.name, "category": self.category}
        return {key: value for key, value in named.items() if value} | {fact.name: fact.value for fact in self.facts}


@dataclass(frozen=True, slots=True)
class Offer:
    """What a product costs and whether it can be had now. Rendered live, never part of a text.

    Attributes:
        price: in units of `currency`; None when the shop does not show one.
        currency: an ISO 4217 code.
        is_available: whether it can be bought now.
    """

    price: Decimal | None = None
    currency: str = ""
    is_available: bool = True


@dataclass(frozen=True, slots=True)
class Evidence:
    """The typed reason a product was picked.

    Attributes:
        kind: what links the two.
        seed_id: the product it was picked beside; empty when there is none.
        support: how many visits or orders show it; 0 when nothing was counted.
        detail: the shared attribute's name, the category or the query, as the kind needs.
        value: the shared attribute's value.
    """

    kind: EvidenceKind
    seed_id: str = ""
    support: int = 0
    detail: str = ""
    value: str = ""


@dataclass(slots=True)
class Recommendation:
    """A product to show and why.

    Attributes:
        product_id: the catalogue's id.
        product: the shop's own object.
        evidence: why it was picked.
        score: its place in the ranking; higher is earlier. Not comparable between calls.
        reason: the plain sentence made from the evidence.
        text: the reason in the model's words, when a published one is there.
        origin: who wrote the words: ``model``, ``human``, or ``plain`` when no text is there.
        cited: the facts that the text rests on, by product id and name.
    """

    product_id: str
    product: Any
    evidence: Evidence
    score: float
    reason: str
    text: str = ""
    origin: str = "plain"
    cited: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def words(self) -> str:
        """What a shopper reads: the published text, else the plain sentence."""
        return self.text or self.reason


@dataclass(frozen=True, slots=True)
class Finding:
    """One result of the guard.

    Attributes:
        code: which rule found it, such as ``number.unsupported``.
        severity: whether it blocks.
        message: what is wrong, for an editor.
        start: offset of its first character in the text.
        end: offset behind its last character.
    """

    code: str
    severity: Severity
    message: str
    start: int = 0
    end: int = 0

    def as_dict(self) -> dict[str, str | int]:
        """The finding as plain JSON values."""
        return {
            "code": self.code, "severity": str(self.severity), "message": self.message,
            "start": self.start, "end": self.end,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class TextKey:
    """Which text: what it is for, what it is about, and in which language.

    Attributes:
        kind: what it is for.
        subject: a product id, a `ReasonSubject`'s key or a normalised query.
        language: a Django language code.
    """

    kind: Kind
    subject: str
    language: str


@dataclass(frozen=True, slots=True)
class ReasonSubject:
    """What a reason is about: a pair of products and what links them, never a visitor."""

    seed_id: str
    product_id: str
    evidence_kind: EvidenceKind

    @property
    def key(self) -> str:
        """The subject as one string. Ids hold no control characters, so a tab tells the parts apart."""
        return "\t".join((self.seed_id, self.product_id, self.evidence_kind))

    @classmethod
    def parse(cls, key: str) -> ReasonSubject:
        """Read a key back.

        Raises:
            ValueError: it is not a reason's key.
        """
        seed_id, product_id, evidence_kind = key.split("\t")
        return cls(seed_id, product_id, EvidenceKind(evidence_kind))


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
