"""What a shop can listen to."""

from __future__ import annotations

from django.dispatch import Signal

# event: ecom_llm.models.Event, just written. Sent in the process that wrote it.
event_recorded = Signal()

# version: ecom_llm.models.TextVersion, just published. Sent after the transaction commits.
text_published = Signal()

# text: ecom_llm.models.Text whose published version cites a fact that has changed.
text_stale = Signal()

# job: ecom_llm.models.GenerationJob that is out of attempts; job.error says why.
job_failed = Signal()
