"""Names what a text is about, in words an editor knows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ecom_llm.entities import Kind, ReasonSubject
from ecom_llm.models import Text


def product_ids_of(texts: Iterable[Text]) -> set[str]:
    """The products that a list of texts is about."""
    return {product_id for text in texts for product_id in _products(text)}


def subject_name(text: Text, names: Mapping[str, str]) -> str:
    """Such as "Harbour Rain Jacket", "Harbour Rain Jacket → Wool Hat" or "“rain jacket”".

    Args:
        text: the text.
        names: product names by id; an id stands for itself where it has none.
    """
    if text.kind == Kind.SEARCH_COPY:
        return f"“{text.subject}”"
    return " → ".join(names.get(product_id, product_id) for product_id in _products(text) if product_id)


def _products(text: Text) -> tuple[str, ...]:
    if text.kind == Kind.SEARCH_COPY:
        return ()
    if text.kind != Kind.REASON:
        return (text.subject,)
    try:
        subject = ReasonSubject.parse(text.subject)
    except ValueError:
        return (text.product_id,)
    return (subject.seed_id, subject.product_id)
