"""A visitor's newest events in Redis, beside the stream: the next page knows of them before a drain has stored them.

`EventStream.add` writes them in the same step as the stream. They are a copy that nothing rests on: short, over with
the visit, and deleted when the visitor is erased.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ecom_llm import conf
from ecom_llm.capture.redis_client import client_of, reachable
from ecom_llm.capture.wire import decode
from ecom_llm.entities import EventKind, EventRecord

KEPT = 20
"""Of each visitor, the newest."""

# What recommendations start from. Cards in view would push the rest out.
KINDS = frozenset({EventKind.VIEW_ITEM, EventKind.SEARCH, EventKind.ADD_TO_CART, EventKind.PURCHASE})


def key_of(visitor: str) -> str:
    """The name of a visitor's list."""
    return f"{conf.get_settings().capture.stream}:{visitor}"


def key_for(record: EventRecord) -> str:
    """The name of the list that an event belongs into; empty for one that belongs into none."""
    return key_of(record.visitor) if record.visitor and record.kind in KINDS else ""


def seconds_kept() -> int:
    """How long a list outlives its last event."""
    return conf.get_settings().capture.visit_gap_minutes * 60


def recent_of(visitor: str, timeout_seconds: float) -> list[EventRecord]:
    """A visitor's newest events, in one round trip.

    Args:
        visitor: their key.
        timeout_seconds: for the connection and for the answer.

    Raises:
        StreamAwayError: Redis cannot be used.
    """
    client: Any = client_of(conf.get_settings().capture.redis_url, timeout_seconds)
    with reachable():
        bodies = client.lrange(key_of(visitor), 0, -1)
    records = []
    for body in bodies:
        try:
            records.append(decode(body))
        except ValueError:
            # A newer release's, while servers are being updated.
            continue
    return records


def forget_recent(visitors: Iterable[str], timeout_seconds: float) -> None:
    """Delete the lists of visitors.

    Args:
        visitors: their keys.
        timeout_seconds: for the connection and for the answer.

    Raises:
        StreamAwayError: Redis cannot be used.
    """
    names = [key_of(visitor) for visitor in visitors]
    client = client_of(conf.get_settings().capture.redis_url, timeout_seconds)
    with reachable():
        client.delete(*names)
