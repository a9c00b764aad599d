"""The shop's own word on what is recommended: products pinned to a place, raised, lowered or left out."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Q
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from ecom_llm.capture.queries import MAX_CHARACTERS, folded_query
from ecom_llm.catalog.registry import get_catalog
from ecom_llm.models import RecommendationRule

# How long a process goes by what it has read; a rule saved in another process counts after that.
REMEMBERED_SECONDS = 5.0
# What a rule may multiply a score with at most, and how far several of them may go together.
GREATEST_FACTOR = 100.0

Item = TypeVar("Item")
_Action = RecommendationRule.Action
_WORD = re.compile(r"\w+")

# By database alias: when they were read (monotonic) and what was read.
_remembered: dict[str, tuple[float, Rules]] = {}


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule as it was read. Its words are folded, so that case and spacing do not matter.

    Attributes:
        action: pin, boost or exclude.
        product_id: the product it is about, never a variant; empty for a whole category.
        category: the category it is about, where it is about no product.
        seed_id: the page's product beside which it holds.
        seed_category: the category on whose products' pages it holds.
        query: the words that a search must hold, in any order.
        place: for pins; 1 is the first.
        factor: for boosts.
        starts_at: when it begins to hold; None for always.
        ends_at: when it ends.
    """

    action: str
    product_id: str = ""
    category: str = ""
    seed_id: str = ""
    seed_category: str = ""
    query: frozenset[str] = frozenset()
    place: int = 1
    factor: float = 1.0
    starts_at: datetime | None = None
    ends_at: datetime | None = None

    @property
    def narrowness(self) -> int:
        """Higher for a rule of fewer pages: beside a product, then of a category, then for a search."""
        return 3 if self.seed_id else 2 if self.seed_category else 1 if self.query else 0

    def holds_at(self, now: datetime) -> bool:
        """Whether it has begun and not ended."""
        return (self.starts_at is None or self.starts_at <= now) and (self.ends_at is None or now < self.ends_at)

    def holds_on(self, seed_id: str, category: str, words: frozenset[str]) -> bool:
        """Whether it holds on a page: everywhere, or where one of its conditions is met. All given are folded."""
        if not self.narrowness:
            return True
        return (
            bool(self.seed_id and self.seed_id == seed_id)
            or bool(self.seed_category and self.seed_category == category)
            or bool(self.query and self.query <= words)
        )


@dataclass(frozen=True, slots=True)
class PageRules:
    """The rules of one page, ready to be asked about many products.

    Attributes:
        excluded_ids: products that are left out.
        excluded_categories: folded names of categories that are left out.
        factors: what to multiply scores with, by product id.
        category_factors: the same by a category's folded name.
        pins: places, the first being 1, and the products to be there; in order, each product once.
    """

    excluded_ids: frozenset[str] = frozenset()
    excluded_categories: frozenset[str] = frozenset()
    factors: Mapping[str, float] | None = None
    category_factors: Mapping[str, float] | None = None
    pins: tuple[tuple[int, str], ...] = ()

    def is_excluded(self, product_id: str, category: str = "") -> bool:
        """Whether the shop never wants it here."""
        if product_id in self.excluded_ids:
            return True
        return bool(self.excluded_categories) and _folded(category) in self.excluded_categories

    def factor(self, product_id: str, category: str = "") -> float:
        """What to multiply its score with: 1 where no rule is about it, at most 100 and never below 0.01."""
        found = (self.factors or {}).get(product_id, 1.0)
        if self.category_factors:
            found *= self.category_factors.get(_folded(category), 1.0)
        return _clamped(found)

    def pinned_ids(self, limit: int) -> tuple[str, ...]:
        """The products pinned to one of the first `limit` places, to be looked up with the candidates."""
        return tuple(product_id for place, product_id in self.pins if place <= limit)

    def raised_ids(self, among: Container[str]) -> list[str]:
        """Products that a factor raises, to be looked up even where their own score is too low for it.

        Args:
            among: the candidates; what nothing links to the page is not raised.
        """
        return [item for item, factor in (self.factors or {}).items() if factor > 1 and item in among]

    def with_pins(self, ranked: Sequence[Item], id_of: Callable[[Item], str], limit: int) -> list[Item]:
        """Move what is pinned to its place; the rest closes up behind it, in its order.

        Args:
            ranked: what may be shown, best first, pinned products among it; a pinned product that is missing stays
                away, so whatever must never be recommended is not, pinned or not.
            id_of: gives an item's product id.
            limit: places of the page; pins beyond them move nothing.
        """
        pins = [(place, product_id) for place, product_id in self.pins if place <= limit]
        if not pins:
            return list(ranked)
        by_id = {id_of(item): item for item in ranked}
        pinned = {product_id for _, product_id in pins}
        placed = [item for item in ranked if id_of(item) not in pinned]
        last = 0
        for place, product_id in pins:
            if product_id in by_id:
                # Of two at one place, the second comes right after the first.
                last = max(place, last + 1)
                placed.insert(last - 1, by_id[product_id])
        return placed


@dataclass(frozen=True, slots=True)
class Rules:
    """All rules that are active or will be, the newest first."""

    rules: tuple[Rule, ...] = ()

    def on_page(self, now: datetime, *, seed_id: str = "", category: str = "", query: str = "") -> PageRules:
        """The rules that hold on a page.

        Args:
            now: the time.
            seed_id: the page's product, if it has one.
            category: the category of the page's product.
            query: the page's search, as typed.
        """
        if not self.rules:
            return PageRules()
        words = words_of(query)
        here = [rule for rule in self.rules if rule.holds_at(now) and rule.holds_on(seed_id, _folded(category), words)]
        excluded = [rule for rule in here if rule.action == _Action.EXCLUDE]
        boosts = [rule for rule in here if rule.action == _Action.BOOST]
        return PageRules(
            excluded_ids=frozenset(rule.product_id for rule in excluded if rule.product_id),
            excluded_categories=frozenset(rule.category for rule in excluded if not rule.product_id),
            factors=_multiplied((rule.product_id, rule.factor) for rule in boosts if rule.product_id),
            category_factors=_multiplied((rule.category, rule.factor) for rule in boosts if not rule.product_id),
            pins=_pins(rule for rule in here if rule.action == _Action.PIN and rule.product_id),
        )


def load_rules(now: datetime) -> Rules:
    """The shop's rules: one small query (and one of the catalogue's, where rules name products), then remembered.

    A process asks again after five seconds, and at once when a rule was saved or deleted in it.

    Args:
        now: rules that ended before it are not read.
    """
    alias = RecommendationRule.objects.db
    known = _remembered.get(alias)
    if known is None or time.monotonic() - known[0] > REMEMBERED_SECONDS:
        known = _remembered[alias] = (time.monotonic(), _read(now))
    return known[1]


def forget_rules(**_: Any) -> None:
    """Have the next `load_rules` of this process ask the database."""
    _remembered.clear()


@receiver([post_save, post_delete], sender=RecommendationRule, dispatch_uid="ecom_llm_rules_changed")
def _forget_changed(**kwargs: Any) -> None:
    forget_rules()
    # Another thread may read the old rules until the change is committed.
    transaction.on_commit(forget_rules, using=kwargs["using"])


def words_of(query: str) -> frozenset[str]:
    """The words of a search, folded, for a rule to be compared with."""
    return frozenset(_WORD.findall(folded_query(query, MAX_CHARACTERS))) if query else frozenset()


def _read(now: datetime) -> Rules:
    rows = list(RecommendationRule.objects.filter(Q(ends_at=None) | Q(ends_at__gt=now), is_active=True).order_by("-pk"))
    named = {product_id for row in rows for product_id in (row.product_id, row.seed_id) if product_id}
    # A rule about a variant is about its product; one about a product that is gone does nothing.
    parents = get_catalog().parent_ids(named) if named else {}
    rules = (_rule(row) for row in rows if _is_sound(row))
    known = (rule for rule in rules if all(item in parents for item in (rule.product_id, rule.seed_id) if item))
    return Rules(
        tuple(
            replace(rule, product_id=parents.get(rule.product_id, ""), seed_id=parents.get(rule.seed_id, ""))
            for rule in known
        )
    )


def _is_sound(row: RecommendationRule) -> bool:
    """Whether it is about something, and for a search that has words: otherwise it would hold everywhere."""
    return bool(row.product_id or _folded(row.product_category)) and (not row.query or bool(words_of(row.query)))


def _rule(row: RecommendationRule) -> Rule:
    return Rule(
        action=row.action,
        product_id=row.product_id,
        category=_folded(row.product_category),
        seed_id=row.seed_id,
        seed_category=_folded(row.seed_category),
        query=words_of(row.query),
        place=max(row.place, 1),
        factor=_clamped(row.factor),
        starts_at=row.starts_at,
        ends_at=row.ends_at,
    )


def _pins(rules: Iterable[Rule]) -> tuple[tuple[int, str], ...]:
    """Each product at the place that its narrowest rule says; of two at one place the narrower first."""
    chosen: dict[str, Rule] = {}
    for rule in sorted(rules, key=lambda rule: -rule.narrowness):
        chosen.setdefault(rule.product_id, rule)
    # Sorting keeps the order of what is equal: the newer rule stays first.
    in_order = sorted(chosen.values(), key=lambda rule: (rule.place, -rule.narrowness))
    return tuple((rule.place, rule.product_id) for rule in in_order)


def _multiplied(factors: Iterable[tuple[str, float]]) -> dict[str, float]:
    product: dict[str, float] = {}
    for key, factor in factors:
        product[key] = product.get(key, 1.0) * factor
    return product


def _clamped(factor: float) -> float:
    return min(max(1 / GREATEST_FACTOR, factor), GREATEST_FACTOR)


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()
