"""Lets a command end its work in order when it is told to stop."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Stop(threading.Event):
    """Set when the command is to stop; `wait` sleeps until then.

    Attributes:
        signal_number: which signal said so; 0 when none did.
    """

    signal_number = 0

    @property
    def exit_code(self) -> int:
        """What a shell expects of a program that a signal ended: 130 after Ctrl-C."""
        return 128 + self.signal_number


@contextmanager
def stop_on_signals() -> Iterator[Stop]:
    """Have the first Ctrl-C or SIGTERM set the event, and the next one end the process as usual."""
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
