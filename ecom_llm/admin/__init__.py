"""Comes in: an editor with Django's admin. Goes out: decisions on texts; jobs, events and pairs to look at."""

from ecom_llm.admin.broken_event import BrokenEventAdmin
from ecom_llm.admin.event import EventAdmin
from ecom_llm.admin.job import JobAdmin
from ecom_llm.admin.pair import ItemPairAdmin, LearningRunAdmin
from ecom_llm.admin.text import TextAdmin

__all__ = ["BrokenEventAdmin", "EventAdmin", "ItemPairAdmin", "JobAdmin", "LearningRunAdmin", "TextAdmin"]
