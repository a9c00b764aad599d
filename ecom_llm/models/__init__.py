"""The tables in which stages meet."""

from ecom_llm.models.capture import BrokenEvent, CaptureCount, EventImport
from ecom_llm.models.event import Event
from ecom_llm.models.job import GenerationJob
from ecom_llm.models.pair import ItemPair, LearningRun
from ecom_llm.models.spend import GenerationSpend
from ecom_llm.models.text import Text, TextVersion
from ecom_llm.models.visitor import DailySalt, Erasure, VisitorAccount

__all__ = [
    "BrokenEvent", "CaptureCount", "DailySalt", "Erasure", "Event", "EventImport", "GenerationJob", "GenerationSpend",
    "ItemPair", "LearningRun", "Text", "TextVersion", "VisitorAccount",
]  # fmt: skip
