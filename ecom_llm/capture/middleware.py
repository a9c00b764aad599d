"""Records visits to product and search pages, and runs what a page has put off.

Nothing in here changes a response but for the visitor cookie and what caches must know of a page that is one visitor's,
and no failure in here reaches a shopper.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import cast
from weakref import WeakKeyDictionary

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.db import connections
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from ecom_llm.capture.boundary import boundary
from ecom_llm.capture.consent import has_withdrawn, withdraw_if_objected
from ecom_llm.capture.pages import is_recordable, searched_words, viewed_product
from ecom_llm.capture.record import record_search, record_view
from ecom_llm.capture.scope import RequestScope, open_scope
from ecom_llm.capture.visitors import keep_visitor
from ecom_llm.entities import EventKind

Answer = HttpResponseBase | Awaitable[HttpResponseBase]

# Pages of one event loop that use the database at once, for what they have put off.
HOPS_AT_ONCE = 4
# Made once, as each page crosses them all.
_OPENING, _FINISHING = boundary("open_scope"), boundary("finish")
_RECORDING, _KEEPING = boundary("record_page"), boundary("keep_visitor")
_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


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
        opened = _opened(request)
        try:
            response = cast(HttpResponseBase, self.get_response(request))
            if opened is not None:
                with _FINISHING:
                    finish(opened.scope, response)
            return response
        finally:
            if opened is not None:
                opened.close()

    async def __acall__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer a request within an event loop."""
        opened = _opened(request)
        try:
            response = await cast(Awaitable[HttpResponseBase], self.get_response(request))
            if opened is not None:
                with _FINISHING:
                    await _finish_in_loop(opened.scope, response)
            return response
        finally:
            if opened is not None:
                opened.close()


def _opened(request: HttpRequest) -> open_scope | None:
    """The scope of a request, for the caller to close; without one, the page is the shop's alone."""
    with _OPENING:
        return open_scope(request)
    return None


async def _finish_in_loop(scope: RequestScope, response: HttpResponseBase) -> None:
    if scope.deferred or not _is_quick(scope):
        # One hop to the thread where the database may be used; a process may have no thread left to give.
        async with _turn():
            await sync_to_async(_finish_in_thread)(scope, response)
    else:
        finish(scope, response)


def _turn() -> asyncio.Semaphore:
    """Waiting for one keeps pages of one event loop to a few connections."""
    return _turns.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(HOPS_AT_ONCE))


def _finish_in_thread(scope: RequestScope, response: HttpResponseBase) -> None:
    """Finish a page, and keep no connection that was not there: each request of a loop has a thread of its own."""
    before = {item.alias for item in connections.all(initialized_only=True) if item.connection is not None}
    finish(scope, response)
    for item in connections.all(initialized_only=True):
        if item.alias not in before:
            item.close()


def _is_quick(scope: RequestScope) -> bool:
    """Whether `finish` would touch memory only, so that it may be done within an event loop."""
    with boundary("is_quick"):
        return scope.is_quick() and not has_withdrawn(scope.request)
    return False


def finish(scope: RequestScope, response: HttpResponseBase) -> None:
    """Do what is left when the page is made: record it, run what was put off, keep the visitor's id."""
    with _RECORDING:
        _record_page(scope, response)
    for function in scope.deferred:
        with boundary("deferred"):
            function()
    with _KEEPING:
        scope.tell_caches(response)
        keep_visitor(scope.request, response)
        withdraw_if_objected(scope.request, response)


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
