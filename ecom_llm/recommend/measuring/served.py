"""What the shop serves now, as the measuring needs it; reads the database and writes nothing."""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings

from ecom_llm.capture.visitors import NOBODY
from ecom_llm.catalog.registry import get_catalog
from ecom_llm.models import Event, ProductCounts
from ecom_llm.recommend.changes import WHOLE_SHOP
from ecom_llm.recommend.measuring.evaluating import Shop
from ecom_llm.recommend.measuring.visits_in_file import FileVisits
from ecom_llm.recommend.ranking import recommend
from ecom_llm.recommend.state import learning_database, read_state

CHUNK_ROWS = 2_000


def recommended(visit: Sequence[str], limit: int) -> list[str]:
    """What a page without a product shows to somebody in a visit: the way of every page, the database included.

    Args:
        visit: product ids, oldest first.
        limit: the most to recommend.
    """
    found = recommend(visitor=NOBODY, visit=visit, limit=limit, language=settings.LANGUAGE_CODE)
    return [item.product_id for item in found]


def shop_now() -> Shop:
    """The visible products, and in how many visits and orders of what was learned from each was."""
    counts = ProductCounts.objects.using(learning_database()).filter(generation=read_state().generation)
    rows = counts.exclude(product_id=WHOLE_SHOP).values_list("product_id", "visits", "orders")
    return Shop(
        products=set(get_catalog().iter_ids()),
        popularity={
            product_id: float(visits + orders) for product_id, visits, orders in rows.iterator(chunk_size=CHUNK_ROWS)
        },
    )


def warnings_about(file: FileVisits) -> list[str]:
    """What makes figures measured on a file worth less than they seem; empty when nothing does."""
    words = []
    if not read_state().generation:
        words.append("Nothing has been learned from events yet: run `ecom_llm_learn` before measuring.")
    if Event.objects.filter(id__in=file.ids).exists():
        words.append(
            "Events of this file are in the shop's own, so that it may have learned what it is to predict, and the"
            " figures may be too good: measure on visits that were kept out."
        )
    elif file.first_at is not None and Event.objects.since(file.first_at).exists():
        words.append(
            "The shop has events from after this file begins. If they are of the same visits, the figures are too"
            " good: measure on visits that were kept out."
        )
    return words
