"""The thread that wakes workers."""

from __future__ import annotations

import threading

import pytest

from ecom_llm.generate import wake


def test_sender_that_could_not_start_once_sends_the_next_time(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    sent: list[str] = []
    starts = iter([RuntimeError("can't start new thread")])

    class Thread(threading.Thread):
        def start(self) -> None:
            for error in starts:
                raise error
            self.run()

    monkeypatch.setattr(wake.threading, "Thread", Thread)
    monkeypatch.setattr(wake, "_send", sent.append)
    sender = wake._Sender()
    sender.send_soon("texts")
    assert "No worker was woken" in caplog.text
    assert sent == []
    sender.send_soon("texts")
    assert sent == ["texts"]
