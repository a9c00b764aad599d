"""Asks for the texts that a page lacked: once a page, when it is made."""

from __future__ import annotations

from ecom_llm.capture.scope import current_scope, defer
from ecom_llm.entities import Kind, TextKey
from ecom_llm.generate.requests import request_texts

# What a shopper reads now goes first: the page's own description, what stands beside it, then cards in lists.
PAGE_PRIORITY = 10
BESIDE_PRIORITY = 8
LIST_PRIORITY = 5
# What nobody waits for; fifteen hours behind a list's cards, see `generate.jobs`.
BULK_PRIORITY = -10


def ask_for(keys: list[TextKey]) -> None:
    """Queue texts when the page is made, all of the page's in one go; at once outside a request.

    Args:
        keys: the texts; none is fine.
    """
    if not keys:
        return
    scope = current_scope()
    if scope is None:
        request_by_urgency(keys)
        return
    if not scope.wanted:
        defer(lambda: request_by_urgency(scope.wanted))
    scope.wanted.extend(keys)


def request_by_urgency(keys: list[TextKey]) -> None:
    """Queue a page's texts; many descriptions are a list's cards, a single one is the page's own."""
    descriptions = [key for key in keys if key.kind == Kind.DESCRIPTION]
    request_texts(descriptions, PAGE_PRIORITY if len(descriptions) == 1 else LIST_PRIORITY)
    request_texts([key for key in keys if key.kind == Kind.SEARCH_COPY], PAGE_PRIORITY)
    request_texts([key for key in keys if key.kind == Kind.REASON], BESIDE_PRIORITY)
