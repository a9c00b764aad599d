"""A fork's child is not kept waiting for threads that only its parent has."""

from __future__ import annotations

import os
import threading
import time
import warnings
from collections.abc import Callable

import pytest

from ecom_llm.capture import counters, repeats
from ecom_llm.capture.forks import ProcessLock
from ecom_llm.capture.sinks import base

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")

PATIENCE_SECONDS = 10.0


def is_free_in_child(lock: ProcessLock, look: Callable[[], bool]) -> bool:
    """Whether a child, forked while another thread holds the lock, gets it and then finds what it looks for."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        with lock:
            is_as_wanted = look()
        os._exit(0 if is_as_wanted else 1)
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return status == 0
        time.sleep(0.01)
    os.kill(child, 9)
    os.waitpid(child, 0)
    return False


@pytest.mark.parametrize(
    ("lock", "look"),
    [
        (counters._lock, lambda: not counters._counts and not counters._taken),
        (repeats._lock, lambda: not repeats._recent),
        (base._making, lambda: True),
    ],
    ids=["counters", "repeats", "sink"],
)
def test_lock_that_a_thread_holds_is_free_in_a_child_that_starts_empty(
    lock: ProcessLock, look: Callable[[], bool]
) -> None:
    counters.count("events.recorded")
    is_held, is_over = threading.Event(), threading.Event()

    def hold() -> None:
        with lock:
            is_held.set()
            is_over.wait()

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        assert is_held.wait(PATIENCE_SECONDS)
        assert is_free_in_child(lock, look)
        # The parent's is still held.
        assert lock._lock.locked()
    finally:
        is_over.set()
        holder.join()


def test_lock_lets_one_thread_in_at_a_time_and_goes_when_what_it_guards_fails() -> None:
    lock = ProcessLock()
    with pytest.raises(ValueError, match="inside"), lock:
        raise ValueError("inside")
    inside = most = 0

    def enter() -> None:
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
            time.sleep(0.001)
            inside -= 1

    threads = [threading.Thread(target=enter) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1
