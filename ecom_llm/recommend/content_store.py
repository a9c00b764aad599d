"""Stores what products were made into, and takes it out again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max

from ecom_llm.models import ProductVector
from ecom_llm.recommend.content_lists import database, drop_lists, mark_changed
from ecom_llm.recommend.nearest import NearestIndex
from ecom_llm.recommend.product_text import ProductText

# Another worker's clock may be behind, and what it stored is seen when its transaction ends.
OVERLAP = timedelta(minutes=2)
CHUNK_ROWS = 1_000
# The `ProductVector.model` of a product that shoppers may not see now. Its row stays for `added_at`: back in view it is
# made anew, and not taken for one that is new in the shop.
WITHDRAWN = ""


@dataclass(frozen=True, slots=True)
class Made:
    """What was made of a product.

    Attributes:
        text: its words.
        vector: packed.
        static: packed, in the space in which searches are compared; empty when there is none yet.
    """

    text: ProductText
    vector: bytes
    static: bytes = b""


def store(name: str, made: Sequence[Made], added_at: datetime | None = None) -> None:
    """Store products, and empty the lists of those that have one, which are made again next.

    Args:
        name: of the encoder.
        made: at least one.
        added_at: when those were added to the shop that are not known yet; None if nobody knows.
    """
    rows = [
        ProductVector(
            product_id=item.text.product_id,
            model=name,
            text_hash=item.text.hash,
            vector=item.vector,
            static=item.static,
            added_at=added_at,
        )
        for item in made
    ]
    with transaction.atomic(using=database()):
        ProductVector.objects.using(database()).bulk_create(
            rows, update_conflicts=True, unique_fields=["product_id"],
            update_fields=["model", "text_hash", "vector", "static", "updated_at"],
        )  # fmt: skip
        mark_changed([item.text.product_id for item in made])


def remove(product_ids: Sequence[str]) -> None:
    """Take products out, with their lists."""
    for start in range(0, len(product_ids), CHUNK_ROWS):
        chunk = product_ids[start : start + CHUNK_ROWS]
        with transaction.atomic(using=database()):
            ProductVector.objects.using(database()).filter(product_id__in=chunk).delete()
            drop_lists(chunk)


def withdraw(product_ids: Sequence[str]) -> None:
    """Take products out, with their lists, that may come back; when they were added stays known."""
    for start in range(0, len(product_ids), CHUNK_ROWS):
        chunk = product_ids[start : start + CHUNK_ROWS]
        with transaction.atomic(using=database()):
            rows = ProductVector.objects.using(database()).filter(product_id__in=chunk)
            rows.update(model=WITHDRAWN, text_hash="", vector=b"", static=b"")
            drop_lists(chunk)


class Filling:
    """Keeps an index in memory as the table is, whoever writes to it."""

    def __init__(self, name: str, index: NearestIndex) -> None:
        self._name = name
        self.index = index
        self._until: datetime | None = None

    def refresh(self) -> Iterator[None]:
        """Read what is new since the last time, some rows at each step; all of it where some have gone."""
        rows = ProductVector.objects.using(database()).filter(model=self._name)
        newest = rows.aggregate(newest=Max("updated_at"))["newest"]
        if self._until is not None:
            rows = rows.filter(updated_at__gte=self._until - OVERLAP)
        last = 0
        while found := list(
            rows.filter(pk__gt=last).order_by("pk").values_list("pk", "product_id", "vector")[:CHUNK_ROWS]
        ):
            for _, product_id, vector in found:
                self.index.put(product_id, bytes(vector))
            last = found[-1][0]
            yield
        self._until = newest

    def has_gone(self) -> bool:
        """Whether the index holds more products than the table: another worker has taken some out."""
        return len(self.index) > ProductVector.objects.using(database()).filter(model=self._name).count()
