from __future__ import annotations

import threading
import time

import pytest

from ecom_llm.capture.sinks import base
from ecom_llm.capture.sinks.direct import DirectSink


def test_threads_that_come_at_once_share_one_sink(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one of two held would never be written."""
    make = base._make_sink

    def make_slowly(path: str) -> base.Sink:
        time.sleep(0.05)
        return make(path)

    monkeypatch.setattr(base, "_cached", None)
    monkeypatch.setattr(base, "_make_sink", make_slowly)
    sinks: list[base.Sink] = []
    threads = [threading.Thread(target=lambda: sinks.append(base.get_sink())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(sink) for sink in sinks}) == 1
    assert isinstance(sinks[0], DirectSink)
    assert base.made_sink() is sinks[0]
