"""Says about a product what its facts say, with no model: what is shown until a text is there."""

from __future__ import annotations

from django.utils.translation import gettext, override

from ecom_llm.entities import Fact, ProductFacts

# Latin, CJK, Arabic, Urdu and Devanagari.
_SENTENCE_ENDS = (*".!?…", "\u3002", "\uff01", "\uff1f", "\u061f", "\u06d4", "\u0964")


def describe(facts: ProductFacts, language: str) -> str:
    """Describe a product in plain sentences.

    Args:
        facts: what may be said about it.
        language: a Django language code, for what surrounds the facts; the facts stay as the shop wrote them.

    Returns:
        Its name and category, then each fact: "Harbour Rain Jacket (Jackets). Material: recycled nylon."
        Empty only when the facts are.
    """
    with override(language or "en"):
        sentences = [_heading(facts.name.strip(), facts.category.strip())]
        sentences += [_fact(fact) for fact in facts.facts]
    return " ".join(end_sentence(sentence) for sentence in sentences if sentence)


def readable_label(name: str) -> str:
    """A fact's name as the start of a line: "fabric_weight" becomes "Fabric weight"."""
    words = " ".join(name.replace("_", " ").split())
    return words[:1].upper() + words[1:]


def end_sentence(text: str) -> str:
    """The text with a full stop, unless it ends a sentence already."""
    return text if text.endswith(_SENTENCE_ENDS) else f"{text}."


def _fact(fact: Fact) -> str:
    words = {"label": readable_label(fact.name), "value": fact.value.strip()}
    return gettext("%(label)s: %(value)s") % words


def _heading(name: str, category: str) -> str:
    if not name or not category or category.casefold() in name.casefold():
        return name or category
    return gettext("%(name)s (%(category)s)") % {"name": name, "category": category}
