"""A text read once, and what may be said: all that a rule needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ecom_llm.entities import Finding, Kind, ProductFacts, Severity
from ecom_llm.guard.quantities import Quantity, find_quantities
from ecom_llm.guard.support import Support, read_support
from ecom_llm.guard.terms import Word, find_words


@dataclass(frozen=True, slots=True)
class Reading:
    """What the rules look at.

    Attributes:
        text: the text as it would be shown.
        kind: what it is for.
        products: whose facts it may use.
        is_english: whether the lexicons and number words apply.
        words: its words in small letters.
        quantities: its numbers with their units.
        support: what the facts and the further words state.
        extra: the further words that it may use.
    """

    text: str
    kind: Kind
    products: tuple[ProductFacts, ...]
    is_english: bool
    words: tuple[Word, ...]
    quantities: tuple[Quantity, ...]
    support: Support
    extra: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, text: str, products: Sequence[ProductFacts], kind: Kind, language: str, extra: Sequence[str]
    ) -> Reading:
        """Read a text; the arguments are those of `screen`."""
        is_english = language.lower().split("-")[0] == "en"
        return cls(
            text=text,
            kind=kind,
            products=tuple(products),
            is_english=is_english,
            words=tuple(find_words(text)),
            quantities=tuple(find_quantities(text, reads_words=is_english)),
            support=read_support(products, extra),
            extra=tuple(extra),
        )

    def block(self, code: str, message: str, start: int = 0, end: int | None = None) -> Finding:
        """A finding that keeps the text out of the shop; about the whole text when no span is given."""
        return Finding(code, Severity.BLOCK, message, start, len(self.text) if end is None else end)

    def warn(self, code: str, message: str, start: int = 0, end: int | None = None) -> Finding:
        """A finding for an editor to see."""
        return Finding(code, Severity.WARN, message, start, len(self.text) if end is None else end)
