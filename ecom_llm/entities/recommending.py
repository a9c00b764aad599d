"""What is recommended, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ecom_llm.entities.products import ProductFacts
from ecom_llm.entities.words import EvidenceKind


@dataclass(frozen=True, slots=True)
class Evidence:
    """The typed reason a product was picked.

    Attributes:
        kind: what links the two.
        seed_id: the product it was picked beside; empty when there is none.
        support: how many visits or orders show it; 0 when nothing was counted.
        lift: how many times as often as by chance; 0 when it was not counted.
        detail: the shared attribute's name, the category or the query, as the kind needs.
        value: the shared attribute's value.
    """

    kind: EvidenceKind
    seed_id: str = ""
    support: int = 0
    lift: float = 0.0
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
        seed: the facts of the product that it was picked beside; None when there is none or it is gone.
        origin: who wrote the words: ``model``, ``human``, or ``plain`` when no text is there.
    """

    product_id: str
    product: Any
    evidence: Evidence
    score: float
    reason: str
    text: str = ""
    origin: str = "plain"
    seed: ProductFacts | None = None

    @property
    def words(self) -> str:
        """What a shopper reads: the published text, else the plain sentence."""
        return self.text or self.reason
