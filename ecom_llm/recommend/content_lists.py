"""Writes the lists of what is like what, in both directions: a new product also enters the lists of its neighbours."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping, Sequence

from django.db import router, transaction
from django.db.models import Exists, OuterRef, QuerySet

from ecom_llm.entities import ListKind, ProductFacts
from ecom_llm.models import CandidateList, ProductVector
from ecom_llm.recommend.nearest import NearestIndex, Neighbours
from ecom_llm.recommend.packing import pack_floats, pack_ids, unpack_floats, unpack_ids
from ecom_llm.recommend.shared import is_same_category, shared_attributes

LISTED = 30
# What sharing attributes and the category adds at most, and with how many it adds half of that.
SHARED_STRENGTH = 0.1
SHARED_HALF = 2
# Lists that are read at one go.
CHUNK_LISTS = 500
# In `CandidateList.evidence`, which lists of this kind do not need otherwise: the product has changed, and other lists
# may hold it for what it was. It is in the table, so that the next process finds it where this one ends.
CHANGED = b"changed"

Facts = Mapping[str, ProductFacts]
ReadFacts = Callable[[Collection[str]], Facts]


def make_lists(
    index: NearestIndex, product_ids: Sequence[str], read_facts: ReadFacts
) -> tuple[dict[str, Neighbours], list[str]]:
    """The list of each product: what is most like it, from 0 to 1.

    Args:
        index: all products.
        product_ids: of those in it.
        read_facts: gives the facts of the products that shoppers may see; the others have no list and enter none.

    Returns:
        The lists, and the ids of others that were met: they have taken places which what is less alike may have.
    """
    found = dict(zip(product_ids, index.find(product_ids), strict=True)) if product_ids else {}
    met = {*product_ids, *(other for near in found.values() for other, _ in near)}
    facts = read_facts(met)
    lists = {item: _blend(facts[item], near, facts) for item, near in found.items() if item in facts}
    return lists, sorted(met.difference(facts))


def write_lists(lists: Mapping[str, Neighbours]) -> None:
    """Store lists; an empty one too, which says that nothing is like a product."""
    rows = [
        CandidateList(
            kind=ListKind.CONTENT,
            seed=seed,
            generation=0,
            product_ids=pack_ids(product_id for product_id, _ in ranked),
            weights=pack_floats(weight for _, weight in ranked),
        )
        for seed, ranked in lists.items()
    ]
    CandidateList.objects.using(database()).bulk_create(
        rows, update_conflicts=True, unique_fields=["seed", "kind", "generation"],
        update_fields=["product_ids", "weights", "evidence"],
    )  # fmt: skip


def enter_lists(entries: Iterable[tuple[str, str, float]]) -> None:
    """Put products into the lists of others, where they are more alike than what is there.

    Args:
        entries: the list's product, the product to enter and how alike they are.
    """
    wanted: defaultdict[str, dict[str, float]] = defaultdict(dict)
    for seed, product_id, weight in entries:
        wanted[seed][product_id] = weight
    if not wanted:
        return
    with transaction.atomic(using=database()):
        # A list that is to be made anew finds them by itself.
        rows = content_lists().filter(seed__in=list(wanted)).exclude(evidence=CHANGED)
        rows = rows.select_for_update().order_by("seed")
        changed: dict[str, Neighbours] = {}
        for seed, ids, weights in rows.values_list("seed", "product_ids", "weights"):
            before = dict(zip(unpack_ids(ids), unpack_floats(weights), strict=True))
            after = _ranked((before | wanted[seed]).items())
            if dict(after) != before:
                changed[seed] = after
        write_lists(changed)


def content_lists() -> QuerySet[CandidateList]:
    """All lists of this kind."""
    return CandidateList.objects.using(database()).filter(kind=ListKind.CONTENT, generation=0)


def mark_changed(product_ids: Collection[str]) -> None:
    """Empty the lists of products that have changed; `write_lists` takes the mark off."""
    content_lists().filter(seed__in=product_ids).update(product_ids=b"", weights=b"", evidence=CHANGED)


def marked_as_changed() -> list[str]:
    """Ids of products that were marked and have got no new list yet."""
    return list(content_lists().filter(evidence=CHANGED).order_by("pk").values_list("seed", flat=True))


def drop_lists(product_ids: Collection[str]) -> None:
    """Delete the lists of products."""
    content_lists().filter(seed__in=product_ids).delete()


def find_holders(name: str, stale: Container[str], index: NearestIndex) -> Iterator[list[str]]:
    """Ids of the products whose lists cannot stay as they are, from some lists at each step.

    Such a list holds what is stale or has no vector, or is that of a product without one.

    Args:
        name: of the encoder, as stored with each vector.
        stale: ids of products that have changed or are gone.
        index: what it holds has a vector; what another worker has just stored may be missing.
    """
    last = 0
    rows = content_lists().order_by("pk").values_list("pk", "seed", "product_ids")
    while found := list(rows.filter(pk__gt=last)[:CHUNK_LISTS]):
        lists = {seed: unpack_ids(ids) for _, seed, ids in found}
        unknown = {item for seed, ids in lists.items() for item in (seed, *ids) if item not in index}
        gone = _without_vector(name, unknown)
        yield [seed for seed, ids in lists.items() if seed in gone or any(i in stale or i in gone for i in ids)]
        last = found[-1][0]


def _without_vector(name: str, product_ids: set[str]) -> set[str]:
    if not product_ids:
        return product_ids
    rows = ProductVector.objects.using(database()).filter(product_id__in=product_ids, model=name)
    return product_ids - set(rows.values_list("product_id", flat=True))


def unlisted(name: str) -> list[str]:
    """Ids of products that have a vector and no list yet.

    Args:
        name: of the encoder, as stored with each vector.
    """
    has_list = Exists(content_lists().filter(seed=OuterRef("product_id")))
    rows = ProductVector.objects.using(database()).filter(~has_list, model=name)
    return list(rows.order_by("pk").values_list("product_id", flat=True))


def database() -> str:
    """The alias under which vectors and lists are written."""
    return router.db_for_write(CandidateList)


def _blend(own: ProductFacts, near: Neighbours, facts: Facts) -> Neighbours:
    return _ranked((other, score + _shared(own, facts[other])) for other, score in near if other in facts)


def _shared(own: ProductFacts, other: ProductFacts) -> float:
    shared = len(shared_attributes(own, other)) + is_same_category(own, other)
    return SHARED_STRENGTH * shared / (shared + SHARED_HALF)


def _ranked(items: Iterable[tuple[str, float]]) -> Neighbours:
    limited = ((product_id, min(weight, 1.0)) for product_id, weight in items)
    return sorted(limited, key=lambda item: (-item[1], item[0]))[:LISTED]
