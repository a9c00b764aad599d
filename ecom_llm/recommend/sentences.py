"""Puts evidence into plain sentences, with no model: why a product is shown, in short and at length.

Each says exactly what the evidence shows: how often only at length, popularity only when it was counted.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

from django.utils.formats import number_format
from django.utils.translation import get_language, gettext, gettext_noop, ngettext, override

from ecom_llm.catalog.plain import end_sentence
from ecom_llm.entities import Evidence, EvidenceKind, ProductFacts
from ecom_llm.recommend.shared import CATEGORY, shared_attribute

__all__ = ["explain", "explain_long", "shared_attribute"]

# Beside a seed that can be named, and beside one that is gone.
WITH_SEED = {
    EvidenceKind.VIEWED_AFTER: gettext_noop("Shoppers who viewed %(seed)s went on to %(name)s"),
    EvidenceKind.VIEWED_TOGETHER: gettext_noop("Viewed in the same visit as %(seed)s"),
    EvidenceKind.ADDED_TOGETHER: gettext_noop("Put into the cart in the same visit as %(seed)s"),
    EvidenceKind.BOUGHT_TOGETHER: gettext_noop("Bought in the same order as %(seed)s"),
    EvidenceKind.SIMILAR: gettext_noop("Similar to %(seed)s"),
    EvidenceKind.RELATED: gettext_noop("Related to %(seed)s"),
}
WITHOUT_SEED = {
    EvidenceKind.VIEWED_AFTER: gettext_noop("Shoppers went on to this after what you viewed"),
    EvidenceKind.VIEWED_TOGETHER: gettext_noop("Viewed in the same visits as what you viewed"),
    EvidenceKind.ADDED_TOGETHER: gettext_noop("Put into the cart in the same visits as what you viewed"),
    EvidenceKind.BOUGHT_TOGETHER: gettext_noop("Bought in the same orders as what you viewed"),
    EvidenceKind.SIMILAR: gettext_noop("Similar to what you viewed"),
    EvidenceKind.RELATED: gettext_noop("Related to what you viewed"),
}
# Below it a lift is not worth a word.
WORTH_TELLING = 1.5
# From there on its decimals are not.
MANY_TIMES = 10


def explain(evidence: Evidence, product_facts: ProductFacts, seed_facts: ProductFacts | None, language: str) -> str:
    """One plain sentence for why a product is shown.

    Args:
        evidence: why it was picked.
        product_facts: the product.
        seed_facts: the product it was picked beside; None when there is none or it is gone.
        language: a Django language code.
    """
    seed = seed_facts.name if seed_facts is not None else ""
    with _in(language):
        return end_sentence(
            _with_seed(evidence, product_facts.name, seed) if seed else _without_seed(evidence, product_facts)
        )


def explain_long(
    evidence: Evidence, product_facts: ProductFacts, seed_facts: ProductFacts | None, language: str
) -> str:
    """Plain sentences for a shopper who asks why: the short one, and what was counted or compared, if anything.

    Takes what `explain` takes.
    """
    short = explain(evidence, product_facts, seed_facts, language)
    with _in(language):
        return f"{short} {_basis(evidence)}".strip()


def _in(language: str) -> AbstractContextManager[object]:
    """Where a page speaks the language anyway, nothing need be changed for each of its sentences."""
    return nullcontext() if language and get_language() == language else override(language or "en")


def _with_seed(evidence: Evidence, name: str, seed: str) -> str:
    words = {"seed": seed, "name": name, "value": evidence.value}
    if evidence.kind is EvidenceKind.SAME_ATTRIBUTE and evidence.detail:
        if evidence.detail == CATEGORY:
            return gettext("From the same category as %(seed)s: %(value)s") % words
        return gettext("Same %(attribute)s as %(seed)s: %(value)s") % {
            **words, "attribute": _in_sentence(evidence.detail),
        }  # fmt: skip
    sentence = WITH_SEED.get(evidence.kind)
    return gettext(sentence) % words if sentence is not None else _of_the_shop(evidence, name)


def _without_seed(evidence: Evidence, product: ProductFacts) -> str:
    if evidence.kind is EvidenceKind.SIMILAR and evidence.detail:
        return gettext("Close to your search for “%(detail)s”") % {"detail": evidence.detail}
    sentence = WITHOUT_SEED.get(evidence.kind)
    return gettext(sentence) if sentence is not None else _of_the_shop(evidence, product.name)


def _of_the_shop(evidence: Evidence, name: str) -> str:
    """Evidence that links no two products."""
    words = {"name": name, "detail": evidence.detail}
    if evidence.kind is EvidenceKind.MATCHES_SEARCH and evidence.detail:
        return gettext("Matches your search for “%(detail)s”") % words
    if evidence.kind is EvidenceKind.POPULAR_IN_CATEGORY:
        return (gettext("Popular in %(detail)s") if evidence.support else gettext("Also in %(detail)s")) % words
    if evidence.kind is EvidenceKind.POPULAR and evidence.support:
        return gettext("Popular in our shop")
    if evidence.kind is EvidenceKind.CHOSEN:
        return gettext("Picked by our team")
    return gettext("From our range")


def _basis(evidence: Evidence) -> str:
    """What the evidence rests on. No visitor is meant by any of it but the one who reads."""
    count = evidence.support
    words = {"count": count}
    if evidence.kind is EvidenceKind.MATCHES_SEARCH or (evidence.kind is EvidenceKind.SIMILAR and evidence.detail):
        return gettext("We compared its name and details with the words you searched for.")
    if evidence.kind in (EvidenceKind.SAME_ATTRIBUTE, EvidenceKind.SIMILAR):
        return gettext("We compared what we know about both products.")
    if evidence.kind is EvidenceKind.RELATED:
        return gettext("Too few visits or orders show it so far for a number.")
    if evidence.kind is EvidenceKind.BOUGHT_TOGETHER:
        counted = ngettext("We counted %(count)d order.", "We counted %(count)d orders.", count) % words
        return f"{counted} {_lift(evidence)}".strip()
    if not count:
        return ""
    if evidence.kind in (EvidenceKind.POPULAR, EvidenceKind.POPULAR_IN_CATEGORY):
        # The larger of the two.
        return ngettext("At least %(count)d visit or order.", "At least %(count)d visits or orders.", count) % words
    counted = ngettext("We counted %(count)d visit.", "We counted %(count)d visits.", count) % words
    return f"{counted} {_lift(evidence)}".strip()


def _lift(evidence: Evidence) -> str:
    """How much more often than by chance, where that is worth a word."""
    if evidence.lift < WORTH_TELLING:
        return ""
    times = number_format(evidence.lift, 0 if evidence.lift >= MANY_TIMES else 1)
    return gettext("That is %(times)s times as often as by chance.") % {"times": times}


def _in_sentence(label: str) -> str:
    """A fact's name within a sentence: "Fabric weight" becomes "fabric weight", "UV index" stays.

    In German it begins with a capital, being a noun.
    """
    words = " ".join(label.replace("_", " ").split())
    if (get_language() or "").startswith("de"):
        return words[:1].upper() + words[1:]
    return words if words[1:2].isupper() else words[:1].lower() + words[1:]
