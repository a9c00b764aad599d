"""Reads candidates from the item pairs, all kinds of evidence in one query, and scores them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.expressions import Expression
from django.utils import timezone

from ecom_llm import conf
from ecom_llm.capture.visitors import Visitor
from ecom_llm.entities import EventKind, EvidenceKind, ProductFacts
from ecom_llm.models import Event, ItemPair
from ecom_llm.recommend.popularity import WHOLE_SHOP, category_seed

# Kinds whose seed is a product, with what the strongest pair of each adds to a score. What people bought says
# more than what they viewed, and the order of viewing more than the mere company.
PAIR_STRENGTHS: Mapping[str, float] = {
    EvidenceKind.BOUGHT_TOGETHER: 1.0,
    EvidenceKind.VIEWED_AFTER: 0.8,
    EvidenceKind.VIEWED_TOGETHER: 0.6,
}
POPULAR_STRENGTHS: Mapping[str, float] = {
    EvidenceKind.POPULAR_IN_CATEGORY: 0.2,
    EvidenceKind.POPULAR: 0.05,
}
# What further lists add to the strongest one's say.
OTHERS_SHARE = 0.25
# Products a visitor looked at last that recommendations start from where the page itself has no product.
RECENT_VIEWS = 10
# Older views are not looked for: on PostgreSQL each day of events is a table of its own.
RECENT_DAYS = 30


@dataclass(slots=True)
class Candidate:
    """A product proposed for ranking.

    Attributes:
        product_id: which.
        rows: the item pairs that propose it.
        score: how strongly.
    """

    product_id: str
    rows: list[ItemPair] = field(default_factory=list)
    score: float = 0.0

    @property
    def best_rank(self) -> int:
        """Its best place in any list; settles ties."""
        return min(row.rank for row in self.rows)


def read_candidates(
    visitor: Visitor, seed: ProductFacts | None, annotations: Mapping[str, Expression]
) -> list[Candidate]:
    """Candidates beside a product, or for a visitor where there is none, strongest first. One query.

    Args:
        visitor: at `personal`, what they bought is left out; without a seed, their last views are seeds.
        seed: the page's product.
        annotations: further columns for each row.
    """
    limit = conf.get_settings().recommend.candidates
    rows = ItemPair.objects.filter(_seeds(visitor, seed), rank__lte=limit)
    if seed is not None:
        rows = rows.exclude(product_id=seed.product_id)
    if visitor.has_history:
        rows = rows.exclude(product_id__in=bought_by(visitor))
        if seed is None:
            rows = rows.exclude(product_id__in=_viewed_by(visitor))
    return _scored(rows.annotate(**annotations))


def bought_by(visitor: Visitor) -> QuerySet[Event, Any]:
    """The ids of what a `personal` visitor bought, as a subquery."""
    return Event.objects.filter(visitor=visitor.key, kind=EventKind.PURCHASE).values_list("product_id", flat=True)


def _viewed_by(visitor: Visitor) -> QuerySet[Event, Any]:
    recent = Event.objects.since(timezone.now() - timedelta(days=RECENT_DAYS))
    views = recent.filter(visitor=visitor.key, kind=EventKind.VIEW_ITEM)
    return views.order_by("-occurred_at").values_list("product_id", flat=True)[:RECENT_VIEWS]


def _seeds(visitor: Visitor, seed: ProductFacts | None) -> Q:
    """Which lists to read."""
    wanted = Q(seed=WHOLE_SHOP, kind=EvidenceKind.POPULAR)
    if seed is not None:
        wanted |= Q(seed=seed.product_id, kind__in=list(PAIR_STRENGTHS))
        if seed.category:
            wanted |= Q(seed=category_seed(seed.category), kind=EvidenceKind.POPULAR_IN_CATEGORY)
    elif visitor.has_history:
        wanted |= Q(seed__in=_viewed_by(visitor), kind__in=list(PAIR_STRENGTHS))
    return wanted


def _scored(rows: Iterable[ItemPair]) -> list[Candidate]:
    """Blend what the lists say, weights being compared within their own kind only."""
    found = list(rows)
    heaviest: defaultdict[str, float] = defaultdict(float)
    for row in found:
        heaviest[row.kind] = max(heaviest[row.kind], row.weight)
    candidates: dict[str, Candidate] = {}
    for row in found:
        candidates.setdefault(row.product_id, Candidate(row.product_id)).rows.append(row)
    for candidate in candidates.values():
        candidate.score = _blend(_strength(row, heaviest[row.kind]) for row in candidate.rows)
    return sorted(candidates.values(), key=lambda item: (-item.score, item.best_rank, item.product_id))


def _blend(strengths: Iterable[float]) -> float:
    """The strongest in full and the others in part: what is viewed after was also viewed together."""
    strongest, *others = sorted(strengths, reverse=True)
    return strongest + OTHERS_SHARE * sum(others)


def _strength(row: ItemPair, heaviest: float) -> float:
    """Half for being in the list, half for the weight; a pair too rare to claim gets the latter only."""
    share = row.weight / heaviest if heaviest else 0.0
    if row.kind in POPULAR_STRENGTHS:
        return POPULAR_STRENGTHS[row.kind] * (1 + share) / 2
    is_claimed = row.support >= conf.get_settings().recommend.min_support
    return PAIR_STRENGTHS[row.kind] * (1 + share if is_claimed else share) / 2
