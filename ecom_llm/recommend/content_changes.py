"""Finds the products whose facts are new or have changed since they were last compared."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from ecom_llm.catalog.registry import get_catalog
from ecom_llm.entities import ProductFacts
from ecom_llm.models import ProductVector
from ecom_llm.recommend.content_lists import database
from ecom_llm.recommend.content_store import WITHDRAWN
from ecom_llm.recommend.product_text import ProductText, write_text
from ecom_llm.traces import trace_of

logger = logging.getLogger(__name__)

CHUNK_PRODUCTS = 500


@dataclass(frozen=True, slots=True)
class Looked:
    """Some products that a look has met.

    Attributes:
        texts: in words.
        changed: those of them that are new or have changed.
        stale: ids of those that have a vector which says what they were.
        hidden: ids of products that have a vector and may not be seen any more, or whose facts cannot be read.
    """

    texts: list[ProductText]
    changed: list[ProductText]
    stale: list[str]
    hidden: list[str]


class Scan:
    """One look over the catalogue, all of it or what was updated since a moment."""

    def __init__(self, name: str, since: datetime | None) -> None:
        """Prepare it.

        Args:
            name: of the encoder; what another one made counts as changed.
            since: only products updated at or after it, where the catalogue can tell.
        """
        self._name = name
        self._since = since
        self._seen: set[str] = set()

    @property
    def is_full(self) -> bool:
        """Whether it looks at every product."""
        return self._since is None

    def run(self) -> Iterator[Looked]:
        """Look, some products at each step."""
        ids = get_catalog().iter_ids(self._since)
        # Listed at once: a cursor must not stay open while texts are encoded.
        self._seen = set(ids)
        remaining = iter(sorted(self._seen))
        while chunk := list(islice(remaining, CHUNK_PRODUCTS)):
            known = self._hashes(chunk)
            facts = read_facts(chunk)
            texts = [write_text(item) for item in facts.values()]
            changed = [text for text in texts if known.get(text.product_id) != text.hash]
            stale = [text.product_id for text in changed if text.product_id in known]
            yield Looked(texts, changed, stale, [product_id for product_id in known if product_id not in facts])

    def missed(self) -> Iterator[tuple[list[str], list[str]]]:
        """Ids that are stored and that a full look has not met, some at each step.

        Yields:
            Those that the shop has no more, and those that it has and does not show any more.
        """
        if not self.is_full:
            return
        rows = ProductVector.objects.using(database()).values_list("product_id", "model").iterator(chunk_size=2_000)
        remaining = iter([row for row in rows if row[0] not in self._seen])
        while chunk := dict(islice(remaining, CHUNK_PRODUCTS)):
            there = get_catalog().in_bulk(chunk)
            gone = [product_id for product_id in chunk if product_id not in there]
            yield gone, [item for item, model in chunk.items() if item in there and model != WITHDRAWN]

    def _hashes(self, product_ids: Collection[str]) -> dict[str, str]:
        rows = ProductVector.objects.using(database()).filter(product_id__in=product_ids, model=self._name)
        return dict(rows.values_list("product_id", "text_hash"))


def read_facts(product_ids: Collection[str]) -> dict[str, ProductFacts]:
    """The facts of the products that shoppers may see; one whose facts cannot be read is left out and logged."""
    catalog = get_catalog()
    found: dict[str, ProductFacts] = {}
    for product_id, product in catalog.in_bulk(product_ids).items():
        facts = _facts(product_id, product)
        if facts is not None:
            found[product_id] = facts
    return found


def _facts(product_id: str, product: Any) -> ProductFacts | None:
    catalog = get_catalog()
    try:
        return catalog.facts(product) if catalog.is_visible(product) else None
    except Exception as error:
        logger.error(  # noqa: TRY400 - its words may hold a fact
            "The facts of product %s cannot be read, so it is compared with nothing: %s", product_id, trace_of(error)
        )
        return None
