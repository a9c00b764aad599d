"""Lets a command end its work in order when it is told to stop."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from types import FrameType


class Stop:
    """Set when the command is to stop; `wait` sleeps until then.

    A signal's handler may set it, whatever it interrupts. It must not set a `threading.Event`: that takes a lock
    which the interrupted `wait` may hold. Putting into a `SimpleQueue` takes none.

    Attributes:
        signal_number: which signal said so; 0 when none did.
    """

    def __init__(self) -> None:
        """Make it; nobody has told it to stop."""
        self.signal_number = 0
        self._is_set = False
        self._calls: SimpleQueue[None] = SimpleQueue()

    @property
    def exit_code(self) -> int:
        """Of the command, once a signal has told it to stop."""
        return exit_code_after(self.signal_number)

    def is_set(self) -> bool:
        """Whether the command is to stop."""
        return self._is_set

    def set(self) -> None:
        """Tell it to stop; safe in a signal's handler and from any thread."""
        self._is_set = True
        self._calls.put(None)

    def wait(self, seconds: float) -> bool:
        """Sleep until it is set. For one thread at a time.

        Args:
            seconds: the longest it sleeps.

        Returns:
            Whether it is set.
        """
        if not self._is_set:
            with suppress(Empty):
                self._calls.get(timeout=seconds)
        return self._is_set


def exit_code_after(signal_number: int) -> int:
    """What a shell expects of a program that a signal ended: 130 after Ctrl-C."""
    return 128 + signal_number


@contextmanager
def stop_on_signals() -> Iterator[Stop]:
    """Have the first Ctrl-C or SIGTERM set it, and the next one end the process as usual."""
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def on_signal(number: int, frame: FrameType | None) -> None:
        del frame
        stop.signal_number = number
        stop.set()
        signal.signal(number, before[signal.Signals(number)])

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
