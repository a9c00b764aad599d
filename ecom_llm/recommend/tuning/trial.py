"""Tries parameters in memory, on visits that were made, by the same functions that learn and serve."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from heapq import nsmallest
from typing import TypeVar

from ecom_llm import conf
from ecom_llm.entities import ListKind
from ecom_llm.recommend.blend import Blend
from ecom_llm.recommend.candidates import score, weigh_seeds
from ecom_llm.recommend.changes import WHOLE_SHOP, Changes, Totals
from ecom_llm.recommend.lists import Listed, Lists
from ecom_llm.recommend.measuring.evaluating import Shop, evaluate
from ecom_llm.recommend.measuring.metrics import Accuracy
from ecom_llm.recommend.pair_counts import pack_counts, strongest, unpack_counts
from ecom_llm.recommend.popularity import POPULAR_PRODUCTS, popularity
from ecom_llm.recommend.state import counting_now
from ecom_llm.recommend.tuning.parts import StoppedError
from ecom_llm.recommend.visits import Learned
from ecom_llm.recommend.weighing import Weighing

Key = TypeVar("Key")
Value = TypeVar("Value")

# Long enough that a better place far down counts, too.
LIST_LENGTH = 20
# Two sets of parameters are compared at a time; more are not kept.
KEPT = 2


@dataclass(frozen=True, slots=True)
class Counted:
    """What was counted of the older visits.

    Attributes:
        totals: by product.
        pairs: by seed, packed: they are many.
        popular: what is popular in the shop.
    """

    totals: Mapping[str, Totals]
    pairs: Mapping[str, bytes]
    popular: Listed


@dataclass(slots=True)
class Ranker:
    """Recommends as the shop would with some parameters, what it learned in memory.

    Attributes:
        counted: what it goes by.
        blend: the parameters.
    """

    counted: Counted
    blend: Blend
    _lists: Lists = field(default_factory=dict)
    _weighing: Weighing = field(init=False)
    _seeds: int = field(init=False)

    def __post_init__(self) -> None:
        settings = conf.get_settings().recommend
        shop = self.counted.totals.get(WHOLE_SHOP, Totals())
        # At the landmark, where the older visits end, a visit counts 1.
        self._weighing = Weighing(self.blend, shop, 1.0, settings.min_support, settings.candidates)
        self._seeds = settings.visit_seeds

    def with_blend(self, blend: Blend) -> Ranker:
        """The same lists under parameters that differ in nothing that lists depend on."""
        return Ranker(self.counted, blend, self._lists)

    def recommend(self, visit: Sequence[str], limit: int) -> list[str]:
        """Ids, best first.

        Args:
            visit: product ids, oldest first.
            limit: the most to recommend.
        """
        viewed = tuple(dict.fromkeys(reversed(visit)))
        seeds = weigh_seeds(None, viewed, (), self.blend, self._seeds)
        lists = {
            **self._read(seeds.weights.keys()),
            **self._read(seeds.basket.keys(), ListKind.ORDERS),
            (ListKind.SHOP, WHOLE_SHOP): self.counted.popular,
        }
        scores = score(seeds, self.blend, lists, self._read)
        for product_id in viewed:
            scores.pop(product_id, None)
        best = nsmallest(limit, scores.items(), key=lambda item: (-item[1], item[0]))
        return [product_id for product_id, _ in best]

    def _read(self, product_ids: Collection[str], kind: ListKind = ListKind.PAIRS) -> Lists:
        found: Lists = {}
        for product_id in product_ids:
            key = kind, product_id
            if key not in self._lists and product_id in self.counted.pairs:
                self._lists[key] = self._made(product_id, kind)
            if key in self._lists:
                found[key] = self._lists[key]
        return found

    def _made(self, seed: str, kind: ListKind) -> Listed:
        weigh = self._weighing.by_views if kind is ListKind.PAIRS else self._weighing.by_orders
        totals, nothing = self.counted.totals, Totals()
        own = totals.get(seed, nothing)
        weighed = [
            (weigh(own, totals.get(count.candidate, nothing), count), count.candidate)
            for count in unpack_counts(self.counted.pairs[seed])
        ]
        best = nsmallest(
            self._weighing.limit, (item for item in weighed if item[0]), key=lambda item: (-item[0], item[1])
        )
        weights = array("d", (weight for weight, _ in best))
        return Listed(seed, [candidate for _, candidate in best], weights, seed_visits=own.visits)


class Trials:
    """Tries parameters on visits.

    Attributes:
        tried: how many trials there were.
    """

    def __init__(
        self,
        older: Sequence[Learned],
        until: datetime,
        known: Collection[str],
        should_stop: Callable[[], bool] = lambda: False,
    ) -> None:
        """Try nothing yet.

        Args:
            older: visits and orders to learn from.
            until: when they end.
            known: ids of the products that can be recommended.
            should_stop: asked all the time.
        """
        self.tried = 0
        self._older = older
        self._until = until
        self._known = known
        self._should_stop = should_stop
        self._counted: dict[tuple[float, float, float], Counted] = {}
        self._rankers: dict[Blend, Ranker] = {}

    def outcomes(self, blend: Blend, visits: Iterable[Sequence[str]]) -> list[Accuracy]:
        """How well the next products of each visit are found, those it had not seen before.

        Args:
            blend: the parameters to try.
            visits: product ids, oldest first.

        Raises:
            StoppedError: somebody has stopped the work.
        """
        self.tried += 1
        ranker = self._ranker(blend)
        found = []
        for visit in visits:
            self._check()
            found.append(evaluate([visit], LIST_LENGTH, ranker.recommend, Shop()).novel)
        return found

    def _ranker(self, blend: Blend) -> Ranker:
        key = _for_lists(blend)
        if key in self._rankers:
            return self._rankers[key].with_blend(blend)
        ranker = Ranker(self._count(blend), blend)
        _keep(self._rankers, key, ranker)
        return ranker

    def _count(self, blend: Blend) -> Counted:
        key = blend.step, blend.length, blend.order_length
        if key not in self._counted:
            changes = Changes(counting_now(blend), self._until)
            for item in self._older:
                self._check()
                changes.add([item])
            pairs = {
                seed: pack_counts(strongest([count for count in counts if count.candidate in self._known]))
                for seed, counts in changes.pairs.by_seed()
                if seed in self._known
            }
            _keep(self._counted, key, Counted(changes.totals, pairs, _popular(changes.totals, self._known)))
        return self._counted[key]

    def _check(self) -> None:
        if self._should_stop():
            raise StoppedError


def _popular(totals: Mapping[str, Totals], known: Collection[str]) -> Listed:
    weights = {product_id: popularity(totals.get(product_id, Totals())) for product_id in known}
    best = nsmallest(POPULAR_PRODUCTS, weights, key=lambda item: (-weights[item], item))
    return Listed(WHOLE_SHOP, best, array("d", (weights[item] for item in best)))


def _for_lists(blend: Blend) -> Blend:
    """The parameters that lists depend on, the others set aside."""
    given = Blend()
    return replace(
        blend, recent=given.recent, order_recent=given.order_recent, hop=given.hop, thin_visits=given.thin_visits,
        bought=given.bought, history=given.history, content=given.content, likeness=given.likeness,
        popular_in_category=given.popular_in_category, popular=given.popular,
    )  # fmt: skip


def _keep(kept: dict[Key, Value], key: Key, value: Value) -> None:
    while len(kept) >= KEPT:
        del kept[next(iter(kept))]
    kept[key] = value
