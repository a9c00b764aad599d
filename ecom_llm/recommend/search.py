"""Products for a search: what the shop's own search finds, then what is close in meaning."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from ecom_llm.catalog.registry import get_catalog
from ecom_llm.entities import Evidence, EvidenceKind, Recommendation
from ecom_llm.recommend.filters import allowed
from ecom_llm.recommend.rules import PageRules
from ecom_llm.recommend.search_meaning import understand
from ecom_llm.recommend.sentences import explain

# Read beyond what is asked for, to make up for what must not be shown.
SPARE = 12
# Products close in meaning that the order of what matches is blended with.
CLOSE = 50
# Of reciprocal rank fusion, as its authors set it.
FUSION = 60


def matching_search(
    query: str, limit: int, language: str, excluded: Collection[str], rules: PageRules
) -> list[Recommendation]:
    """The products for a search: those that the shop's own search finds, then those that are close to it.

    What matches comes in an order blended of the shop's and of how close it is in meaning. Where matches do not fill
    the places, products close in meaning follow, if they are close enough, and what the shop's search finds for the
    query with its spelling put right; they are said to be close, not to match. One query for the shop's search, and two
    more at most where that does not suffice.

    Args:
        query: the searched words.
        limit: the most to return.
        language: a Django language code.
        excluded: ids that must not be shown.
        rules: what the shop never wants here, and what it wants earlier or later. Pins are the page's to place.
    """
    catalog = get_catalog()
    meaning = understand(query)
    close = meaning.close_products(CLOSE)
    found = catalog.search(query, limit + SPARE + min(len(excluded), SPARE))
    matches = {catalog.product_id(product): product for product in found}
    order = fuse([list(matches), [product_id for product_id in close if product_id in matches]])
    evidence = Evidence(EvidenceKind.MATCHES_SEARCH, detail=query)
    shown = _recommendations(order, matches, excluded, evidence, rules, language)[:limit]
    if len(shown) < limit:
        seen = {*excluded, *matches}
        shown += _close(query, meaning.corrected, close, seen, limit - len(shown), rules, language)
    # In the order they are returned in, above any other evidence.
    for place, item in enumerate(shown):
        item.score = float(limit + SPARE - place)
    return shown


def fuse(rankings: Sequence[Sequence[str]]) -> list[str]:
    """Blend rankings by the reciprocal of each place.

    Source: Cormack, Clarke and Büttcher, "Reciprocal rank fusion", SIGIR 2009.

    Args:
        rankings: ids, best first; settles ties by the earlier ranking.
    """
    scores: defaultdict[str, float] = defaultdict(float)
    for ranking in rankings:
        for place, product_id in enumerate(ranking, start=1):
            scores[product_id] += 1 / (FUSION + place)
    return sorted(scores, key=lambda product_id: -scores[product_id])


def _close(
    query: str,
    corrected: str,
    close: Sequence[str],
    seen: Collection[str],
    limit: int,
    rules: PageRules,
    language: str,
) -> list[Recommendation]:
    catalog = get_catalog()
    respelt = catalog.search(corrected, limit + SPARE) if corrected != query else []
    products = {catalog.product_id(product): product for product in respelt}
    order = [product_id for product_id in fuse([list(products), close]) if product_id not in seen]
    order = order[: limit + SPARE]
    products |= catalog.in_bulk([product_id for product_id in order if product_id not in products])
    evidence = Evidence(EvidenceKind.SIMILAR, detail=query)
    return _recommendations(order, products, seen, evidence, rules, language)[:limit]


def _recommendations(
    order: Iterable[str],
    products: Mapping[str, Any],
    excluded: Collection[str],
    evidence: Evidence,
    rules: PageRules,
    language: str,
) -> list[Recommendation]:
    """What may be shown, in its order but for what the shop wants earlier or later."""
    catalog = get_catalog()
    may_show = allowed(((item, products[item]) for item in order if item in products), excluded)
    facts = {item: catalog.facts(product) for item, product in may_show.items()}
    kept = [item for item in may_show if not rules.is_excluded(item, facts[item].category)]
    # The first has a score of 1, each further one so much less that the last is just above 0.
    scores = {
        item: (1 - place / len(kept)) * rules.factor(item, facts[item].category) for place, item in enumerate(kept)
    }
    return [
        Recommendation(
            product_id=item,
            product=may_show[item],
            evidence=evidence,
            score=0.0,
            reason=explain(evidence, facts[item], None, language),
        )
        for item in sorted(kept, key=lambda item: -scores[item])
    ]
