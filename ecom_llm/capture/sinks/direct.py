"""Writes each event at once."""

from __future__ import annotations

from collections.abc import Sequence

from ecom_llm.capture.sinks.base import Sink
from ecom_llm.capture.storing import store
from ecom_llm.entities import EventRecord


class DirectSink(Sink):
    """Stores the events of a call before it returns.

    Promise: an event that was taken is in the database (in the shop's transaction, if one is open). When `write`
    raises, none is, and the shop's transaction is as it was. A request waits for the database.
    """

    shares_transaction = True

    def write(self, records: Sequence[EventRecord]) -> int:
        """Store the events; all are taken, even those that turn out to be about no product."""
        store(records, is_fresh=True)
        return len(records)
