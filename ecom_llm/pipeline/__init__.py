"""The order of things: claim, gather, generate, guard, publish. Every driver runs these functions."""

from ecom_llm.pipeline.report import Report
from ecom_llm.pipeline.running import never, run_once
from ecom_llm.pipeline.sweeping import sweep

__all__ = ["Report", "never", "run_once", "sweep"]
