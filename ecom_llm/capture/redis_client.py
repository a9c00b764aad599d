"""Connections to the Redis that holds the stream; works without its libraries until one is asked for."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ecom_llm.exceptions import StreamAwayError

if TYPE_CHECKING:
    from redis import Redis

NOT_INSTALLED = "redis or msgspec is not installed: pip install 'ecom-llm[redis]'."
"""What is wrong where the extra `redis` is missing."""

# Answers with thousands of entries, which are taken as they come: to make dictionaries of them takes longer than to
# read them.
_RAW = ("XREADGROUP", "XAUTOCLAIM", "XRANGE")

_clients: dict[tuple[str, float], Redis] = {}

# The child of a fork makes connections of its own; its parent's are the parent's to close.
os.register_at_fork(after_in_child=_clients.clear)


def is_installed() -> bool:
    """Whether the libraries are here that talk to Redis and encode events; they come with the extra `redis`."""
    return all(importlib.util.find_spec(name) is not None for name in ("redis", "msgspec"))


def problem_with(url: str) -> str:
    """What is wrong with an address, never quoting it, since it may hold a password; empty when nothing is."""
    if not url:
        return "CAPTURE['REDIS_URL'] is empty; set it to the Redis that events go through, as redis://host:6379/2."
    if not is_installed():
        return NOT_INSTALLED
    from redis import Redis

    try:
        # Connects to nothing.
        Redis.from_url(url)
    except (ValueError, TypeError):
        return "CAPTURE['REDIS_URL'] is not the address of a Redis, such as redis://host:6379/2."
    return ""


def client_of(url: str, timeout_seconds: float) -> Redis:
    """A client for all threads of the process, made once; each of them gets a connection from its pool.

    Args:
        url: address of Redis.
        timeout_seconds: for connecting, and for each answer. Nothing is tried twice.

    Raises:
        StreamAwayError: the address is none, or a library is not installed.
    """
    client = _clients.get((url, timeout_seconds))
    if client is None:
        client = _clients[url, timeout_seconds] = _make(url, timeout_seconds)
    return client


def _make(url: str, timeout_seconds: float) -> Redis:
    if problem := problem_with(url):
        raise StreamAwayError(problem)
    from redis import Redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    client: Redis = Redis.from_url(
        url,
        socket_connect_timeout=timeout_seconds,
        socket_timeout=timeout_seconds,
        socket_keepalive=True,
        retry=Retry(NoBackoff(), 0),
    )
    for command in _RAW:
        client.set_response_callback(command, _as_it_came)
    return client


def _as_it_came(answer: Any, **_: Any) -> Any:
    return answer


@contextmanager
def reachable() -> Iterator[None]:
    """Have whatever keeps Redis from being used be one error, whose words hold no address and no event.

    Raises:
        StreamAwayError: Redis is away, refuses the password or the command, or has no memory left.
    """
    from redis import RedisError

    try:
        yield
    except (RedisError, OSError) as error:
        _drop_idle_connections()
        raise StreamAwayError(f"Redis cannot be used: {_kind_of(error)}.") from error


def _drop_idle_connections() -> None:
    # The next one may lead to another server by the same name, as after a fail-over.
    for client in tuple(_clients.values()):
        client.connection_pool.disconnect(inuse_connections=False)


def _kind_of(error: Exception) -> str:
    """What went wrong without Redis's own words, which may quote what it was sent; its error codes are safe."""
    code = next(iter(str(error).split()), "")
    return f"{type(error).__name__} {code}" if code.isalpha() and code.isupper() else type(error).__name__
