"""Keeps up to date what is like what: so that a product which nobody has looked at is recommended for what it is."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import chain

from django.utils import timezone

from ecom_llm import conf
from ecom_llm.catalog.adapters.base import CatalogAdapter
from ecom_llm.catalog.registry import get_catalog
from ecom_llm.entities import ProductFacts
from ecom_llm.recommend import content_store
from ecom_llm.recommend.comparing import Comparison, choose_comparison, is_chosen_anew
from ecom_llm.recommend.content_changes import Scan, read_facts
from ecom_llm.recommend.content_lists import (
    drop_lists,
    enter_lists,
    find_holders,
    make_lists,
    marked_as_changed,
    unlisted,
    write_lists,
)
from ecom_llm.recommend.fresh import is_first_look, write_fresh
from ecom_llm.recommend.nearest import Neighbours
from ecom_llm.recommend.spelling import WordCount

# Products whose lists are made at one go.
LIST_PRODUCTS = 64
# How long a worker that has done all leaves the catalogue alone, and how many times as long as the last look took.
REST_SECONDS = 15.0
REST_SHARE = 20
# After how long it looks at every product, where the catalogue can tell what was updated: some go, and some clocks lie.
FULL_SECONDS = 3600.0
# Facts that are kept while lists are made, a kilobyte or so each.
REMEMBERED_PRODUCTS = 20_000
# What was updated while it looked is looked at again, and the catalogue's clock may be another.
OVERLAP = timedelta(minutes=5)


@dataclass(slots=True)
class ContentReport:
    """What was done.

    Attributes:
        changed: products that were new or had changed.
        removed: products that are gone or hidden.
        lists: made.
        is_complete: whether nothing is left to do.
    """

    changed: int = 0
    removed: int = 0
    lists: int = 0
    is_complete: bool = False

    def add(self, other: ContentReport) -> None:
        """Count what a step has done."""
        self.changed += other.changed
        self.removed += other.removed
        self.lists += other.lists


class _Upkeep:
    """This process's work on it, which goes on where it stopped."""

    def __init__(self, comparison: Comparison) -> None:
        self.comparison = comparison
        self.rests_until = float("-inf")
        self._filling = content_store.Filling(comparison.name, comparison.make_index())
        self._steps: Iterator[ContentReport] | None = None
        # Seconds that a look has taken; more pass where it is done a little at a time.
        self._spent = 0.0
        # Products that have changed or are gone, and that other lists may still hold.
        self._stale: set[str] = set()
        # When it last looked at some products, and at all.
        self._looked_at: datetime | None = None
        self._full_at = float("-inf")

    def go(self, should_stop: Callable[[], bool]) -> ContentReport:
        """Work until all is done or it is to stop, one step at least."""
        report = ContentReport()
        if self._steps is None:
            self._steps, self._spent = self._look(), 0.0
        started = time.monotonic()
        try:
            for done in self._steps:
                report.add(done)
                if should_stop():
                    return report
        except BaseException:
            self._steps = None
            raise
        finally:
            self._spent += time.monotonic() - started
        self._steps = None
        self.rests_until = time.monotonic() + max(REST_SECONDS, REST_SHARE * self._spent)
        report.is_complete = True
        return report

    def _look(self) -> Iterator[ContentReport]:
        """Bring all that has changed up to date, in steps of about a second."""
        if self._filling.has_gone():
            self._filling = content_store.Filling(self.comparison.name, self.comparison.make_index())
        for _ in self._filling.refresh():
            yield ContentReport()
        moment, clock = timezone.now(), time.monotonic()
        scan = Scan(self.comparison.name, self._since(clock))
        if scan.is_full:
            self._full_at = clock
        words = WordCount(is_full=scan.is_full)
        pending: dict[str, None] = {}
        has_changed = False
        for done in chain(self._make(scan, words, pending), self._list(pending, is_full=scan.is_full)):
            has_changed = has_changed or bool(done.changed or done.removed)
            yield done
        words.store(has_changed=has_changed)
        write_fresh()
        yield from self._prepare_search()
        self._looked_at = moment

    def _prepare_search(self) -> Iterator[ContentReport]:
        """Last, as it takes long the first time; until then searches go by their words."""
        is_new = False
        for has_made in self.comparison.prepare_search() if len(self._filling.index) else ():
            is_new = is_new or has_made
            yield ContentReport()
        if is_new:
            # Stored anew, they tell web processes that there is something to read.
            WordCount(is_full=False).store(has_changed=True)

    def _since(self, clock: float) -> datetime | None:
        """From when on to look; None for all."""
        can_tell = get_catalog().supports_updated_since
        if self._looked_at is None or not can_tell or clock - self._full_at > FULL_SECONDS:
            return None
        return self._looked_at - OVERLAP

    def _make(self, scan: Scan, words: WordCount, pending: dict[str, None]) -> Iterator[ContentReport]:
        """Make and store what is compared of each product that has changed; notes which."""
        index = self._filling.index
        added_at = None if is_first_look() else timezone.now()
        for looked in scan.run():
            for text in looked.texts if scan.is_full else looked.changed:
                words.add(text.head)
            self._stale.update(looked.stale)
            yield self._take_out(looked.hidden, content_store.withdraw)
            # Of about one length, as an encoder likes them.
            ordered = sorted(looked.changed, key=lambda text: len(text.whole))
            for start in range(0, len(ordered), self.comparison.step):
                made = self.comparison.make(ordered[start : start + self.comparison.step])
                content_store.store(self.comparison.name, made, added_at)
                pending.update(dict.fromkeys(item.text.product_id for item in made))
                for item in made:
                    index.put(item.text.product_id, item.vector)
                yield ContentReport(changed=len(made))
            yield ContentReport()
        for gone, hidden in scan.missed():
            yield self._take_out(gone, content_store.remove)
            yield self._take_out(hidden, content_store.withdraw)

    def _take_out(self, product_ids: Sequence[str], take_out: Callable[[Sequence[str]], None]) -> ContentReport:
        self._stale.update(product_ids)
        take_out(product_ids)
        for product_id in product_ids:
            self._filling.index.discard(product_id)
        return ContentReport(removed=len(product_ids))

    def _list(self, pending: dict[str, None], *, is_full: bool) -> Iterator[ContentReport]:
        """Make the lists of what is new or has changed, and those that hold what no longer belongs there."""
        if is_full:
            # What a process that ended had not come to.
            self._stale.update(marked_as_changed())
        pending.update(dict.fromkeys(chain(self._stale, unlisted(self.comparison.name))))
        # Another worker may have stored more while this one encoded.
        for _ in self._filling.refresh() if pending else ():
            yield ContentReport()
        if is_full or self._stale:
            yield from self._renew_holders(pending)
        # Only now, as a list that has been made takes the mark of a changed product off.
        yield from self._write(pending, is_new=True)
        # Hidden products were met.
        while self._stale:
            yield from self._renew_holders(())

    def _renew_holders(self, pending: Container[str]) -> Iterator[ContentReport]:
        """Make the lists anew that hold what has changed or is gone; whoever holds a product, its own list cannot tell.

        Args:
            pending: products whose lists are made later anyhow.
        """
        stale = frozenset(self._stale)
        holders: list[str] = []
        for found in find_holders(self.comparison.name, stale, self._filling.index):
            holders += [product_id for product_id in found if product_id not in pending]
            drop_lists([product_id for product_id in found if product_id not in self._filling.index])
            yield ContentReport()
        yield from self._write(holders, is_new=False)
        self._stale -= stale

    def _write(self, product_ids: Iterable[str], *, is_new: bool) -> Iterator[ContentReport]:
        """Make and store lists, and enter new products into the lists of others."""
        remaining = [product_id for product_id in product_ids if product_id in self._filling.index]
        waiting = set(remaining)
        read = _Remembered()
        for start in range(0, len(remaining), LIST_PRODUCTS):
            batch = remaining[start : start + LIST_PRODUCTS]
            lists, hidden = self._make_lists(batch, read)
            while hidden:
                yield self._take_out(hidden, content_store.withdraw)
                lists, hidden = self._make_lists(batch, read)
            write_lists(lists)
            # Those that have their turn in this look find it by themselves.
            enter_lists(
                (other, product_id, weight)
                for product_id, near in (lists.items() if is_new else ())
                for other, weight in near
                if other not in waiting
            )
            yield ContentReport(lists=len(lists))

    def _make_lists(self, product_ids: Iterable[str], read: _Remembered) -> tuple[dict[str, Neighbours], list[str]]:
        index = self._filling.index
        return make_lists(index, [product_id for product_id in product_ids if product_id in index], read.facts)


class _Remembered:
    """The facts of products that many lists are made from, without their descriptions."""

    def __init__(self) -> None:
        self._facts: dict[str, ProductFacts] = {}

    def facts(self, product_ids: Collection[str]) -> dict[str, ProductFacts]:
        """Their facts; those of hidden products are left out."""
        if len(self._facts) > REMEMBERED_PRODUCTS:
            self._facts.clear()
        missing = [product_id for product_id in product_ids if product_id not in self._facts]
        found = read_facts(missing) if missing else {}
        self._facts.update({product_id: replace(facts, description="") for product_id, facts in found.items()})
        return {product_id: self._facts[product_id] for product_id in product_ids if product_id in self._facts}


# For which encoder and catalogue.
_upkeep: tuple[conf.Recommend, CatalogAdapter, _Upkeep] | None = None


def update_content(should_stop: Callable[[], bool] = lambda: False, seconds: float | None = None) -> ContentReport:
    """Compare products that are new or have changed with the others, and bring their lists up to date.

    Goes on where the last call of this process stopped; what a process that ended had not done, the next one finds. Two
    at once do some of the work twice, and no harm.

    Args:
        should_stop: asked after each step of about a second.
        seconds: after which to stop. With it, a call shortly after all was done does nothing; without, it looks again.

    Raises:
        ModelFileError: the encoder that the settings name cannot be loaded.
    """
    upkeep = _own_upkeep()
    if upkeep is None or (seconds is not None and time.monotonic() < upkeep.rests_until):
        return ContentReport(is_complete=True)
    until = float("inf") if seconds is None else time.monotonic() + seconds
    return upkeep.go(lambda: time.monotonic() >= until or should_stop())


def forget_content() -> None:
    """Have the next call begin anew, with nothing in memory."""
    global _upkeep
    _upkeep = None


def _own_upkeep() -> _Upkeep | None:
    global _upkeep
    settings, catalog = conf.get_settings().recommend, get_catalog()
    if _upkeep is None or _upkeep[1] is not catalog or is_chosen_anew(_upkeep[0], settings):
        comparison = choose_comparison()
        if comparison is None:
            return None
        _upkeep = (settings, catalog, _Upkeep(comparison))
    return _upkeep[2]
