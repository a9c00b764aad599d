"""What is shared by all that happens within one request: the visitor, texts already read, work put off."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.translation import get_language

from ecom_llm import conf
from ecom_llm.capture import salts
from ecom_llm.capture.sinks.base import get_sink
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
        is_private: whether what is shown rests on this visitor's own past.
        varies: headers of the request that decide what is shown.
    """

    request: HttpRequest
    texts: dict[TextKey, Any] = field(default_factory=dict)
    deferred: list[Callable[[], object]] = field(default_factory=list)
    wanted: list[TextKey] = field(default_factory=list)
    recorded: set[EventKind] = field(default_factory=set)
    is_private: bool = False
    varies: set[str] = field(default_factory=set)

    @property
    def visitor(self) -> Visitor:
        """Who is asking; worked out on first use, so a page that does not need it pays nothing."""
        return get_visitor(self.request)

    def is_quick(self) -> bool:
        """Whether recording now would touch memory only, so that it may be done within an event loop."""
        return get_sink().is_quick and salts.is_ready() and conf.get_settings().capture.record_staff

    def keep_private(self) -> None:
        """Have no cache give this page to anybody else."""
        self.is_private = True
        self.varies.add("Cookie")
        # Django's own may sit between the view and the middleware, where it sees no header of ours.
        self.request._cache_update_cache = False  # type: ignore[attr-defined]

    def tell_caches(self, response: HttpResponseBase) -> None:
        """Say in the answer's headers what caches must know of it; most pages need none."""
        if self.varies:
            patch_vary_headers(response, sorted(self.varies))
        if self.is_private:
            patch_cache_control(response, private=True)

    @property
    def language(self) -> str:
        """The language active now."""
        return active_language()


_scope: ContextVar[RequestScope | None] = ContextVar("ecom_llm_scope", default=None)


def current_scope() -> RequestScope | None:
    """The scope of the request being answered; None outside a request or without the middleware."""
    return _scope.get()


class open_scope:  # noqa: N801 - reads as the statement that it is
    """Make the scope of a request the current one, until it is closed or a ``with`` statement ends.

    Whoever opens it runs what was deferred in it; see `capture.middleware`.
    """

    __slots__ = ("_token", "scope")

    def __init__(self, request: HttpRequest) -> None:
        self.scope = RequestScope(request)
        self._token = _scope.set(self.scope)

    def close(self) -> None:
        """Make the scope before it, if there was one, the current one again."""
        _scope.reset(self._token)

    def __enter__(self) -> RequestScope:
        return self.scope

    def __exit__(self, *error: object) -> None:
        self.close()


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
