"""A shop's own tests run with the default sink; what they leave in memory stays out of the shop's database."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from django.core import mail
from django.db import connection

from ecom_llm.capture import background, tallies
from ecom_llm.capture.sinks import base
from ecom_llm.capture.sinks.buffered import BufferedSink
from ecom_llm.models import Event
from tests.capture.conftest import Configure
from tests.capture.test_storing import make

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sink(configure: Configure, monkeypatch: pytest.MonkeyPatch) -> Iterator[base.Sink]:
    """Holds what it is given until the process ends, or the thread is asked to write."""
    monkeypatch.setattr(background, "_state", background._State())
    monkeypatch.setattr(base, "_cached", None)
    configure(CAPTURE={"SINK": "ecom_llm.capture.sinks.buffered.BufferedSink", "FLUSH_SECONDS": 3600})
    yield base.get_sink()
    background.finish()


def test_when_the_test_database_is_gone_nothing_is_written(
    sink: base.Sink, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    sink.write([make(1)])
    written: list[str] = []
    monkeypatch.setattr(BufferedSink, "flush", lambda _: written.append("events"))
    monkeypatch.setattr(tallies, "save", lambda: written.append("counts"))
    with monkeypatch.context() as patch, caplog.at_level(logging.ERROR):
        # As a runner of tests does when it has dropped it.
        patch.setitem(connection.settings_dict, "NAME", "the shop's own")
        background.finish()
    assert written == []
    assert caplog.messages == []


def test_while_it_is_there_tests_find_what_they_did(sink: base.Sink) -> None:
    sink.write([make(1)])
    background.finish()
    assert Event.objects.count() == 1


def test_a_shop_that_renames_its_database_is_no_test(sink: base.Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(mail, "outbox")
    sink.write([make(1)])
    assert background._state.test_databases == {}
