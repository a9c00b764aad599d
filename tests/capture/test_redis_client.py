"""Without the extra `redis`, or half of it, the way through Redis says what to install and events take the other."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from ecom_llm.capture import background, redis_client, wire
from ecom_llm.capture.redis_client import client_of, is_installed, problem_with
from ecom_llm.capture.sinks.redis import RedisSink
from ecom_llm.exceptions import StreamAwayError
from tests.capture.streams import NOWHERE, SINK, make_record

INSTALL = r"pip install 'ecom-llm\[redis\]'"


@pytest.fixture(params=["redis", "msgspec"])
def _missing(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A library that cannot be imported, and nothing kept of it."""
    monkeypatch.setitem(sys.modules, request.param, None)
    monkeypatch.setattr(redis_client, "_clients", {})
    wire._codec.cache_clear()


def test_both_libraries_are_here() -> None:
    assert is_installed()
    assert problem_with(NOWHERE) == ""


@pytest.mark.usefixtures("_missing")
def test_a_missing_library_is_told() -> None:
    assert not is_installed()
    with pytest.raises(StreamAwayError, match=INSTALL):
        client_of(NOWHERE, 1.0)


@pytest.mark.usefixtures("_missing")
def test_events_go_through_memory_without_a_library(use_settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "ensure", lambda: None)
    use_settings(CAPTURE={"SINK": SINK, "REDIS_URL": NOWHERE})
    sink = RedisSink()
    assert sink.write([make_record()]) == sink.held == 1
    assert len(sink.check()) == 1
