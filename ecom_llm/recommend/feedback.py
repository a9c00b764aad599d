"""Keeps what visitors do not want to be recommended again."""

from __future__ import annotations

from django.db import router, transaction
from django.db.models import QuerySet

from ecom_llm.capture.erased import is_forgotten
from ecom_llm.capture.visitors import Visitor
from ecom_llm.models import NotInterested

# Of one visitor; the oldest make room. Nobody hides as many by hand.
MOST_UNWANTED = 500


def unwanted_ids(visitor: Visitor) -> list[str]:
    """The products that a visitor does not want, the newest first. One query, none for a visitor without a key."""
    return list(_rows(visitor).order_by("-pk").values_list("product_id", flat=True)) if visitor.key else []


def hide(visitor: Visitor, product_id: str) -> bool:
    """Never recommend a product to a visitor again; at `anonymous` the key, and so the wish, lasts a day.

    Args:
        visitor: whose wish it is.
        product_id: of a product that there is, never a variant's.

    Returns:
        Whether it is kept; not for a visitor without a key, nor for one who is being forgotten or has just given the
        key up.

    Raises:
        DatabaseError: it could not be written.
    """
    if not visitor.key or is_forgotten(visitor.key):
        return False
    with transaction.atomic(using=_database()):
        row = NotInterested(visitor=visitor.key, product_id=product_id)
        NotInterested.objects.using(_database()).bulk_create([row], ignore_conflicts=True)
        newest = _rows(visitor).order_by("-pk").values_list("pk", flat=True)
        if too_many := list(newest[MOST_UNWANTED : 2 * MOST_UNWANTED]):
            _rows(visitor).filter(pk__in=too_many).delete()
    return True


def show_again(visitor: Visitor, product_id: str | None = None) -> None:
    """Take the wish back, of one product or of all."""
    rows = _rows(visitor)
    (rows if product_id is None else rows.filter(product_id=product_id)).delete()


def _rows(visitor: Visitor) -> QuerySet[NotInterested]:
    return NotInterested.objects.using(_database()).filter(visitor=visitor.key)


def _database() -> str:
    return router.db_for_write(NotInterested)
