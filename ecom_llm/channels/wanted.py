"""Asks for the texts that a page lacked: once a page, when it is made."""

from __future__ import annotations

from django.http import HttpRequest

from ecom_llm.capture.bots import is_bot, is_prefetch
from ecom_llm.capture.scope import current_scope, defer
from ecom_llm.entities import Kind, TextKey
from ecom_llm.generate.requests import ask_as_shown, request_texts

# What a shopper reads now goes first: the page's own texts, then the descriptions of cards in lists. Reasons have a
# plain sentence to stand in for them and are many; how often each is shown decides, see `generate.demand`.
PAGE_PRIORITY = 10
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
        defer(lambda: request_by_urgency(scope.wanted, is_seen=_is_seen(scope.request)))
    scope.wanted.extend(keys)


def request_by_urgency(keys: list[TextKey], *, is_seen: bool = True) -> None:
    """Queue a page's texts; many descriptions are a list's cards, a single one is the page's own.

    Args:
        keys: the texts.
        is_seen: a shopper sees the page. A robot that reads a whole shop asks for no pair's reason.
    """
    descriptions = [key for key in keys if key.kind == Kind.DESCRIPTION]
    request_texts(descriptions, PAGE_PRIORITY if len(descriptions) == 1 else LIST_PRIORITY)
    request_texts([key for key in keys if key.kind == Kind.SEARCH_COPY], PAGE_PRIORITY)
    if is_seen:
        ask_as_shown(key for key in keys if key.kind == Kind.REASON)


def _is_seen(request: HttpRequest) -> bool:
    return not is_bot(request.META.get("HTTP_USER_AGENT", "")) and not is_prefetch(request)
