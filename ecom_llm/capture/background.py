"""One thread of a process that writes down what requests leave behind: events in memory, and what was counted.

It starts with the first event, so processes that record nothing have none. A fork has none until its own first event:
threads do not survive one, and servers fork after loading the app. When the process ends in an orderly way, all is
written down once more.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
from multiprocessing import util

from django.core import mail
from django.db import connections

from ecom_llm import conf
from ecom_llm.capture import counters, tallies
from ecom_llm.capture.sinks.base import made_sink
from ecom_llm.traces import trace_of

logger = logging.getLogger("ecom_llm.capture")

# Counts are written less often than events: nobody's recommendation waits for them.
TALLY_SECONDS = 10.0
# Between being woken and writing, so that what other pages bring meanwhile goes along.
GATHER_SECONDS = 0.01
# A thread with nothing to write for so long gives its database connection back.
IDLE_SECONDS = 5.0
# How long the end of a process may be held up.
EXIT_SECONDS = 10.0


class _State:
    """What a fork must not inherit."""

    def __init__(self) -> None:
        self.thread: threading.Thread | None = None
        self.lock = threading.Lock()
        self.has_work = threading.Event()
        self.is_ending = False
        # Those that a shop's tests run in; see `_is_test_over`.
        self.test_databases: dict[str, str] = {}


_state = _State()


def _forget() -> None:
    global _state
    _state = _State()


os.register_at_fork(after_in_child=_forget)


def ensure() -> None:
    """Start the thread unless it runs. Costs next to nothing when it does."""
    thread = _state.thread
    if thread is not None and thread.is_alive():
        return
    with _state.lock:
        if _state.is_ending or (_state.thread is not None and _state.thread.is_alive()):
            return
        thread = threading.Thread(target=_run, args=(_state,), name="ecom_llm-capture", daemon=True)
        thread.start()
        if _state.thread is None:
            # Children of `multiprocessing` end without `atexit`; both may run, the second finds nothing.
            util.Finalize(None, finish, exitpriority=10)
        if _is_test():
            _state.test_databases = _databases()
        _state.thread = thread


def wake() -> None:
    """Have the thread write within `GATHER_SECONDS` or so. Costs next to nothing when it is awake."""
    if not _state.has_work.is_set():
        _state.has_work.set()


def is_ending() -> bool:
    """Whether this process is about to end, so that what is not written now never will be."""
    return _state.is_ending


def finish(seconds: float = EXIT_SECONDS) -> None:
    """Write everything down and stop the thread; called when the process ends.

    Args:
        seconds: how long to wait for a batch that the thread has in hand.
    """
    state = _state
    thread = state.thread
    if thread is None:
        return
    # Twice where a server says that it ends before its process does; pages of its last moments are in memory then.
    state.is_ending = True
    state.has_work.set()
    if thread is not threading.current_thread():
        thread.join(seconds)
    # What came in while the thread said good-bye; unless it still holds the lock.
    if not thread.is_alive():
        _write_all(with_counts=True)
        connections.close_all()
    sink = made_sink()
    if sink is not None and sink.held and not _is_test_over():
        logger.error("This process ends with %d events that the database did not take.", sink.held)


atexit.register(finish)


def _run(state: _State) -> None:
    """The thread's life."""
    tallied_at = busy_at = time.monotonic()
    while not state.is_ending:
        if state.has_work.wait(conf.get_settings().capture.flush_seconds) and not state.is_ending:
            time.sleep(GATHER_SECONDS)
        # Before what is there is written: whoever comes now wakes it again.
        state.has_work.clear()
        now = time.monotonic()
        is_tally_due = now - tallied_at >= TALLY_SECONDS
        if _write_all(with_counts=is_tally_due):
            busy_at = now
        tallied_at = now if is_tally_due else tallied_at
        if now - busy_at >= IDLE_SECONDS:
            connections.close_all()
        for connection in connections.all(initialized_only=True):
            # A database that was away is found again at the next round, as Django does between requests.
            connection.close_if_unusable_or_obsolete()
    _write_all(with_counts=True)
    connections.close_all()


def _write_all(*, with_counts: bool) -> int:
    """Events, and counts when it is time for them. Never raises: the thread must live."""
    written = 0
    if _is_test_over():
        return written
    try:
        sink = made_sink()
        written = sink.flush() if sink is not None else 0
    except Exception as error:
        counters.count("failures.flush")
        logger.error("Events could not be written down: %s", trace_of(error))  # noqa: TRY400 - may hold a search
    if with_counts:
        tallies.save()
    return written


def _is_test() -> bool:
    """Whether Django's test environment is set up, as every runner of tests does."""
    return hasattr(mail, "outbox")


def _databases() -> dict[str, str]:
    return {alias: str(connections.settings[alias]["NAME"]) for alias in connections}


def _is_test_over() -> bool:
    """Whether the test databases are gone: what tests left in memory must not end up in the shop's own."""
    return bool(_state.test_databases) and _state.test_databases != _databases()
