"""Waits for asynchronous work in the calling thread, and calls back while it waits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

TICK_SECONDS = 0.25
# What closing a connection may take, before it is left to the operating system.
CLOSING_SECONDS = 2.0


def run_ticking(work: Coroutine[Any, Any, T], tick: Callable[[], None]) -> T:
    """Run a coroutine to its end.

    The event loop stands still while `tick` runs, so that it may use the database, which Django refuses inside a
    running loop; and all is in one thread, so that nothing is left running.

    Args:
        work: what to run; it is cancelled when `tick` raises.
        tick: called at least every `TICK_SECONDS`, and once when the work is done.

    Returns:
        What the coroutine returns.

    Raises:
        RuntimeError: an event loop runs in this thread.
    """
    if _is_in_loop():
        work.close()
        raise RuntimeError("A batch is generated outside of an event loop; call it through sync_to_async.")
    loop = asyncio.new_event_loop()
    task = loop.create_task(work)
    try:
        while not task.done():
            loop.run_until_complete(asyncio.wait([task], timeout=TICK_SECONDS))
            tick()
        return task.result()
    finally:
        if task.cancel():
            loop.run_until_complete(asyncio.wait([task], timeout=CLOSING_SECONDS))
        if not task.cancelled() and task.done():
            # Looked at, lest it be reported as never retrieved.
            task.exception()
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


def _is_in_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
