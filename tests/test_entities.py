"""The shared dataclasses keep what stages rely on."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecom_llm.entities import (
    Evidence,
    EvidenceKind,
    Fact,
    Finding,
    ProductFacts,
    ReasonSubject,
    Recommendation,
    Sampling,
    Severity,
)  # fmt: skip
from ecom_llm.exceptions import ConfigurationError, EcomLLMError, LeaseLostError, ProductNotFoundError

JACKET = ProductFacts("1", "Rain Jacket", "Jackets", (Fact("Colour", "navy", "colour"), Fact("Weight", "420 g")))


@pytest.mark.parametrize(
    "changed",
    [
        replace(JACKET, product_id="2"),
        replace(JACKET, name="Rain Coat"),
        replace(JACKET, category="Coats"),
        replace(JACKET, facts=JACKET.facts[:1]),
        replace(JACKET, facts=JACKET.facts[::-1]),
        replace(JACKET, facts=(Fact("Colour", "navy"), Fact("Weight", "421 g"))),
        replace(JACKET, facts=(Fact("Colour", "navy"), Fact("Mass", "420 g"))),
    ],
)
def test_hash_changes_with_all_that_a_text_may_cite(changed: ProductFacts) -> None:
    assert changed.content_hash != JACKET.content_hash


def test_hash_ignores_where_a_fact_was_read_and_the_shops_own_words() -> None:
    moved = replace(JACKET, facts=tuple(replace(fact, source="elsewhere") for fact in JACKET.facts), description="New.")
    assert moved.content_hash == JACKET.content_hash


def test_hash_is_the_same_in_another_process() -> None:
    code = (
        "from ecom_llm.entities import Fact, ProductFacts;"
        "print(ProductFacts('1', 'Tea \\u2615', 'T', (Fact('a', 'b'),)).content_hash)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == ProductFacts("1", "Tea \u2615", "T", (Fact("a", "b"),)).content_hash


def test_citable_holds_name_category_and_facts_but_nothing_empty() -> None:
    assert JACKET.citable == {"name": "Rain Jacket", "category": "Jackets", "Colour": "navy", "Weight": "420 g"}
    assert ProductFacts("1", "Mug").citable == {"name": "Mug"}


# What the catalogue contract allows: no control characters.
IDS = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=40)


@given(IDS, IDS, st.sampled_from(EvidenceKind))
def test_reason_subject_reads_back_whatever_the_ids_hold(seed_id: str, product_id: str, kind: EvidenceKind) -> None:
    subject = ReasonSubject(seed_id, product_id, kind)
    assert ReasonSubject.parse(subject.key) == subject


@pytest.mark.parametrize("key", ["", "a\tb", "a\tb\tviewed_after\tc", "a\tb\tunheard_of"])
def test_what_is_no_reasons_key_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match=r"unpack|is not a valid"):
        ReasonSubject.parse(key)


def test_recommendation_shows_its_plain_sentence_until_a_text_is_there() -> None:
    recommendation = Recommendation("1", None, Evidence(EvidenceKind.POPULAR), 1.0, "Popular in this shop.")
    assert recommendation.words == "Popular in this shop."
    recommendation.text = "Shoppers come back to it."
    assert recommendation.words == "Shoppers come back to it."


def test_sampling_holds_numbers_as_a_model_wants_them_however_a_setting_writes_them() -> None:
    sampling = Sampling(temperature=1, top_p=1, repetition_penalty=2, n=2)
    drawn = (*sampling.temperatures, sampling.top_p, sampling.repetition_penalty)
    assert drawn == (1, 1, 1, 2)
    assert {type(number) for number in drawn} == {float}


@pytest.mark.parametrize(
    ("name", "value"), [("top_p", 1.1), ("repetition_penalty", 0), ("temperature", -0.1), ("n", 1.5)]
)
def test_sampling_that_no_model_takes_is_refused_by_name(name: str, value: float) -> None:
    with pytest.raises(ConfigurationError, match=name):
        Sampling(**{name: value})  # type: ignore[arg-type]


def test_finding_as_a_dict_is_plain_json() -> None:
    finding = Finding("number.unsupported", Severity.BLOCK, "No fact says 5.", 3, 4)
    assert finding.as_dict() == {
        "code": "number.unsupported", "severity": "block", "message": "No fact says 5.", "start": 3, "end": 4,
    }  # fmt: skip
    assert type(finding.as_dict()["severity"]) is str


def test_error_without_a_message_says_its_own_sentence() -> None:
    assert str(ProductNotFoundError()) == "The catalogue has no such product."
    assert str(LeaseLostError("gone")) == "gone"
    assert issubclass(ProductNotFoundError, LookupError)
    assert issubclass(ProductNotFoundError, EcomLLMError)
