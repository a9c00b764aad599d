"""Writes each event at once."""

from __future__ import annotations

from collections.abc import Sequence

from ecom_llm.capture.boundary import isolated
from ecom_llm.capture.sinks.base import Sink
from ecom_llm.models import Event
from ecom_llm.signals import event_recorded


class DirectSink(Sink):
    """One insert for all events of a call.

    Promise: when `write` returns, the events are in the database (in the shop's transaction, if one is open).
    When it raises, none is, and the shop's transaction is as it was.
    """

    def write(self, events: Sequence[Event]) -> None:
        """Insert the events, but for those whose id is there already, and send `event_recorded` for each."""
        with isolated(Event):
            Event.objects.bulk_create(events, ignore_conflicts=True)
        for event in events:
            event_recorded.send_robust(sender=Event, event=event)
