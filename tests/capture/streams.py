"""What tests of the stream share: a stream of a test's own in the Redis of the machine, and events to put into it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from redis import Redis

from ecom_llm.capture.stream import EventStream
from ecom_llm.entities import EventRecord
from ecom_llm.ids import uuid7
from tests.needs import service_url

SINK = "ecom_llm.capture.sinks.redis.RedisSink"
VISITOR = "a:" + "0" * 32
# Nothing listens there.
NOWHERE = "redis://user:hunter2@127.0.0.1:1/0"


def redis_url() -> str:
    """A database of its own in the Redis of the machine."""
    return urlsplit(service_url("redis"))._replace(path="/7").geturl()


@contextmanager
def own_stream(use_settings: Callable[..., None], **capture: Any) -> Iterator[EventStream]:
    """Configure the sink with a stream that is gone afterwards."""
    name = f"test:{uuid.uuid4().hex}"
    use_settings(CAPTURE={"SINK": SINK, "REDIS_URL": redis_url(), "STREAM": name, "REDIS_TIMEOUT_MS": 5000, **capture})
    try:
        yield EventStream()
    finally:
        with client() as redis:
            redis.delete(name, *redis.scan_iter(f"{name}:*"))


def client() -> Redis:
    """A connection to look into it."""
    return Redis.from_url(redis_url(), socket_timeout=5)


def make_record(product_id: str = "lantern", **values: Any) -> EventRecord:
    """A view of a product by one visitor, now."""
    now = datetime.now(UTC)
    return EventRecord(
        **{
            "id": uuid7(now),
            "kind": "view_item",
            "occurred_at": now,
            "visitor": VISITOR,
            "consent": "anonymous",
            "product_id": product_id,
            **values,
        }
    )
