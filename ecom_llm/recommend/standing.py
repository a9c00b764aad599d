"""How products stand in the shop: what decides about their places in the lists of what is popular."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from ecom_llm.catalog.registry import get_catalog
from ecom_llm.traces import trace_of

logger = logging.getLogger(__name__)

CHUNK_PRODUCTS = 500


@dataclass(frozen=True, slots=True)
class Standing:
    """How a product stands.

    Attributes:
        category: its own, empty for none.
        is_visible: whether shoppers may see it.
        is_available: whether it can be had.
    """

    category: str
    is_visible: bool
    is_available: bool


def read_standings(product_ids: Iterable[str]) -> Iterator[tuple[str, Standing | None]]:
    """How products stand, those that the catalogue has, 500 at a time.

    One that trips the shop's own code up must keep neither learning nor the erasure of a visitor from going on: it is
    logged, and stands as None, or as not to be had if no more than its offer fails.
    """
    catalog = get_catalog()
    ids = iter(product_ids)
    while chunk := list(islice(ids, CHUNK_PRODUCTS)):
        found = catalog.in_bulk(chunk)
        yield from ((product_id, _read(product_id, found[product_id])) for product_id in chunk if product_id in found)


def _read(product_id: str, product: Any) -> Standing | None:
    catalog = get_catalog()
    try:
        category, is_visible = catalog.facts(product).category, catalog.is_visible(product)
    except Exception as error:
        logger.error(  # noqa: TRY400 - its words may hold a fact
            "The facts of product %s cannot be read, so it is in no list of what is popular: %s",
            product_id, trace_of(error),
        )  # fmt: skip
        return None
    try:
        is_available = catalog.is_available(product)
    except Exception as error:
        logger.error(  # noqa: TRY400 - as above
            "The offer of product %s cannot be read, so it counts as not to be had: %s", product_id, trace_of(error)
        )
        is_available = False
    return Standing(category, is_visible, is_available)
