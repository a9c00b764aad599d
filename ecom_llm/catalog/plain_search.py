"""Says about a search what its results say, with no model: what is shown until copy is there."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext, ngettext, override

from ecom_llm.entities import ProductFacts

NAMES = 3


def describe_search(query: str, products: Sequence[ProductFacts], language: str) -> str:
    """Describe what a search found.

    Args:
        query: the shopper's words, normalised.
        products: what was found, best first; at least one.
        language: a Django language code, for what surrounds the names.

    Returns:
        One sentence, such as "“kettle”: Alder Kettle, Birch Kettle and 2 more."
    """
    names = ", ".join(product.name for product in products[:NAMES])
    more = len(products) - NAMES
    with override(language or "en"):
        if more > 0:
            return ngettext(
                "“%(query)s”: %(names)s and %(more)d more.", "“%(query)s”: %(names)s and %(more)d more.", more
            ) % {"query": query, "names": names, "more": more}
        return gettext("“%(query)s”: %(names)s.") % {"query": query, "names": names}
