"""Learns all anew beside what pages read, and swaps it in at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from typing import Any

from django.db import transaction
from django.db.models import Case, F, Max, Q, QuerySet, Value, When
from django.utils import timezone

from ecom_llm.catalog.registry import get_catalog
from ecom_llm.exceptions import EcomLLMError
from ecom_llm.ids import first_id
from ecom_llm.models import CandidateList, Event, LearnedState, ProductCounts, UnlearnedBatch
from ecom_llm.models.event import ID_SLACK
from ecom_llm.models.learned import LEARNED
from ecom_llm.recommend.applying import LearnedMeanwhileError, take_turn, weighing_now
from ecom_llm.recommend.blend import Blend
from ecom_llm.recommend.changes import WHOLE_SHOP, Totals, count_totals
from ecom_llm.recommend.contributions import Counting, Part, of_order, of_visit
from ecom_llm.recommend.pair_counts import pack_counts, strongest
from ecom_llm.recommend.pair_table import Numbering, PairTable
from ecom_llm.recommend.popularity import rank_catalogue
from ecom_llm.recommend.spool import Spool
from ecom_llm.recommend.state import (
    begun_state,
    counting_now,
    learned_until,
    learning_database,
    named,
    pending_batches,
    read_state,
    unlearned_visitors,
)
from ecom_llm.recommend.visits import Row, iter_all
from ecom_llm.recommend.weighing import Weighing, make_lists

# Pairs counted in memory at once; of more, a part of the seeds at a time.
MAX_PAIRS = 1_000_000
# Rows that are written or deleted at once: SQLite's other writers have their turn in between.
CHUNK_ROWS = 200
# Visits and orders that are counted between two signs of life.
BEAT_ITEMS = 5_000
# How far batches may come behind others whose numbers are higher, as their transactions took longer.
LATE_BATCHES = 10_000
# For how long a rebuild keeps others from learning, from each sign of life on.
LEASE = timedelta(minutes=5)


class RebuildUnderWayError(EcomLLMError):
    """Somebody else is learning all anew; wait until that is done."""


class Rebuild:
    """One rebuild.

    Attributes:
        events: rows that were learned from.
        pairs: that were found.
    """

    def __init__(self, progress: Callable[[str], None]) -> None:
        self.events = 0
        self.pairs = 0
        self._progress = progress
        self._using = learning_database()
        self._totals: dict[str, Totals] = {WHOLE_SHOP: Totals()}
        self._numbering = Numbering()
        self._leased_at = timezone.now()
        # Written in the state, it says whose lease it is: no two begin in the same microsecond. None when all is done.
        self._until: datetime | None = self._leased_at + LEASE

    def run(self, also: Callable[[], None]) -> None:
        """Learn, and swap it in.

        Args:
            also: what is to be written in the same transaction as the swap.

        Raises:
            RebuildUnderWayError: another rebuild is at work.
        """
        state = self._begin()
        try:
            counting = counting_now(Blend.read(state.blend))
            batches = pending_batches()
            state.landmark = state.newest_at = self._newest()
            state.counting = asdict(counting)
            generation = state.generation + 1
            # An earlier one, or what a killed rebuild has left. 0 is what was not learned.
            self._clear(~Q(generation__in=(0, state.generation)))
            with Spool(self._numbering) as spool:
                self._read(counting, state.landmark, spool, batches)
                self._write(spool, counting, weighing_now(state, self._totals[WHOLE_SHOP]), generation)
            self._progress("Ranking the catalogue …")
            self._insert(CandidateList, rank_catalogue(self._totals, generation))
            self._swap_in(state, generation, batches, also)
            self._until = None
        except BaseException:
            # Others need not wait until the lease is over.
            self._leased().update(rebuilding_until=None)
            raise
        # The lease is given back: what is newer may be the next rebuild's.
        self._clear(Q(generation__gt=0, generation__lt=generation))

    def _begin(self) -> LearnedState:
        state = begun_state()
        now = timezone.now()
        self._leased_at, self._until = now, now + LEASE
        free = Q(rebuilding_until=None) | Q(rebuilding_until__lt=now)
        with transaction.atomic(using=self._using):
            if not self._states().filter(free).update(rebuilding_until=self._until):
                raise RebuildUnderWayError
            # Whoever is adding new events right now begins again, and finds this.
            try:
                take_turn(state)
            except LearnedMeanwhileError:
                state = read_state()
                take_turn(state)
        return state

    def _newest(self) -> datetime:
        """The time of the newest event, from which the days of learning are counted back."""
        events = Event.objects.using(self._using).filter(kind__in=LEARNED, occurred_at__lte=timezone.now())
        return events.aggregate(newest=Max("occurred_at"))["newest"] or timezone.now()

    def _read(self, counting: Counting, landmark: datetime, spool: Spool, batches: frozenset[int]) -> None:
        since = self._since(landmark - timedelta(days=counting.learn_days))
        # Who is unlearned later than the turn was taken has the rebuild done again.
        forgotten = unlearned_visitors()
        self._progress("Reading events …")
        due = partial(self._due, batches=batches, forgotten=forgotten)
        for item in iter_all(since, learned_until(), due, counting.visit_gap):
            weight = counting.recency(item.at, landmark)
            count_totals(self._totals, item, 1, weight)
            spool.write(item, weight, counting.visit_products)

    def _since(self, moment: datetime) -> datetime:
        """The first time from which there are events at all; nobody needs to look through the days before."""
        events = Event.objects.using(self._using).filter(kind__in=LEARNED, id__gte=first_id(moment - ID_SLACK))
        first = events.order_by("occurred_at").values_list("occurred_at", flat=True).first()
        return max(moment, (first or moment))

    def _due(self, rows: Iterator[Row], batches: frozenset[int], forgotten: frozenset[str]) -> Iterator[Row]:
        """Rows that are there when the rebuild begins: those that come later are learned later.

        What is left of visitors who are being forgotten is never learned again: they are taken back already.

        A batch that is seen in the table is also seen among those that wait, unless it was learned before.
        """
        while chunk := list(islice(rows, 5_000)):
            self._keep_lease()
            later = pending_batches(max(batches, default=0) - LATE_BATCHES) - batches
            due = [row for row in chunk if row.batch not in later and row.visitor not in forgotten]
            self.events += len(due)
            yield from due

    def _write(self, spool: Spool, counting: Counting, weighing: Weighing, generation: int) -> None:
        known = set(get_catalog().iter_ids())
        parts = -(-spool.pairs // MAX_PAIRS) or 1
        counted: set[str] = set()
        for rest in range(parts):
            self._progress(f"Counting pairs, part {rest + 1} of {parts} …")
            table = self._count(spool, counting, Part(rest, parts))
            rows: list[ProductCounts] = []
            lists: list[CandidateList] = []
            for seed, counts in table.by_seed():
                if seed not in known:
                    continue
                kept = strongest([count for count in counts if count.candidate in known])
                self.pairs += len(kept)
                counted.add(seed)
                rows.append(self._row(seed, generation, pack_counts(kept)))
                lists += make_lists(seed, kept, self._totals, weighing, generation)
                if len(rows) >= CHUNK_ROWS:
                    self._flush(rows, lists)
            self._flush(rows, lists)
        rest_ids = sorted((self._totals.keys() & known | {WHOLE_SHOP}) - counted)
        self._insert(ProductCounts, (self._row(product_id, generation, b"") for product_id in rest_ids))

    def _count(self, spool: Spool, counting: Counting, part: Part) -> PairTable:
        table = PairTable(self._numbering)
        for place, item in enumerate(spool.read()):
            if place % BEAT_ITEMS == 0:
                self._keep_lease()
            if item.is_visit:
                pairs = of_visit(item.products, item.added, counting, part)
            else:
                pairs = of_order(item.products, counting, part)
            for seed, candidate, kind, strength in pairs:
                table.add(seed, candidate, kind, strength * item.weight)
        return table

    def _row(self, product_id: str, generation: int, pairs: bytes) -> ProductCounts:
        totals = self._totals.get(product_id, Totals())
        return ProductCounts(generation=generation, product_id=product_id, pairs=pairs, **named(totals))

    def _flush(self, rows: list[ProductCounts], lists: list[CandidateList]) -> None:
        self._insert(ProductCounts, iter(rows))
        self._insert(CandidateList, iter(lists))
        rows.clear()
        lists.clear()

    def _insert(self, model: type[Any], rows: Iterator[Any]) -> None:
        while chunk := list(islice(rows, CHUNK_ROWS)):
            self._keep_lease()
            model._default_manager.using(self._using).bulk_create(chunk)

    def _swap_in(self, state: LearnedState, generation: int, batches: frozenset[int], also: Callable[[], None]) -> None:
        # A visitor who was forgotten meanwhile is in what was counted; without a date the next rebuild is due. It is
        # decided in the very statement that locks the row, or one could be forgotten in between.
        dated = Case(When(version=state.version, then=Value(timezone.now())), default=None)
        with transaction.atomic(using=self._using):
            taken = self._leased().update(
                generation=generation,
                version=F("version") + 1,
                landmark=state.landmark,
                newest_at=state.newest_at,
                counting=state.counting,
                rebuilt_at=dated,
                rebuilding_until=None,
            )
            if not taken:
                raise RebuildUnderWayError
            ids = sorted(batches)
            for start in range(0, len(ids), CHUNK_ROWS):
                chunk = ids[start : start + CHUNK_ROWS]
                UnlearnedBatch.objects.using(self._using).filter(pk__in=chunk).delete()
            also()

    def _clear(self, unwanted: Q) -> None:
        """Delete rows of other generations."""
        for rows in (CandidateList.objects.using(self._using).all(), ProductCounts.objects.using(self._using).all()):
            old = rows.filter(unwanted).order_by("pk").values_list("pk", flat=True)
            while keys := list(old[:CHUNK_ROWS]):
                self._keep_lease()
                rows.filter(pk__in=keys).delete()

    def _keep_lease(self) -> None:
        now = timezone.now()
        if self._until is not None and now - self._leased_at > LEASE / 5:
            if not self._leased().update(rebuilding_until=now + LEASE):
                # Held up for so long that another rebuild has begun; what is written by both would be neither's.
                raise RebuildUnderWayError
            self._leased_at, self._until = now, now + LEASE

    def _leased(self) -> QuerySet[LearnedState]:
        return self._states().filter(rebuilding_until=self._until)

    def _states(self) -> QuerySet[LearnedState]:
        return LearnedState.objects.using(self._using).filter(pk=1)
