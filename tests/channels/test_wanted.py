"""A page asks for what it lacked once it is made: its own texts at once, reasons by how often they are shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import RequestFactory

from ecom_llm.capture.scope import open_scope
from ecom_llm.channels import wanted
from ecom_llm.entities import EvidenceKind, Kind, ReasonSubject, TextKey
from ecom_llm.generate import demand
from ecom_llm.models import GenerationJob

pytestmark = pytest.mark.django_db

OWN = TextKey(Kind.DESCRIPTION, "jacket-1", "en")
REASON = TextKey(Kind.REASON, ReasonSubject("jacket-1", "jacket-2", EvidenceKind.VIEWED_AFTER).key, "en")


@pytest.fixture(autouse=True)
def _shop(memory_catalog: Callable[..., Any]) -> None:
    memory_catalog()


def priorities_after_a_page(**headers: str) -> dict[str, int]:
    with open_scope(RequestFactory().get("/products/jacket-1/", headers=headers)) as scope:
        wanted.ask_for([OWN])
        wanted.ask_for([REASON])
        assert not GenerationJob.objects.exists()
        for function in scope.deferred:
            function()
    return dict(GenerationJob.objects.values_list("kind", "priority"))


def test_pages_own_text_goes_first_and_a_pair_shown_once_waits() -> None:
    assert priorities_after_a_page() == {"description": wanted.PAGE_PRIORITY, "reason": demand.SHOWN_ONCE}


@pytest.mark.parametrize(
    "headers",
    [{"user-agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"},
     {"sec-purpose": "prefetch"}],
    ids=["robot", "fetched ahead"],
)  # fmt: skip
def test_page_that_no_shopper_sees_asks_for_no_reason(headers: dict[str, str]) -> None:
    assert priorities_after_a_page(**headers) == {"description": wanted.PAGE_PRIORITY}
