"""Which text, and what the guard finds in it."""

from __future__ import annotations

from dataclasses import dataclass

from ecom_llm.entities.words import EvidenceKind, Kind, Severity


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
