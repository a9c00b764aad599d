"""The tables in which stages meet."""

from ecom_llm.models.candidate_list import CandidateList
from ecom_llm.models.capture import BrokenEvent, CaptureCount, EventImport
from ecom_llm.models.event import Event
from ecom_llm.models.feedback import NotInterested
from ecom_llm.models.job import GenerationJob
from ecom_llm.models.learned import LearnedState, LearningRun, ProductCounts, UnlearnedBatch
from ecom_llm.models.rule import RecommendationRule
from ecom_llm.models.spend import GenerationSpend
from ecom_llm.models.text import Text, TextVersion
from ecom_llm.models.vector import ProductVector, WordVectors
from ecom_llm.models.visitor import DailySalt, Erasure, VisitorAccount

__all__ = [
    "BrokenEvent", "CandidateList", "CaptureCount", "DailySalt", "Erasure", "Event", "EventImport", "GenerationJob",
    "GenerationSpend", "LearnedState", "LearningRun", "NotInterested", "ProductCounts", "ProductVector",
    "RecommendationRule", "Text", "TextVersion", "UnlearnedBatch", "VisitorAccount", "WordVectors",
]  # fmt: skip
