"""Puts evidence into plain sentences, with no model: why a product is shown, in short and at length.

Each says exactly what the evidence shows: how often only at length, popularity only when it was counted.
"""

from __future__ import annotations

from django.utils.translation import gettext, ngettext, override

from ecom_llm.catalog.plain import end_sentence
from ecom_llm.entities import Evidence, EvidenceKind, ProductFacts
from ecom_llm.recommend.shared import CATEGORY, shared_attribute

__all__ = ["explain", "explain_long", "shared_attribute"]


def explain(evidence: Evidence, product_facts: ProductFacts, seed_facts: ProductFacts | None, language: str) -> str:
    """One plain sentence for why a product is shown.

    Args:
        evidence: why it was picked.
        product_facts: the product.
        seed_facts: the product it was picked beside; None when there is none or it is gone.
        language: a Django language code.
    """
    seed = seed_facts.name if seed_facts is not None else ""
    with override(language or "en"):
        return end_sentence(
            _with_seed(evidence, product_facts.name, seed) if seed else _without_seed(evidence, product_facts)
        )


def explain_long(
    evidence: Evidence, product_facts: ProductFacts, seed_facts: ProductFacts | None, language: str
) -> str:
    """Two plain sentences for a shopper who asks why: the short one, and what was counted or compared.

    Takes what `explain` takes.
    """
    short = explain(evidence, product_facts, seed_facts, language)
    with override(language or "en"):
        return f"{short} {_basis(evidence)}"


def _with_seed(evidence: Evidence, name: str, seed: str) -> str:
    words = {"seed": seed, "name": name, "attribute": _in_sentence(evidence.detail), "value": evidence.value}
    if evidence.kind is EvidenceKind.VIEWED_AFTER:
        return gettext("Shoppers who viewed %(seed)s went on to %(name)s") % words
    if evidence.kind is EvidenceKind.VIEWED_TOGETHER:
        return gettext("Viewed in the same visit as %(seed)s") % words
    if evidence.kind is EvidenceKind.BOUGHT_TOGETHER:
        return gettext("Bought in the same order as %(seed)s") % words
    if evidence.kind is EvidenceKind.SAME_ATTRIBUTE and evidence.detail == CATEGORY:
        return gettext("From the same category as %(seed)s: %(value)s") % words
    if evidence.kind is EvidenceKind.SAME_ATTRIBUTE and evidence.detail:
        return gettext("Same %(attribute)s as %(seed)s: %(value)s") % words
    return _of_the_shop(evidence, name)


def _without_seed(evidence: Evidence, product: ProductFacts) -> str:
    if evidence.kind is EvidenceKind.VIEWED_AFTER:
        return gettext("Shoppers went on to this after what you viewed")
    if evidence.kind is EvidenceKind.VIEWED_TOGETHER:
        return gettext("Viewed in the same visits as what you viewed")
    if evidence.kind is EvidenceKind.BOUGHT_TOGETHER:
        return gettext("Bought in the same orders as what you viewed")
    return _of_the_shop(evidence, product.name)


def _of_the_shop(evidence: Evidence, name: str) -> str:
    """Evidence that links no two products."""
    words = {"name": name, "detail": evidence.detail}
    if evidence.kind is EvidenceKind.MATCHES_SEARCH and evidence.detail:
        return gettext("Matches your search for “%(detail)s”") % words
    if evidence.kind is EvidenceKind.POPULAR_IN_CATEGORY and evidence.support:
        return gettext("Popular in %(detail)s") % words
    if evidence.kind is EvidenceKind.POPULAR_IN_CATEGORY:
        return gettext("Also in %(detail)s") % words
    if evidence.kind is EvidenceKind.POPULAR and evidence.support:
        return gettext("Popular in our shop")
    return gettext("From our range")


def _basis(evidence: Evidence) -> str:
    """What the evidence rests on. No visitor is meant by any of it but the one who reads."""
    count = evidence.support
    words = {"count": count}
    if evidence.kind is EvidenceKind.BOUGHT_TOGETHER:
        return ngettext("We counted %(count)d order.", "We counted %(count)d orders.", count) % words
    if evidence.kind is EvidenceKind.MATCHES_SEARCH:
        return gettext("We compared its name and details with the words you searched for.")
    if evidence.kind is EvidenceKind.SAME_ATTRIBUTE:
        return gettext("We compared what we know about both products.")
    if count:
        return ngettext("We counted %(count)d visit.", "We counted %(count)d visits.", count) % words
    return gettext("Nothing about you was used.")


def _in_sentence(label: str) -> str:
    """A fact's name within a sentence: "Fabric weight" becomes "fabric weight", "UV index" stays."""
    words = " ".join(label.replace("_", " ").split())
    return words if words[1:2].isupper() else words[:1].lower() + words[1:]
