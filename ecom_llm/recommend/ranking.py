"""Picks the products to show and says why: the way into this stage."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from operator import attrgetter
from typing import Any

from django.utils import timezone

from ecom_llm import conf
from ecom_llm.capture.visitors import Visitor
from ecom_llm.catalog.registry import get_catalog
from ecom_llm.entities import Evidence, EvidenceKind, ProductFacts, Recommendation
from ecom_llm.recommend.blend import serving_blend
from ecom_llm.recommend.candidates import find_candidates, weigh_seeds
from ecom_llm.recommend.current_visit import CurrentVisit, read_visit
from ecom_llm.recommend.evidence import choose_evidence
from ecom_llm.recommend.packing import Shown
from ecom_llm.recommend.rules import PageRules, load_rules
from ecom_llm.recommend.search import matching_search
from ecom_llm.recommend.sentences import explain
from ecom_llm.recommend.shortlist import Shortlist


def recommend(
    *,
    visitor: Visitor,
    product: Any = None,
    query: str = "",
    limit: int = 4,
    language: str = "en",
    visit: CurrentVisit | Sequence[str] | None = None,
    excluded: Collection[str] = (),
) -> list[Recommendation]:
    """Recommend products beside a product, for a search, or for a visitor where the page has neither.

    Three queries: what the visitor has just looked at, the lists of candidates, and their products; more only where
    many candidates cannot be shown. A search runs the shop's own search, too.

    Never recommended: the product itself, what is hidden or cannot be had, what this visit has viewed or bought, what a
    `personal` visitor ever bought, what the visitor does not want, two variants of one product. Nothing is recommended
    without evidence.

    Args:
        visitor: who looks; see `current_visit.read_visit` for what is used of them.
        product: the page's product or a variant of it; goes before the query.
        query: the page's search.
        limit: the most to return.
        language: a Django language code, for the plain sentences.
        visit: what stands for what is recorded of the visitor: as it was read before, or product ids, oldest first.
        excluded: ids that are left out as well.

    Returns:
        Recommendations, best first; fewer than `limit` when the shop has no more.
    """
    if limit < 1:
        return []
    catalog = get_catalog()
    parent = catalog.resolve(product) if product is not None else None
    page = catalog.facts(parent) if parent is not None else None
    current = _current_visit(visitor, visit)
    unwanted = {*excluded, *current.viewed, *current.bought, *current.unwanted}
    if page is not None:
        unwanted.add(page.product_id)
    words, places = _search_of_page(page, query, current, limit)
    rules = load_rules(timezone.now()).on_page(
        timezone.now(),
        seed_id=page.product_id if page is not None else "",
        category=page.category if page is not None else "",
        query=words,
    )
    found: list[Recommendation] = []
    if words:
        found = matching_search(words, places, language, unwanted, rules)
        unwanted |= {item.product_id for item in found}
    pinned = [product_id for product_id in rules.pinned_ids(limit) if product_id not in unwanted]
    if len(found) < limit or pinned:
        found += _beside(page, current, unwanted, rules, limit - len(found), pinned, language)
    return rules.with_pins(found, attrgetter("product_id"), limit)[:limit]


def _search_of_page(page: ProductFacts | None, query: str, current: CurrentVisit, limit: int) -> tuple[str, int]:
    """The words to find products for, and how many at most.

    On a page with neither a product nor a search, what the visitor has just searched for gets half of the places.
    """
    if page is not None:
        return "", 0
    if query.strip():
        return query, limit
    return current.query, -(-limit // 2)


def _current_visit(visitor: Visitor, visit: CurrentVisit | Sequence[str] | None) -> CurrentVisit:
    if visit is None:
        return read_visit(visitor)
    return visit if isinstance(visit, CurrentVisit) else CurrentVisit(viewed=tuple(dict.fromkeys(reversed(visit))))


def _beside(
    page: ProductFacts | None,
    current: CurrentVisit,
    unwanted: Collection[str],
    rules: PageRules,
    limit: int,
    pinned: Sequence[str],
    language: str,
) -> list[Recommendation]:
    settings = conf.get_settings().recommend
    blend = serving_blend()
    seeds = weigh_seeds(page, current.viewed, current.earlier, blend, settings.visit_seeds)
    candidates = find_candidates(seeds, blend, unwanted)
    shortlist = Shortlist(page, candidates, rules, unwanted, likeness=blend.likeness)
    chosen = shortlist.choose(limit, settings.diversity, pinned)
    pairs = candidates.pairs_among([product_id for product_id, _ in chosen])
    return [_recommendation(shortlist, product_id, score, pairs[product_id], language) for product_id, score in chosen]


def _recommendation(
    shortlist: Shortlist, product_id: str, score: float, shown: Mapping[str, Shown], language: str
) -> Recommendation:
    own = shortlist.facts[product_id]
    if product_id in shortlist.candidates.scores:
        evidence = choose_evidence(shortlist.candidates, shown, own, shortlist.page, shortlist.facts)
    else:
        evidence = Evidence(EvidenceKind.CHOSEN)
    seed = shortlist.facts.get(evidence.seed_id)
    return Recommendation(
        product_id=product_id,
        product=shortlist.products[product_id],
        evidence=evidence,
        score=score,
        reason=explain(evidence, own, seed, language),
        seed=seed,
    )
