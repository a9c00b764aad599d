"""What a search page says above its results."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from ecom_llm import conf
from ecom_llm.capture.boundary import isolated
from ecom_llm.capture.queries import folded_query, normalise_query
from ecom_llm.capture.scope import current_scope
from ecom_llm.catalog.plain_search import describe_search
from ecom_llm.catalog.registry import get_catalog
from ecom_llm.channels.product_page import Shown
from ecom_llm.channels.wanted import ask_for
from ecom_llm.entities import EventKind, Kind, ProductFacts, TextKey
from ecom_llm.generate.material import SEARCH_PRODUCTS
from ecom_llm.generate.templates import has_prompt
from ecom_llm.models import Event, Text
from ecom_llm.publish.lookup import is_current, published


def search_copy(query: str, language: str) -> Shown | None:
    """The words above a search's results: published copy, else the plain sentence.

    Copy is asked for only when enough distinct visitors searched the same words, so that nonsense costs nothing.

    Args:
        query: as typed.
        language: a Django language code.

    Returns:
        None when the search is empty or finds nothing.
    """
    max_characters = conf.get_settings().capture.query_max_characters
    words = normalise_query(query, max_characters)
    if not words:
        return None
    catalog = get_catalog()
    # By the words as typed: a part number that looks like a phone number finds its product, and is not kept.
    found = catalog.search(folded_query(query, max_characters), SEARCH_PRODUCTS)
    products = [catalog.facts(product) for product in found]
    if not products:
        return None
    key = TextKey(Kind.SEARCH_COPY, words, language)
    with isolated(Text):
        version = published([key]).get(key)
    if version is not None and is_current(version, _by_id(products, version.cited)):
        return Shown(key, version.body, version.origin)
    is_wanted = has_prompt(Kind.SEARCH_COPY, language) and is_asked_for(words)
    if is_wanted:
        ask_for([key])
    return Shown(key, describe_search(words, products, language), "plain", is_pending=is_wanted)


def is_asked_for(words: str) -> bool:
    """Whether enough distinct visitors searched these words of late, the one who looks now among them.

    Args:
        words: normalised.
    """
    settings = conf.get_settings().channels
    scope = current_scope()
    visitor = scope.visitor.key if scope is not None else ""
    others_needed = settings.search_min_visitors - bool(visitor)
    if others_needed <= 0:
        return True
    since = timezone.now() - timedelta(days=settings.search_days)
    searches = Event.objects.since(since).filter(kind=EventKind.SEARCH, query=words)
    others = searches.exclude(visitor__in=["", visitor]).order_by().values("visitor").distinct()
    return others[:others_needed].count() >= others_needed


def _by_id(products: list[ProductFacts], cited: dict[str, dict[str, str]]) -> dict[str, ProductFacts]:
    """Today's facts by id; a product that the copy cites and that is no longer found is judged as gone."""
    found = {facts.product_id: facts for facts in products}
    return found | {gone: ProductFacts(gone, "") for gone in cited if gone not in found}
