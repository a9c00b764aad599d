"""What is shared by all that happens within one request: the visitor, texts already read, work put off."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import get_language

from ecom_llm.capture.visitors import Visitor, get_visitor
from ecom_llm.entities import EventKind, TextKey


@dataclass(slots=True)
class RequestScope:
    """One request, as `CaptureMiddleware` sees it.

    Attributes:
        request: the request.
        texts: texts already looked up, so that a page reads each once.
        deferred: what is to be done when the page is made.
        wanted: texts that the page lacked, asked for together when it is made.
        recorded: kinds of event that a view has recorded itself, which the middleware then leaves alone.
    """

    request: HttpRequest
    texts: dict[TextKey, Any] = field(default_factory=dict)
    deferred: list[Callable[[], object]] = field(default_factory=list)
    wanted: list[TextKey] = field(default_factory=list)
    recorded: set[EventKind] = field(default_factory=set)

    @property
    def visitor(self) -> Visitor:
        """Who is asking; worked out on first use, so a page that does not need it pays nothing."""
        return get_visitor(self.request)

    @property
    def language(self) -> str:
        """The language active now."""
        return active_language()


_scope: ContextVar[RequestScope | None] = ContextVar("ecom_llm_scope", default=None)


def current_scope() -> RequestScope | None:
    """The scope of the request being answered; None outside a request or without the middleware."""
    return _scope.get()


@contextmanager
def open_scope(request: HttpRequest) -> Iterator[RequestScope]:
    """Make the scope of a request the current one.

    Whoever opens it runs what was deferred in it; see `capture.middleware`.
    """
    scope = RequestScope(request)
    token = _scope.set(scope)
    try:
        yield scope
    finally:
        _scope.reset(token)


def defer(function: Callable[[], object]) -> None:
    """Do something once the page is made, within the error boundary; outside a request at once, unguarded."""
    scope = current_scope()
    if scope is None:
        function()
    else:
        scope.deferred.append(function)


def active_language() -> str:
    """The language in which the shopper is served now, as a Django language code."""
    return get_language() or settings.LANGUAGE_CODE
