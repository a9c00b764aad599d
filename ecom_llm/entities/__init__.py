"""The shared dataclasses and words in which stages hand things to one another."""

from ecom_llm.entities.capturing import EventRecord
from ecom_llm.entities.generating import DARING_TEMPERATURE, Completion, JobRequest, Message, Prompt, Sampling, Spent
from ecom_llm.entities.products import Fact, Offer, ProductFacts
from ecom_llm.entities.recommending import Evidence, Recommendation
from ecom_llm.entities.texts import Finding, ReasonSubject, TextKey
from ecom_llm.entities.words import Consent, EventKind, EvidenceKind, Kind, ListKind, Origin, Severity

__all__ = [
    "DARING_TEMPERATURE",
    "Completion",
    "Consent",
    "EventKind",
    "EventRecord",
    "Evidence",
    "EvidenceKind",
    "Fact",
    "Finding",
    "JobRequest",
    "Kind",
    "ListKind",
    "Message",
    "Offer",
    "Origin",
    "ProductFacts",
    "Prompt",
    "ReasonSubject",
    "Recommendation",
    "Sampling",
    "Severity",
    "Spent",
    "TextKey",
]
