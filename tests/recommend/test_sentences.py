from __future__ import annotations

import pytest

from ecom_llm.entities import Evidence, EvidenceKind, Fact, ProductFacts
from ecom_llm.recommend.sentences import explain, explain_long
from ecom_llm.recommend.shared import shared_attribute, shared_attributes

JACKET = ProductFacts("1", "Harbour Jacket", "Jackets", (Fact("Material", "nylon"), Fact("Weight", "400 g")))
PARKA = ProductFacts("2", "Quay 100% Parka", "Jackets", (Fact("Weight", "400 g"), Fact("material", "Nylon")))
Kind = EvidenceKind


@pytest.mark.parametrize(
    ("evidence", "sentence"),
    [
        (Evidence(Kind.VIEWED_AFTER, "1", 9), "Shoppers who viewed Harbour Jacket went on to Quay 100% Parka."),
        (Evidence(Kind.VIEWED_TOGETHER, "1", 9), "Viewed in the same visit as Harbour Jacket."),
        (Evidence(Kind.BOUGHT_TOGETHER, "1", 9), "Bought in the same order as Harbour Jacket."),
        (
            Evidence(Kind.SAME_ATTRIBUTE, "1", detail="Fabric_Weight", value="90 g"),
            "Same fabric Weight as Harbour Jacket: 90 g.",
        ),
        (
            Evidence(Kind.SAME_ATTRIBUTE, "1", detail="UV index", value="50"),
            "Same UV index as Harbour Jacket: 50.",
        ),
        (
            Evidence(Kind.SAME_ATTRIBUTE, "1", detail="category", value="Jackets"),
            "From the same category as Harbour Jacket: Jackets.",
        ),
    ],
)
def test_evidence_of_two_products_names_the_other(evidence: Evidence, sentence: str) -> None:
    assert explain(evidence, PARKA, JACKET, "en") == sentence


@pytest.mark.parametrize(
    ("evidence", "sentence"),
    [
        (Evidence(Kind.POPULAR, support=9), "Popular in our shop."),
        (Evidence(Kind.POPULAR), "From our range."),
        (Evidence(Kind.POPULAR_IN_CATEGORY, support=9, detail="Jackets"), "Popular in Jackets."),
        (Evidence(Kind.POPULAR_IN_CATEGORY, detail="Jackets"), "Also in Jackets."),
        (Evidence(Kind.MATCHES_SEARCH, detail="مصباح 🏮"), "Matches your search for “مصباح 🏮”."),
        (Evidence(Kind.MATCHES_SEARCH), "From our range."),
        (Evidence(Kind.SAME_ATTRIBUTE, "1", detail="Material", value="nylon"), "From our range."),
        (Evidence(Kind.VIEWED_AFTER, "1", 9), "Shoppers went on to this after what you viewed."),
    ],
)
def test_evidence_without_another_product_stands_alone(evidence: Evidence, sentence: str) -> None:
    assert explain(evidence, PARKA, None, "en") == sentence


@pytest.mark.parametrize("kind", list(EvidenceKind))
@pytest.mark.parametrize("seed", [JACKET, None])
@pytest.mark.parametrize("language", ["en", "de", "ar", "", "xx"])
def test_every_kind_has_a_sentence(kind: EvidenceKind, seed: ProductFacts | None, language: str) -> None:
    sentence = explain(Evidence(kind), PARKA, seed, language)
    assert sentence.endswith(".")
    assert "%(" not in sentence


def test_counts_are_told_only_when_asked_for() -> None:
    evidence = Evidence(EvidenceKind.VIEWED_AFTER, "1", support=17)
    assert "17" not in explain(evidence, PARKA, JACKET, "en")
    assert explain_long(evidence, PARKA, JACKET, "en").endswith("We counted 17 visits.")
    order = Evidence(EvidenceKind.BOUGHT_TOGETHER, "1", support=1)
    assert explain_long(order, PARKA, JACKET, "en").endswith("We counted 1 order.")
    # Views or orders, whichever are more.
    popular = Evidence(EvidenceKind.POPULAR, support=9)
    assert explain_long(popular, PARKA, None, "en") == "Popular in our shop. At least 9 visits or orders."
    assert explain_long(Evidence(EvidenceKind.POPULAR), PARKA, None, "en") == "From our range."


def test_words_in_common_go_before_numbers_and_case_does_not_matter() -> None:
    assert [fact.name for fact in shared_attributes(JACKET, PARKA)] == ["Weight", "material"]
    assert shared_attribute(JACKET, PARKA) == ("material", "Nylon")


def test_a_number_in_common_links_nothing_across_categories() -> None:
    pot = ProductFacts("3", "Camp Pot", "Kitchen", (Fact("Weight", "400 g"), Fact("Material", "steel")))
    assert shared_attributes(JACKET, pot) == []
    assert shared_attribute(JACKET, pot) is None


def test_yes_in_common_is_nothing_to_speak_of() -> None:
    one, other = (ProductFacts(key, key, "", (Fact("Waterproof", "yes"),)) for key in "ab")
    assert shared_attribute(one, other) is None


def test_the_category_is_the_last_thing_in_common() -> None:
    bare = ProductFacts("3", "Fell Coat", "Jackets")
    assert shared_attribute(JACKET, bare) == ("category", "Jackets")
    assert shared_attribute(ProductFacts("4", "Bag"), ProductFacts("5", "Sack")) is None
