"""Keeps the list of products that are new in the shop and that hardly anyone has seen yet."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from ecom_llm import conf
from ecom_llm.entities import ListKind
from ecom_llm.models import CandidateList, ProductVector
from ecom_llm.recommend.content_lists import database
from ecom_llm.recommend.content_store import WITHDRAWN
from ecom_llm.recommend.packing import pack_floats, pack_ids
from ecom_llm.recommend.state import read_state, totals_in_bulk

# Newest products that are looked through.
MOST_FRESH = 500
# Visits from which a product speaks for itself.
SEEN_VISITS = 20


def is_first_look() -> bool:
    """Whether products have not all been compared once: what is there then is not new, only unknown."""
    return not CandidateList.objects.using(database()).filter(kind=ListKind.FRESH).exists()


def write_fresh() -> int:
    """Write the list anew, the newest product first.

    Returns:
        How many are in it.
    """
    since = timezone.now() - timedelta(days=conf.get_settings().recommend.fresh_days)
    added = ProductVector.objects.using(database()).filter(added_at__gte=since).order_by("-added_at", "product_id")
    added = added.exclude(model=WITHDRAWN)
    newest = list(added.values_list("product_id", flat=True)[:MOST_FRESH])
    seen = totals_in_bulk(newest, read_state().generation)
    fresh = [item for item in newest if item not in seen or seen[item].visits < SEEN_VISITS]
    row = CandidateList(
        kind=ListKind.FRESH, seed="", product_ids=pack_ids(fresh), weights=pack_floats([1.0] * len(fresh))
    )
    CandidateList.objects.using(database()).bulk_create(
        [row],
        update_conflicts=True,
        unique_fields=["seed", "kind", "generation"],
        update_fields=["product_ids", "weights"],
    )
    return len(fresh)
