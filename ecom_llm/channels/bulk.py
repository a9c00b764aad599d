"""Every text that the shop's pages would ask for if all of them were visited; for work in bulk."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any, TypeVar

from django.db.models import Count
from django.utils import timezone

from ecom_llm import conf
from ecom_llm.capture.visitors import NOBODY
from ecom_llm.catalog.registry import get_catalog
from ecom_llm.channels.product_page import reason_key
from ecom_llm.entities import EventKind, Kind, TextKey
from ecom_llm.exceptions import ConfigurationError
from ecom_llm.generate import interrupted
from ecom_llm.models import Event
from ecom_llm.recommend.ranking import recommend
from ecom_llm.traces import trace_of

logger = logging.getLogger(__name__)

Read = TypeVar("Read")

# As many as a page shows that does not say how many it wants.
REASONS_BESIDE = 4


def all_sources(kind: Kind, language: str) -> Iterator[str]:
    """What the texts of a kind are asked for from.

    Args:
        kind: what the texts are for.
        language: a Django language code.

    Returns:
        Ids of all visible products; for search copy the searches of enough visitors, see `CHANNELS`.
    """
    return _searches(language) if kind == Kind.SEARCH_COPY else get_catalog().iter_ids()


def wanted_keys(kind: Kind, sources: Sequence[str], language: str, *, is_all: bool = False) -> list[TextKey]:
    """The texts that belong to some products or searches.

    Args:
        kind: what the texts are for. Reasons are those of each product's recommendations as of now, for a visitor
            of whom nothing is known; two queries a product.
        sources: product ids, or searches for search copy.
        language: a Django language code.
        is_all: whether to pass products over whose shop has described them itself.

    Returns:
        The texts. A product that the catalogue fails on is passed over with a line in the log.
    """
    if kind == Kind.SEARCH_COPY:
        return [TextKey(kind, words, language) for words in sources]
    if kind == Kind.REASON:
        beside = _read_each(sources, lambda product: _reasons_beside(product, language))
        return [key for keys in beside.values() for key in keys]
    if is_all:
        described = _read_each(sources, lambda product: bool(get_catalog().facts(product).description))
        sources = [source for source, is_described in described.items() if not is_described]
    return [TextKey(kind, source, language) for source in sources]


def _searches(language: str) -> Iterator[str]:
    settings = conf.get_settings().channels
    since = timezone.now() - timedelta(days=settings.search_days)
    searches = Event.objects.since(since).filter(kind=EventKind.SEARCH, language__in=[language, ""])
    by_words = searches.exclude(visitor="").exclude(query="").order_by("query").values_list("query")
    asked_for = by_words.annotate(visitors=Count("visitor", distinct=True))
    asked_for = asked_for.filter(visitors__gte=settings.search_min_visitors)
    return (words for words, _ in asked_for.iterator())


def _reasons_beside(product: Any, language: str) -> list[TextKey]:
    found = recommend(visitor=NOBODY, product=product, limit=REASONS_BESIDE, language=language)
    return [key for rec in found if (key := reason_key(rec, language))]


def _read_each(product_ids: Sequence[str], read: Callable[[Any], Read]) -> dict[str, Read]:
    """What is read from each product; the shop's own code that fails on one must not keep the others waiting."""
    found = {}
    for product_id, product in get_catalog().in_bulk(product_ids).items():
        try:
            found[product_id] = read(product)
        except ConfigurationError:
            raise
        except Exception as error:
            if interrupted.is_away(error):
                raise
            logger.error(  # noqa: TRY400 - its words may hold a fact
                "Product %s is passed over: %s", product_id, trace_of(error), extra={"product_id": product_id}
            )
    return found
