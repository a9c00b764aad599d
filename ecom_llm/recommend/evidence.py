"""Decides which evidence a recommendation carries: the strongest that is true and can be claimed."""

from __future__ import annotations

from collections.abc import Mapping

from ecom_llm import conf
from ecom_llm.entities import Evidence, EvidenceKind, ListKind, ProductFacts
from ecom_llm.recommend.candidates import LEAST_LIKENESS, Candidates
from ecom_llm.recommend.packing import Shown
from ecom_llm.recommend.shared import CATEGORY, shared_attribute


def choose_evidence(
    candidates: Candidates,
    shown: Mapping[str, Shown],
    product: ProductFacts,
    page: ProductFacts | None,
    facts: Mapping[str, ProductFacts],
) -> Evidence:
    """The evidence for one candidate.

    What enough visits or orders show comes first, beside the page's own product before what else was viewed; then a
    shared attribute, likeness, being popular in the category, sharing the category; then what visits show that are
    too few to be counted, and being popular. What is neither is related to what was viewed, by way of others.

    Args:
        candidates: that it is one of.
        shown: the seeds that it goes with and what shows it; see `Candidates.pairs_among`.
        product: its facts.
        page: the page's product, if it has one.
        facts: of other seeds, by id; seeds that are gone are missing.
    """
    pairs = list(shown.items())
    if page is not None:
        pairs.sort(key=lambda pair: pair[0] != page.product_id)
    known = [(seed, shown) for seed, shown in pairs if seed in facts or (page and seed == page.product_id)]
    return (
        _counted(known or pairs)
        or _of_attribute(product, page)
        or _of_likeness(candidates, product, page, facts)
        or _of_category(candidates, product, page)
        or _of_few(known)
        or _of_popularity(candidates, product)
        or Evidence(EvidenceKind.RELATED)
    )


def _counted(pairs: list[tuple[str, Shown]]) -> Evidence | None:
    for seed, shown in pairs:
        if _claimed(shown):
            return Evidence(shown.kind, seed_id=seed, support=shown.support, lift=round(shown.lift, 2))
    return None


def _of_attribute(product: ProductFacts, page: ProductFacts | None) -> Evidence | None:
    shared = shared_attribute(page, product) if page is not None else None
    if page is None or shared is None or shared[0] == CATEGORY:
        return None
    return Evidence(EvidenceKind.SAME_ATTRIBUTE, page.product_id, detail=shared[0], value=shared[1])


def _of_likeness(
    candidates: Candidates, product: ProductFacts, page: ProductFacts | None, facts: Mapping[str, ProductFacts]
) -> Evidence | None:
    seeds = [page.product_id] if page is not None else [seed for seed in candidates.seeds.weights if seed in facts]
    for seed in seeds:
        if candidates.likeness(seed, product.product_id) >= LEAST_LIKENESS:
            return Evidence(EvidenceKind.SIMILAR, seed)
    return None


def _of_category(candidates: Candidates, product: ProductFacts, page: ProductFacts | None) -> Evidence | None:
    if page is None:
        return None
    shown = candidates.popular(ListKind.CATEGORY, product.product_id)
    # The list may be older than the product's present category.
    if shown is not None and _claimed(shown) and product.category == page.category:
        return Evidence(EvidenceKind.POPULAR_IN_CATEGORY, support=shown.support, detail=product.category)
    shared = shared_attribute(page, product)
    if shared is None:
        return None
    return Evidence(EvidenceKind.SAME_ATTRIBUTE, page.product_id, detail=shared[0], value=shared[1])


def _of_few(pairs: list[tuple[str, Shown]]) -> Evidence | None:
    """Too few visits to be counted: that the two belong together is all that is said."""
    return next((Evidence(EvidenceKind.RELATED, seed_id=seed) for seed, _ in pairs), None)


def _of_popularity(candidates: Candidates, product: ProductFacts) -> Evidence | None:
    """Popular, with no support claimed where too few looked at it; then it is simply one of the shop's."""
    shown = candidates.popular(ListKind.SHOP, product.product_id)
    if shown is not None and _claimed(shown):
        return Evidence(EvidenceKind.POPULAR, support=shown.support)
    return None if _is_of_visits(candidates, product.product_id) else Evidence(EvidenceKind.POPULAR)


def _is_of_visits(candidates: Candidates, product_id: str) -> bool:
    """Whether visits or orders have brought it here; in no list that was read is what goes with the best candidates."""
    kinds = {kind for (kind, _), listed in candidates.lists.items() if product_id in listed.product_ids}
    return bool(candidates.seeds.weights) and (not kinds or not kinds.isdisjoint((ListKind.PAIRS, ListKind.ORDERS)))


def _claimed(shown: Shown) -> bool:
    return shown.support >= conf.get_settings().recommend.min_support
