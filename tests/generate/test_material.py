"""A reason's prompt is made from its evidence and the facts of two products, and from nothing about a visitor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from ecom_llm.channels.product_page import WORDED, reason_key
from ecom_llm.entities import Evidence, EvidenceKind, Kind, Recommendation
from ecom_llm.generate.material import gather
from ecom_llm.generate.prompting import make_prompt
from ecom_llm.guard.screen import screen

# What a recommendation may carry along, and the words of a search that led to it.
SEARCH = "rash cream for my daughter"
VISITOR = "p:0123456789abcdef0123456789abcdef"


def recommended(kind: EvidenceKind, detail: str = "") -> Recommendation:
    evidence = Evidence(kind, seed_id="jacket-1", support=4711, lift=8.15, detail=detail)
    return Recommendation("jacket-2", object(), evidence, 1.0, f"Because of {SEARCH}", text=f"{VISITOR}: {SEARCH}")


@pytest.fixture(autouse=True)
def _shop(memory_catalog: Callable[..., Any]) -> None:
    memory_catalog()


@pytest.mark.parametrize("kind", WORDED)
def test_prompt_of_a_reason_holds_nothing_of_a_visitor_and_no_count(kind: EvidenceKind) -> None:
    key = reason_key(recommended(kind, detail=SEARCH), "en")
    assert key is not None
    prompt = make_prompt(gather(key))
    said = f"{key} {prompt}"
    assert "Harbour Rain Jacket" in said
    assert "Fell Wind Jacket" in said
    for secret in (SEARCH, "daughter", VISITOR, "4711", "8.15"):
        assert secret not in said


@pytest.mark.parametrize("kind", [kind for kind in EvidenceKind if kind not in WORDED])
def test_evidence_that_links_no_two_products_is_put_into_no_words(kind: EvidenceKind) -> None:
    assert reason_key(recommended(kind), "en") is None


@pytest.mark.parametrize(
    ("kind", "beginning"),
    [
        (EvidenceKind.ADDED_TOGETHER, "Added to the cart together with the Harbour Rain Jacket, the Fell Wind Jacket"),
        (EvidenceKind.SIMILAR, "Similar to the Harbour Rain Jacket, the Fell Wind Jacket"),
        (EvidenceKind.BOUGHT_TOGETHER, "Bought together with the Harbour Rain Jacket, the Fell Wind Jacket"),
    ],
)
def test_guard_lets_the_words_of_the_evidence_through_and_only_for_that_evidence(
    kind: EvidenceKind, beginning: str
) -> None:
    key = reason_key(recommended(kind), "en")
    assert key is not None
    material = gather(key)
    text = f"{make_prompt(material).prefix} an olive colour."
    assert text.startswith(beginning)
    assert screen(text, material.products, Kind.REASON, "en", material.allowed, is_closed=True) == []
    unlike = gather(replace(key, subject=key.subject.replace(kind, EvidenceKind.VIEWED_AFTER)))
    found = screen(text, unlike.products, Kind.REASON, "en", unlike.allowed, is_closed=True)
    assert ("word.unsupported" in {finding.code for finding in found}) is (kind is not EvidenceKind.BOUGHT_TOGETHER)
