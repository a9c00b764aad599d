"""Decides which evidence a recommendation carries: the strongest that is true and can be claimed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ecom_llm import conf
from ecom_llm.entities import Evidence, EvidenceKind, ProductFacts
from ecom_llm.models import ItemPair
from ecom_llm.recommend.shared import CATEGORY, shared_attribute

# Strongest first.
OF_PAIRS = (EvidenceKind.BOUGHT_TOGETHER, EvidenceKind.VIEWED_AFTER, EvidenceKind.VIEWED_TOGETHER)


def choose_evidence(rows: Iterable[ItemPair], product: ProductFacts, seed: ProductFacts | None) -> Evidence | None:
    """The evidence for one candidate.

    Bought together, viewed after and viewed together come first, if enough visits or orders show them; then a
    shared attribute, being popular in the category, sharing the category, being popular.

    Args:
        rows: the item pairs that propose it.
        product: its facts.
        seed: the page's product, if it has one.

    Returns:
        The evidence; None when nothing that is true links the candidate to the page.
    """
    by_kind: dict[str, ItemPair] = {}
    for row in sorted(rows, key=lambda row: row.weight):
        by_kind[row.kind] = row
    return (
        _of_pair(by_kind)
        or _of_attribute(product, seed)
        or _of_category(by_kind, product, seed)
        or _of_popularity(by_kind)
    )


def _of_pair(by_kind: Mapping[str, ItemPair]) -> Evidence | None:
    for kind in OF_PAIRS:
        row = by_kind.get(kind)
        if row is not None and _claimed(row):
            return Evidence(kind, seed_id=row.seed, support=row.support)
    return None


def _of_attribute(product: ProductFacts, seed: ProductFacts | None) -> Evidence | None:
    shared = shared_attribute(seed, product) if seed is not None else None
    if seed is None or shared is None or shared[0] == CATEGORY:
        return None
    return Evidence(EvidenceKind.SAME_ATTRIBUTE, seed.product_id, detail=shared[0], value=shared[1])


def _of_category(by_kind: Mapping[str, ItemPair], product: ProductFacts, seed: ProductFacts | None) -> Evidence | None:
    if seed is None:
        return None
    row = by_kind.get(EvidenceKind.POPULAR_IN_CATEGORY)
    # The pair may be older than the product's present category.
    if row is not None and _claimed(row) and product.category == seed.category:
        return Evidence(EvidenceKind.POPULAR_IN_CATEGORY, support=row.support, detail=product.category)
    shared = shared_attribute(seed, product)
    if shared is None:
        return None
    return Evidence(EvidenceKind.SAME_ATTRIBUTE, seed.product_id, detail=shared[0], value=shared[1])


def _of_popularity(by_kind: Mapping[str, ItemPair]) -> Evidence | None:
    """Popular, with no support claimed where too few looked at it; then it is simply one of the shop's."""
    row = by_kind.get(EvidenceKind.POPULAR)
    if row is None:
        return None
    return Evidence(EvidenceKind.POPULAR, support=row.support if _claimed(row) else 0)


def _claimed(row: ItemPair) -> bool:
    return row.support >= conf.get_settings().recommend.min_support
