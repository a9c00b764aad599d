"""What was made from one person's events and from nobody else's."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from typing import TypeVar

from django.db import router
from django.db.models import Exists, OuterRef, Q, QuerySet

from ecom_llm.entities import EventKind, Kind, Origin, ReasonSubject
from ecom_llm.generate.database import database
from ecom_llm.models import Event, GenerationJob, Text, TextVersion
from ecom_llm.recommend.forgetting import sole_pairs, taught_by

# Below every database's limit on the parameters of a statement.
CHUNK_VALUES = 200

Item = TypeVar("Item")


def own_reasons(visitors: Collection[str]) -> list[ReasonSubject]:
    """The pairs of products that rest on these visitors alone, as the subjects of their reasons.

    A pair is theirs when nobody else's visits or orders support it, or when it is no longer counted: its reason then
    rests on nothing.

    Args:
        visitors: keys of one person whose events are still there.
    """
    taught = taught_by(visitors)
    if taught is None:
        return []
    return [ReasonSubject(seed_id, product_id, kind) for seed_id, product_id, kind in sole_pairs(taught)]


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
