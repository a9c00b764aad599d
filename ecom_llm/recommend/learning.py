"""Learns item pairs from events: which product is viewed after, viewed with and bought with which."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice

from django.db import connections, router, transaction
from django.utils import timezone

from ecom_llm import conf
from ecom_llm.entities import EvidenceKind
from ecom_llm.models import ItemPair, LearningRun
from ecom_llm.recommend.pair_counts import PairCounts, order_strengths, set_strengths
from ecom_llm.recommend.popularity import CatalogueRanking, Popularity, rank_catalogue
from ecom_llm.recommend.visits import iter_orders, iter_visits, without_repeats

CHUNK_ROWS = 1000
# Runs that are remembered, for people who wonder; what is read is the newest.
KEPT_RUNS = 20
# An order lists things at once, so a giant one is no more a choice than a giant visit is.
ORDER_PRODUCTS = 30


@dataclass(slots=True)
class _Counts:
    """All that is counted in one pass over the events."""

    pairs: dict[EvidenceKind, PairCounts]
    popularity: Popularity = field(default_factory=Popularity)
    events: int = 0


def learn() -> LearningRun:
    """Learn all item pairs anew from the events of the last `RECOMMEND["LEARN_DAYS"]` days.

    The new pairs take the place of the old in one transaction, so a page sees either. Two runs at once follow
    each other. Memory grows with the distinct products and with pairs, up to a bound, not with the events.

    Returns:
        The run, saved.
    """
    started = time.monotonic()
    settings = conf.get_settings().recommend
    counts = _count(settings)
    ranking = rank_catalogue(counts.popularity, settings.candidates)
    rows = _iter_rows(counts, ranking)
    using = router.db_for_write(ItemPair)
    with transaction.atomic(using=using):
        _wait_for_other_runs(using)
        ItemPair.objects.using(using).all().delete()
        pairs = 0
        while chunk := list(islice(rows, CHUNK_ROWS)):
            ItemPair.objects.using(using).bulk_create(chunk)
            pairs += len(chunk)
        run = LearningRun.objects.using(using).create(
            finished_at=timezone.now(),
            events=counts.events,
            pairs=pairs,
            seconds=time.monotonic() - started,
        )
        kept = LearningRun.objects.using(using).order_by("-pk").values_list("pk", flat=True)[:KEPT_RUNS]
        LearningRun.objects.using(using).exclude(pk__in=list(kept)).delete()
    return run


def _wait_for_other_runs(using: str) -> None:
    """Let one transaction at a time learn; pages go on reading.

    PostgreSQL needs the whole table locked: before the first run it has no row. SQLite writes one at a time anyway.
    """
    connection = connections[using]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            table = connection.ops.quote_name(LearningRun._meta.db_table)
            cursor.execute(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")


def _count(settings: conf.Recommend) -> _Counts:
    kinds = (EvidenceKind.VIEWED_AFTER, EvidenceKind.VIEWED_TOGETHER, EvidenceKind.BOUGHT_TOGETHER)
    counts = _Counts({kind: PairCounts(settings.candidates) for kind in kinds})
    since = timezone.now() - timedelta(days=settings.learn_days)
    for visit in iter_visits(since):
        counts.events += len(visit)
        counts.popularity.visits.update(set(visit))
        kept = without_repeats(visit, settings.visit_products)
        counts.pairs[EvidenceKind.VIEWED_AFTER].add(set(kept), order_strengths(kept))
        counts.pairs[EvidenceKind.VIEWED_TOGETHER].add(set(kept), set_strengths(kept))
    for order in iter_orders(since):
        counts.events += len(order)
        counts.popularity.orders.update(order)
        if len(order) <= ORDER_PRODUCTS:
            counts.pairs[EvidenceKind.BOUGHT_TOGETHER].add(order, set_strengths(order))
    return counts


def _iter_rows(counts: _Counts, ranking: CatalogueRanking) -> Iterator[ItemPair]:
    for kind, pairs in counts.pairs.items():
        for seed, candidates in pairs.best(ranking.known):
            for rank, (product_id, weight, support) in enumerate(candidates, start=1):
                yield _row(kind, seed, product_id, weight, support, rank)
    popularity = counts.popularity
    for (kind, seed), product_ids in ranking.lists.items():
        for rank, product_id in enumerate(product_ids, start=1):
            weight, support = popularity.weight(product_id), popularity.support(product_id)
            yield _row(kind, seed, product_id, weight, support, rank)


def _row(kind: EvidenceKind, seed: str, product_id: str, weight: float, support: int, rank: int) -> ItemPair:
    return ItemPair(kind=kind.value, seed=seed, product_id=product_id, weight=weight, support=support, rank=rank)
