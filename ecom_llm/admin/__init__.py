"""Comes in: an editor with Django's admin. Goes out: decisions on texts; rules; jobs, events and runs to look at."""

from ecom_llm.admin.broken_event import BrokenEventAdmin
from ecom_llm.admin.event import EventAdmin
from ecom_llm.admin.job import JobAdmin
from ecom_llm.admin.learned import LearningRunAdmin
from ecom_llm.admin.rule import RuleAdmin
from ecom_llm.admin.text import TextAdmin

__all__ = ["BrokenEventAdmin", "EventAdmin", "JobAdmin", "LearningRunAdmin", "RuleAdmin", "TextAdmin"]
