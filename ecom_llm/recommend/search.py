"""Products for a search, as the shop's own search ranks them."""

from __future__ import annotations

from ecom_llm.capture.visitors import Visitor
from ecom_llm.catalog.registry import get_catalog
from ecom_llm.entities import Evidence, EvidenceKind, Recommendation
from ecom_llm.recommend.candidates import bought_by
from ecom_llm.recommend.filters import allowed
from ecom_llm.recommend.sentences import explain

# Read beyond what is asked for, to make up for what must not be shown.
SPARE = 12


def matching_search(query: str, visitor: Visitor, limit: int, language: str) -> list[Recommendation]:
    """The products that match a search. One query, and one more for a visitor with a history.

    Args:
        query: the searched words.
        visitor: what they bought is left out.
        limit: the most to return.
        language: a Django language code.
    """
    catalog = get_catalog()
    found = catalog.search(query, limit + SPARE)
    bought = bought_by(visitor) if visitor.has_history and found else ()
    products = allowed(((catalog.product_id(product), product) for product in found), bought)
    evidence = Evidence(EvidenceKind.MATCHES_SEARCH, detail=query)
    return [
        Recommendation(
            product_id=product_id,
            product=product,
            evidence=evidence,
            # Above any other evidence, in the order of the search.
            score=float(limit + SPARE - place),
            reason=explain(evidence, catalog.facts(product), None, language),
        )
        for place, (product_id, product) in enumerate(products.items())
    ][:limit]
