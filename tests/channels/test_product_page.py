"""What a product's page shows, and what it never shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from ecom_llm.channels import product_page
from ecom_llm.entities import EvidenceKind, Kind, ReasonSubject, TextKey
from ecom_llm.models import GenerationJob
from ecom_llm.publish.drafts import Draft, store
from tests.products import SAMPLE_PRODUCTS

pytestmark = pytest.mark.django_db

JACKET, FELL = SAMPLE_PRODUCTS[0], SAMPLE_PRODUCTS[1]
PAIR = TextKey(Kind.REASON, ReasonSubject("jacket-1", "jacket-2", EvidenceKind.VIEWED_AFTER).key, "en")


def publish(key: TextKey, body: str, cited: dict[str, dict[str, str]]) -> None:
    store(key, Draft(body=body, facts=cited, cited=cited))


def test_description_that_cites_a_changed_fact_is_gone_at_once_and_asked_for_again(
    memory_catalog: Callable[..., Any],
) -> None:
    memory_catalog()
    publish(TextKey(Kind.DESCRIPTION, "jacket-1", "en"), "In navy.", {"jacket-1": {"Colour": "navy"}})
    assert product_page.description(JACKET, "en").text == "In navy."
    red = replace(JACKET, attributes={"Colour": "red", "Fit": "loose"})
    memory_catalog([red])
    shown = product_page.description(red, "en")
    assert (shown.origin, "navy" in shown.text, shown.is_pending) == ("plain", False, True)
    assert GenerationJob.objects.get().subject == "jacket-1"


def test_change_of_a_fact_that_is_not_cited_leaves_the_description(memory_catalog: Callable[..., Any]) -> None:
    publish(TextKey(Kind.DESCRIPTION, "jacket-1", "en"), "In navy.", {"jacket-1": {"Colour": "navy"}})
    heavier = replace(JACKET, attributes={"Colour": "navy", "Weight": "900 g"})
    memory_catalog([heavier])
    assert product_page.description(heavier, "en").text == "In navy."


def test_product_with_nothing_to_say_waits_for_nothing(memory_catalog: Callable[..., Any]) -> None:
    lamp = SAMPLE_PRODUCTS[4]
    memory_catalog()
    assert not product_page.description(lamp, "en").is_pending
    assert not GenerationJob.objects.exists()


def test_reason_of_a_hidden_product_is_shown_nowhere(memory_catalog: Callable[..., Any]) -> None:
    memory_catalog()
    publish(PAIR, "Goes well.", {"jacket-2": {"Colour": "olive"}})
    assert [item["text"] for item in product_page.texts_of(JACKET, "en")["reasons"]] == ["Goes well."]
    memory_catalog([JACKET, replace(FELL, is_visible=False)])
    assert product_page.texts_of(JACKET, "en")["reasons"] == []
