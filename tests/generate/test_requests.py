"""What is asked for twice is made once, however the two requests meet."""

from __future__ import annotations

from typing import Any

import pytest

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
