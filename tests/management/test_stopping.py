"""A command notices at once that it is to stop, whatever the signal interrupts."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from ecom_llm.management.stopping import Stop, stop_on_signals


def run_interrupted(work: Callable[[], Any], at_step: int, handler: Callable[[], Any]) -> bool:
    """Run work with a handler in its midst, as a signal's runs between any two steps; whether it came to an end."""
    steps = iter(range(1000))

    def trace(frame: FrameType, event: str, argument: object) -> Any:
        del frame, event, argument
        if next(steps) == at_step:
            handler()
        return trace

    def traced() -> None:
        sys.settrace(trace)
        try:
            work()
        finally:
            sys.settrace(None)

    # A daemon, so that one which hangs ends with the tests.
    thread = threading.Thread(target=traced, daemon=True)
    thread.start()
    thread.join(20)
    return not thread.is_alive()


@pytest.mark.parametrize("step", range(20))
def test_stop_may_be_set_by_a_signal_in_the_middle_of_its_own_wait(step: int) -> None:
    stop = Stop()
    assert run_interrupted(lambda: stop.wait(0.01), step, stop.set)


@pytest.mark.parametrize("step", range(20))
def test_stop_may_be_set_by_a_signal_in_the_middle_of_being_set(step: int) -> None:
    stop = Stop()
    assert run_interrupted(stop.set, step, stop.set)
    assert stop.is_set()
    assert stop.wait(60)


def test_wait_ends_when_its_time_is_up_and_at_once_when_it_is_told() -> None:
    stop = Stop()
    assert not stop.wait(0)
    assert not stop.wait(0.01)
    teller = threading.Timer(0.05, stop.set)
    teller.start()
    started = time.monotonic()
    assert stop.wait(60)
    assert stop.wait(60)
    assert time.monotonic() - started < 30
    teller.join()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_ends_a_wait_and_says_the_exit_code(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with stop_on_signals() as stop:
        sender = threading.Timer(0.05, os.kill, (os.getpid(), number))
        sender.start()
        started = time.monotonic()
        assert stop.wait(60)
        assert time.monotonic() - started < 30
        sender.join()
    assert stop.exit_code == 128 + number
    assert signal.getsignal(number) is before
