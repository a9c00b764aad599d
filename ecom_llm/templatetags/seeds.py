"""The products that a page's recommendations refer to: read once a page, and only if something asks for them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from django.http import HttpRequest

from ecom_llm.catalog.registry import get_catalog
from ecom_llm.entities import ProductFacts, Recommendation


@dataclass(slots=True)
class PageSeeds:
    """The seeds of one page.

    Attributes:
        noted: ids that something on the page refers to.
        read: what has been read; None for a product that is gone.
    """

    noted: set[str] = field(default_factory=set)
    read: dict[str, ProductFacts | None] = field(default_factory=dict)


_by_request: WeakKeyDictionary[HttpRequest, PageSeeds] = WeakKeyDictionary()


def note_seeds(
    request: HttpRequest | None, recommendations: Iterable[Recommendation], seed: ProductFacts | None
) -> None:
    """Remember which seeds a list of recommendations has, so that they can all be read in one query.

    Args:
        request: the request that the page answers; without one nothing is remembered.
        recommendations: the list.
        seed: the page's own product, which need not be read again.
    """
    page = _page(request)
    page.noted |= {item.evidence.seed_id for item in recommendations if item.evidence.seed_id}
    if seed is not None:
        page.read[seed.product_id] = seed


def seed_facts(request: HttpRequest | None, seed_id: str) -> ProductFacts | None:
    """The facts of a seed; the first call reads all that were noted for this page.

    Returns:
        None when there is no seed or the catalogue no longer has it.
    """
    if not seed_id:
        return None
    page = _page(request)
    if seed_id not in page.read:
        catalog = get_catalog()
        missing = ({seed_id} | page.noted) - page.read.keys()
        page.read.update(dict.fromkeys(missing))
        page.read.update((item, catalog.facts(product)) for item, product in catalog.in_bulk(missing).items())
    return page.read[seed_id]


def _page(request: HttpRequest | None) -> PageSeeds:
    return PageSeeds() if request is None else _by_request.setdefault(request, PageSeeds())
