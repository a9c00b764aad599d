"""Records visits to product and search pages, and runs what a page has put off.

Nothing in here changes a response but for the visitor cookie, and no failure in here reaches a shopper.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import cast

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from ecom_llm.capture.boundary import boundary
from ecom_llm.capture.pages import is_recordable, searched_words, viewed_product
from ecom_llm.capture.record import record_search, record_view
from ecom_llm.capture.scope import RequestScope, open_scope
from ecom_llm.capture.visitors import keep_visitor
from ecom_llm.entities import EventKind

Answer = HttpResponseBase | Awaitable[HttpResponseBase]


class CaptureMiddleware:
    """Put it after the session and locale middleware; it needs neither.

    A page is recorded when it is HTML, was asked for with GET and came back with a 2xx status, and
    - its URL name is in `CAPTURE["PRODUCT_VIEWS"]`, or
    - it is a `TemplateResponse` whose context holds a product under one of `CAPTURE["CONTEXT_NAMES"]`, or
    - its URL name is in `CAPTURE["SEARCH_VIEWS"]`.
    Any other view calls `capture.record.record_view` or `record_search` itself.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Answer]) -> None:
        self.get_response = get_response
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Answer:
        """Answer a request, or hand it to the asynchronous way of doing so."""
        if self._is_async:
            return self.__acall__(request)
        with open_scope(request) as scope:
            response = cast(HttpResponseBase, self.get_response(request))
            finish(scope, response)
        return response

    async def __acall__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer a request within an event loop."""
        with open_scope(request) as scope:
            response = await cast(Awaitable[HttpResponseBase], self.get_response(request))
            # One hop to the thread where the database may be used.
            await sync_to_async(finish)(scope, response)
        return response


def finish(scope: RequestScope, response: HttpResponseBase) -> None:
    """Do what is left when the page is made: record it, run what was put off, keep the visitor's id."""
    with boundary("record_page"):
        _record_page(scope, response)
    for function in scope.deferred:
        with boundary("deferred"):
            function()
    with boundary("keep_visitor"):
        keep_visitor(scope.request, response)


def _record_page(scope: RequestScope, response: HttpResponseBase) -> None:
    request = scope.request
    if not is_recordable(request, response):
        return
    if EventKind.VIEW_ITEM not in scope.recorded:
        product = viewed_product(request, response)
        if product is not None:
            record_view(request, product)
    if EventKind.SEARCH not in scope.recorded:
        words = searched_words(request)
        if words:
            record_search(request, words)
