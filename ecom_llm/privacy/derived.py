"""What was made from one person's events and from nobody else's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import chain, islice
from typing import TypeVar

from django.db import router
from django.db.models import Exists, OuterRef, Q, QuerySet

from ecom_llm import conf
from ecom_llm.entities import EventKind, EvidenceKind, Kind, Origin, ReasonSubject
from ecom_llm.generate.database import database
from ecom_llm.models import Event, GenerationJob, ItemPair, LearningRun, Text, TextVersion
from ecom_llm.recommend.learning import ORDER_PRODUCTS
from ecom_llm.recommend.pair_counts import MAX_PAIRS, order_strengths, set_strengths
from ecom_llm.recommend.visits import iter_orders, iter_visits, without_repeats

# Below every database's limit on the parameters of a statement.
CHUNK_VALUES = 200

Item = TypeVar("Item")


def own_reasons(visitors: Collection[str]) -> list[ReasonSubject]:
    """The pairs of products that rest on these visitors alone, as the subjects of their reasons.

    Their own visits and orders are counted as learning counts them. A pair is theirs when nobody else's supports it,
    or when it is no longer among the item pairs: its reason then rests on nothing.

    Args:
        visitors: keys of one person whose events are still there.
    """
    own = _own_support(visitors)
    found: list[ReasonSubject] = []
    pairs = ItemPair.objects.using(router.db_for_write(ItemPair))
    for chunk in chunked(own, CHUNK_VALUES):
        rows = pairs.filter(
            seed__in={subject.seed_id for subject in chunk}, product_id__in={subject.product_id for subject in chunk}
        )
        known = {
            (seed, product_id, kind): support
            for seed, product_id, kind, support in rows.values_list("seed", "product_id", "kind", "support")
        }
        found += (
            subject
            for subject in chunk
            if known.get((subject.seed_id, subject.product_id, subject.evidence_kind), 0) <= own[subject]
        )
    return found


def pairs_of(subjects: Collection[ReasonSubject]) -> QuerySet[ItemPair]:
    """The item pairs themselves; for a chunk of subjects."""
    wanted = Q(pk__in=())
    for subject in subjects:
        wanted |= Q(kind=subject.evidence_kind, seed=subject.seed_id, product_id=subject.product_id)
    return ItemPair.objects.using(router.db_for_write(ItemPair)).filter(wanted)


def sole_queries(visitors: Collection[str]) -> list[str]:
    """What these visitors have searched for and nobody else has.

    Args:
        visitors: keys of one person.
    """
    searches = Event.objects.using(router.db_for_write(Event)).filter(kind=EventKind.SEARCH).exclude(query="")
    own = searches.filter(visitor__in=visitors).order_by().values_list("query", flat=True).distinct()
    sole: list[str] = []
    for chunk in chunked(own.iterator(), CHUNK_VALUES):
        # Who searched without a key cannot be told from these visitors.
        others = searches.filter(query__in=chunk).exclude(visitor__in=["", *visitors])
        shared = set(others.order_by().values_list("query", flat=True).distinct())
        sole += (query for query in chunk if query not in shared)
    return sole


def texts_of(kind: Kind, subjects: Collection[str]) -> QuerySet[Text]:
    """Texts about these subjects, but for those that a person wrote or approved: their words are the shop's.

    Args:
        kind: of the texts.
        subjects: a chunk of them.
    """
    versions = TextVersion.objects.using(database()).filter(text=OuterRef("pk"))
    by_person = Q(origin=Origin.HUMAN) | Q(decided_by__isnull=False) & ~Q(state=TextVersion.State.REJECTED)
    texts = Text.objects.using(database()).filter(kind=kind, subject__in=subjects)
    return texts.exclude(Exists(versions.filter(by_person)))


def jobs_of(kind: Kind, subjects: Collection[str]) -> QuerySet[GenerationJob]:
    """The jobs of the same texts, and of those that came to nothing."""
    jobs = GenerationJob.objects.using(database()).filter(kind=kind, subject__in=subjects)
    spared = Text.objects.using(database()).filter(
        kind=OuterRef("kind"), subject=OuterRef("subject"), language=OuterRef("language")
    )
    return jobs.exclude(Exists(spared.exclude(pk__in=texts_of(kind, subjects).values("pk"))))


def chunked(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """The items in lists of at most `size`."""
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk


def _own_support(visitors: Collection[str]) -> Counter[ReasonSubject]:
    """How many of their own visits and orders show each pair, by the events that were there to be learned from.

    Beyond as many pairs as learning itself holds the rest is left to the next learning.
    """
    own: Counter[ReasonSubject] = Counter()
    learned = _learned_window()
    if learned is None:
        return own
    for kind, (seed_id, product_id) in chain.from_iterable(_shown_pairs(visitor, *learned) for visitor in visitors):
        own[ReasonSubject(seed_id, product_id, kind)] += 1
        if len(own) > MAX_PAIRS:
            break
    return own


def _learned_window() -> tuple[datetime, datetime] | None:
    last = LearningRun.objects.using(router.db_for_write(LearningRun)).order_by("-pk").first()
    if last is None:
        return None
    return last.finished_at - timedelta(days=conf.get_settings().recommend.learn_days), last.finished_at


def _shown_pairs(visitor: str, since: datetime, until: datetime) -> Iterator[tuple[EvidenceKind, tuple[str, str]]]:
    limit = conf.get_settings().recommend.visit_products
    for visit in iter_visits(since, visitor=visitor, until=until):
        kept = without_repeats(visit, limit)
        yield from ((EvidenceKind.VIEWED_AFTER, pair) for pair in order_strengths(kept))
        yield from ((EvidenceKind.VIEWED_TOGETHER, pair) for pair in set_strengths(kept))
    for order in iter_orders(since, visitor=visitor, until=until):
        if len(order) <= ORDER_PRODUCTS:
            yield from ((EvidenceKind.BOUGHT_TOGETHER, pair) for pair in set_strengths(order))
