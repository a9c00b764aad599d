"""Picks the products to show and says why: the way into this stage."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models.expressions import Expression

from ecom_llm.capture.visitors import Visitor
from ecom_llm.catalog.registry import get_catalog
from ecom_llm.entities import Evidence, ProductFacts, ReasonSubject, Recommendation
from ecom_llm.models import ItemPair
from ecom_llm.recommend.candidates import Candidate, read_candidates
from ecom_llm.recommend.evidence import choose_evidence
from ecom_llm.recommend.filters import allowed
from ecom_llm.recommend.search import matching_search
from ecom_llm.recommend.sentences import explain
from ecom_llm.recommend.shared import is_same_category, shared_attributes

# Candidates that are read from the catalogue, beyond three for each place to fill.
SHORTLIST = 40
# What sharing attributes and the category adds to a score at most, and with how many it adds half of that.
LIKENESS_STRENGTH = 0.3
LIKENESS_HALF = 2


def recommend(
    *,
    visitor: Visitor,
    product: Any = None,
    query: str = "",
    limit: int = 4,
    language: str = "en",
    annotations: Mapping[str, Expression] | None = None,
) -> list[Recommendation]:
    """Recommend products beside a product, for a search, or for a visitor where the page has neither.

    Two queries: one for candidates, one for their products. A search that finds enough runs the shop's own
    search instead (and a query for what a `personal` visitor bought); one that does not is filled up with
    what is popular.

    Never recommended: the product itself, what is hidden or cannot be had, what a `personal` visitor bought,
    two variants of one product. Nothing is recommended without evidence.

    Args:
        visitor: who looks. Their earlier events are used at `personal` only.
        product: the page's product or a variant of it; goes before the query.
        query: the page's search.
        limit: the most to return.
        language: a Django language code, for the plain sentences.
        annotations: further columns for the item pairs. `reason_subject`, `reason_text` and `reason_cited`
            bring a published reason along; it is used when its subject is that of the evidence finally chosen.

    Returns:
        Recommendations, best first; fewer than `limit` when the shop has no more.
    """
    if limit < 1:
        return []
    parent = get_catalog().resolve(product) if product is not None else None
    seed = get_catalog().facts(parent) if parent is not None else None
    found = matching_search(query, visitor, limit, language) if query.strip() and seed is None else []
    if len(found) < limit:
        seen = {item.product_id for item in found}
        candidates = read_candidates(visitor, seed, annotations or {})
        candidates = [item for item in candidates if item.product_id not in seen]
        found += _ranked(candidates, seed, limit, language)[: limit - len(found)]
    return found


def _ranked(candidates: list[Candidate], seed: ProductFacts | None, limit: int, language: str) -> list[Recommendation]:
    shortlist = candidates[: SHORTLIST + 3 * limit]
    catalog = get_catalog()
    ids = [item.product_id for item in shortlist]
    loaded = catalog.in_bulk({*ids, *_product_seeds(shortlist, seed)})
    products = allowed(((item, loaded[item]) for item in ids if item in loaded), excluded=())
    facts = {product_id: catalog.facts(item) for product_id, item in loaded.items()}
    if seed is not None:
        facts[seed.product_id] = seed
    ranked = []
    for candidate in shortlist:
        product = products.get(candidate.product_id)
        if product is not None:
            ranked.append(_recommendation(candidate, product, facts, seed, language))
    return sorted((item for item in ranked if item), key=lambda item: -item.score)


def _product_seeds(shortlist: Iterable[Candidate], seed: ProductFacts | None) -> set[str]:
    """Products that evidence may name, where the page itself has none."""
    return set() if seed is not None else {row.seed for item in shortlist for row in item.rows if row.seed}


def _recommendation(
    candidate: Candidate,
    product: Any,
    facts: Mapping[str, ProductFacts],
    seed: ProductFacts | None,
    language: str,
) -> Recommendation | None:
    own = facts[candidate.product_id]
    evidence = choose_evidence(candidate.rows, own, seed)
    if evidence is None:
        return None
    reason = _published_reason(candidate, evidence)
    return Recommendation(
        product_id=candidate.product_id,
        product=product,
        evidence=evidence,
        score=candidate.score + _likeness(seed, own),
        reason=explain(evidence, own, facts.get(evidence.seed_id), language),
        text=getattr(reason, "reason_text", None) or "",
        origin=getattr(reason, "reason_origin", None) or "plain",
        cited=getattr(reason, "reason_cited", None) or {},
    )


def _likeness(seed: ProductFacts | None, product: ProductFacts) -> float:
    """What it adds to a score that two products are alike."""
    if seed is None:
        return 0.0
    shared = len(shared_attributes(seed, product)) + is_same_category(seed, product)
    return LIKENESS_STRENGTH * shared / (shared + LIKENESS_HALF)


def _published_reason(candidate: Candidate, evidence: Evidence) -> ItemPair | None:
    """The row that brought the reason for just this evidence along."""
    subject = ReasonSubject(evidence.seed_id, candidate.product_id, evidence.kind).key
    return next((row for row in candidate.rows if getattr(row, "reason_subject", None) == subject), None)
