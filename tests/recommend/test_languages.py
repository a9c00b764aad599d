from __future__ import annotations

import re

import pytest
from django.utils import translation

from ecom_llm.catalog.plain import describe
from ecom_llm.catalog.plain_search import describe_search
from ecom_llm.entities import Evidence, EvidenceKind, Fact, ProductFacts
from ecom_llm.recommend.sentences import explain, explain_long

# Names in no language, so that what is English is the app's.
SEED = ProductFacts("1", "Uxo", "Z3", (Fact("Q4", "Y5"),))
PRODUCT = ProductFacts("2", "Ebu 100%", "Z3", (Fact("Q4", "Y5"),))
# Words that are German, too.
GERMAN_TOO = {"in", "was"}
NBSP = "\u00a0"
Kind = EvidenceKind


def evidences(kind: EvidenceKind) -> list[Evidence]:
    """What this kind may carry: much, little, and nothing."""
    value = "Y5" if kind is Kind.SAME_ATTRIBUTE else ""
    counts = [Evidence(kind, "1", support, lift, "Q4", value) for support in (0, 1, 17) for lift in (0.0, 1.2, 3.4)]
    category = Evidence(kind, "1", 17, detail="category", value="Z3")
    return [*counts, category if value else Evidence(kind), Evidence(kind)]


def words(sentence: str) -> set[str]:
    return set(re.findall(r"\b[A-Za-z]?[a-z]{2,}\b", sentence)) - {SEED.name, "Ebu", *GERMAN_TOO}


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("seed", [SEED, None])
@pytest.mark.parametrize("language", ["de", "fr", "de-at", "fr-ca"])
def test_no_english_is_left_in_any_sentence(kind: Kind, seed: ProductFacts | None, language: str) -> None:
    for evidence in evidences(kind):
        english = explain_long(evidence, PRODUCT, seed, "en")
        sentence = explain_long(evidence, PRODUCT, seed, language)
        assert words(sentence) & words(english) == set(), sentence
        assert explain(evidence, PRODUCT, seed, language) != explain(evidence, PRODUCT, seed, "en")
        assert "%(" not in sentence


@pytest.mark.parametrize(
    ("evidence", "german", "french"),
    [
        (
            Evidence(Kind.VIEWED_AFTER, "1", 9),
            "Wer Uxo ansah, sah danach auch Ebu 100% an.",
            "Après avoir vu Uxo, d\u2019autres clients ont regardé Ebu 100%.",
        ),
        (
            Evidence(Kind.BOUGHT_TOGETHER, "1", 9),
            "In derselben Bestellung gekauft wie Uxo.",
            "Produit acheté avec Uxo dans une même commande.",
        ),
        (
            Evidence(Kind.SAME_ATTRIBUTE, "1", detail="Material", value="Nylon"),
            "Hat mit Uxo gemeinsam: Material (Nylon).",
            f"Point commun avec Uxo{NBSP}: material (Nylon).",
        ),
        (
            Evidence(Kind.MATCHES_SEARCH, detail="9 V"),
            "Passt zu Ihrer Suche nach „9 V\u201c.",
            f"Correspond à votre recherche «{NBSP}9 V{NBSP}».",
        ),
    ],
)
def test_sentences_hold_whatever_the_products_are_called(evidence: Evidence, german: str, french: str) -> None:
    assert explain(evidence, PRODUCT, SEED, "de") == german
    assert explain(evidence, PRODUCT, SEED, "fr") == french


@pytest.mark.parametrize(
    ("language", "count", "end"),
    [
        ("de", 1, "1 Bestellung gezählt."), ("de", 0, "0 Bestellungen gezählt."), ("de", 2, "2 Bestellungen gezählt."),
        ("fr", 1, "1 commande."), ("fr", 2, "2 commandes."),
    ],
)  # fmt: skip
def test_counts_take_the_plural_of_their_language(language: str, count: int, end: str) -> None:
    with translation.override("en"):
        assert end in explain_long(Evidence(Kind.BOUGHT_TOGETHER, "1", count), PRODUCT, SEED, language)


@pytest.mark.parametrize(
    ("language", "description", "search"),
    [
        ("de", "Uxo (Z3). Q4: Y5.", "„9 V\u201c: Uxo."),
        ("fr", f"Uxo (Z3). Q4{NBSP}: Y5.", f"«{NBSP}9 V{NBSP}»{NBSP}: Uxo."),
    ],
)
def test_descriptions_and_searches_have_the_signs_of_their_language(
    language: str, description: str, search: str
) -> None:
    assert describe(SEED, language) == description
    assert describe_search("9 V", [SEED], language) == search


def test_more_results_are_counted_in_german() -> None:
    assert describe_search("9 V", [SEED] * 4, "de").endswith("und 1 weiteres.")
    assert describe_search("9 V", [SEED] * 5, "de").endswith("und 2 weitere.")
