"""The tables in which stages meet."""

from ecom_llm.models.event import DailySalt, Event
from ecom_llm.models.job import GenerationJob
from ecom_llm.models.pair import ItemPair, LearningRun
from ecom_llm.models.spend import GenerationSpend
from ecom_llm.models.text import Text, TextVersion

__all__ = [
    "DailySalt", "Event", "GenerationJob", "GenerationSpend", "ItemPair", "LearningRun", "Text", "TextVersion",
]  # fmt: skip
