"""What every endpoint shares; set here in full, so the shop's own REST_FRAMEWORK settings change nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from django.db import connections, transaction
from django.utils.decorators import method_decorator
from drf_spectacular.openapi import AutoSchema
from rest_framework import permissions
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import PermissionDenied
from rest_framework.metadata import SimpleMetadata
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from ecom_llm.api.errors import handle_error
from ecom_llm.api.parsers import SmallJSONParser
from ecom_llm.api.renderers import AnyTextJSONRenderer
from ecom_llm.api.throttles import ReadThrottle
from ecom_llm.capture.beacon import is_foreign, is_same_origin, is_valid_token
from ecom_llm.capture.consent import django_request
from ecom_llm.capture.visitors import Visitor, get_visitor

AnyView = TypeVar("AnyView", bound=Callable[..., Any])


class AlwaysJSON(DefaultContentNegotiation):
    """Answers in JSON whatever the client would rather have; a form posted by a browser asks for HTML."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        del request, format_suffix
        renderer = next(iter(renderers))
        return renderer, str(renderer.media_type)


class JSONView(APIView):
    """An endpoint that neither trusts nor needs the shop's defaults."""

    renderer_classes = (AnyTextJSONRenderer,)
    parser_classes: Sequence[type[BaseParser]] = (SmallJSONParser,)
    content_negotiation_class = AlwaysJSON
    metadata_class = SimpleMetadata
    versioning_class = None
    schema = AutoSchema()

    cache_control = "private, no-store"
    """The `Cache-Control` header of each answer that does not set its own."""

    def get_exception_handler(self) -> Callable[[Exception, Mapping[str, Any]], Response | None]:
        return handle_error

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        answer = super().finalize_response(request, response, *args, **kwargs)
        answer.headers.setdefault("Cache-Control", self.cache_control)
        # Product names and searches are in the answer: no browser may take them for a page.
        answer.headers.setdefault("X-Content-Type-Options", "nosniff")
        return answer


class PublicView(JSONView):
    """An endpoint for shoppers: no account, no session, a rate limit by address."""

    authentication_classes: Sequence[type[BaseAuthentication]] = ()
    permission_classes = (permissions.AllowAny,)
    throttle_classes: Sequence[type[BaseThrottle]] = (ReadThrottle,)


def _outside_transactions(view: AnyView) -> AnyView:
    """Have a view run in no transaction of its own, whatever `ATOMIC_REQUESTS` says.

    What it asks to be forgotten must hold for all processes before it deletes: they store what they may, and see
    nothing that is not committed.
    """
    for alias in connections:
        view = transaction.non_atomic_requests(using=alias)(view)
    return view


@method_decorator(_outside_transactions, name="dispatch")
class OwnView(PublicView):
    """An endpoint by which visitors see or change what is kept of them; a change needs the page's CSRF token."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        # What no method answers is told so, with a token or without.
        if request.method in {*self.allowed_methods} - {*permissions.SAFE_METHODS}:
            SessionAuthentication().enforce_csrf(request)


class StaffView(JSONView):
    """An endpoint for the shop's staff, signed in to the admin."""

    authentication_classes = (SessionAuthentication,)
    throttle_classes = ()


def refuse_foreign(request: Request) -> None:
    """Refuse what the browser says another site's page sends.

    Raises:
        PermissionDenied: it does.
    """
    if is_foreign(django_request(request)):
        raise PermissionDenied("This is taken from the shop's own pages only.")


def require_own_page(request: Request, token: str = "") -> None:
    """Take what shoppers do from the shop's own pages only, which caches may have kept.

    Args:
        request: the request.
        token: that of the page, where the browser sends no same-origin header.

    Raises:
        PermissionDenied: it comes from elsewhere, or nothing says where from.
    """
    refuse_foreign(request)
    if not (is_same_origin(django_request(request)) or is_valid_token(token)):
        raise PermissionDenied("The page's token is missing or has expired.")


def visitor_of(request: Request) -> Visitor:
    """Who asks; always read from the request's own cookies, never from its parameters."""
    return get_visitor(request)
