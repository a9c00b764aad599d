"""What is asked for twice is made once, however the two requests meet."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import OperationalError

from ecom_llm import pipeline
from ecom_llm.entities import Kind, TextKey
from ecom_llm.generate import requests
from ecom_llm.models import GenerationJob, TextVersion

pytestmark = pytest.mark.django_db

JACKET = TextKey(Kind.DESCRIPTION, "jacket-1", "en")


def test_text_made_between_a_requests_look_and_its_writing_is_not_made_again(
    memory_catalog: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory_catalog()
    look = requests._known

    def overtaken(wanted: Any) -> Any:
        found = look(wanted)
        monkeypatch.setattr(requests, "_known", look)
        requests.request_texts([JACKET])
        pipeline.run_once("quick")
        return found

    monkeypatch.setattr(requests, "_known", overtaken)
    requests.request_texts([JACKET])
    pipeline.run_once("test")
    assert [job.state for job in GenerationJob.objects.all()] == ["done"]
    assert TextVersion.objects.count() == 1


KETTLE = TextKey(Kind.DESCRIPTION, "kettle-1", "en")


def fail_on_the_jacket(catalog: Any, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    facts = type(catalog).facts

    def trip(self: Any, product: Any) -> Any:
        if product.id == "jacket-1":
            raise error
        return facts(self, product)

    monkeypatch.setattr(type(catalog), "facts", trip)


def test_product_that_cannot_be_read_keeps_no_other_text_from_being_asked_for(
    memory_catalog: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    fail_on_the_jacket(memory_catalog(), monkeypatch, KeyError("its weight is secret"))
    asked = requests.ask([JACKET, KETTLE, TextKey(Kind.SEARCH_COPY, "kettle", "en")])
    assert (asked.queued, asked.settled, asked.refused) == (2, 1, ())
    (record,) = caplog.records
    assert "KeyError" in record.getMessage()
    assert vars(record)["subject"] == "jacket-1"
    assert "secret" not in caplog.text


def test_search_that_cannot_be_read_is_not_told_to_the_log(
    memory_catalog: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    fail_on_the_jacket(memory_catalog(), monkeypatch, KeyError("weight"))
    assert requests.request_texts([TextKey(Kind.SEARCH_COPY, "harbour jacket", "en")]) == 0
    assert "search_copy" in caplog.text
    assert "harbour" not in f"{caplog.text} {vars(caplog.records[0])}"


def test_database_that_fails_is_not_asked_again_for_each_text(
    memory_catalog: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_on_the_jacket(memory_catalog(), monkeypatch, OperationalError("canceling statement due to statement timeout"))
    with pytest.raises(OperationalError):
        requests.ask([JACKET, KETTLE])
