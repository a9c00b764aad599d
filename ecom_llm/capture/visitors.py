"""Who a request comes from, as far as the visitor allows us to know."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers

from ecom_llm import conf
from ecom_llm.capture import identity
from ecom_llm.capture.boundary import boundary
from ecom_llm.capture.consent import consent_of, django_request
from ecom_llm.capture.salts import daily_salt
from ecom_llm.entities import Consent

HASH_CHARACTERS = 32


@dataclass(frozen=True, slots=True)
class Visitor:
    """A pseudonymous browser.

    Attributes:
        key: ``p:`` and a random id at `personal`, ``a:`` and a hash that changes daily at `anonymous`, empty
            at `none`. Empty at `anonymous` too when the day's salt cannot be read.
        consent: what may be kept of it.
    """

    key: str
    consent: Consent

    @property
    def has_history(self) -> bool:
        """Whether earlier events may be used for it: at `personal` only, as other keys can be shared."""
        return self.consent is Consent.PERSONAL and bool(self.key)


NOBODY = Visitor("", Consent.NONE)

_visitors: WeakKeyDictionary[HttpRequest, Visitor] = WeakKeyDictionary()


def get_visitor(request: Any) -> Visitor:
    """The visitor of a request; worked out once a request. Never raises.

    Args:
        request: Django's or Django REST framework's.
    """
    request = django_request(request)
    known = _visitors.get(request)
    if known is None:
        known = _identify(request)
        _visitors[request] = known
    return known


def keep_visitor(request: HttpRequest, response: HttpResponseBase) -> None:
    """Give a `personal` visitor who has no id cookie yet the id that was used in this request.

    Does nothing when no one asked who the visitor is, or when the response already decides about the cookie.
    """
    visitor = _visitors.get(request)
    if visitor is None or not visitor.has_history:
        return
    if conf.get_settings().privacy.visitor_cookie in response.cookies:
        return
    visitor_id = visitor.key.removeprefix("p:")
    if identity.read_visitor_id(request) != visitor_id:
        identity.write_visitor_id(request, response, visitor_id)
        # A cache must not hand one browser's id to another.
        patch_vary_headers(response, ("Cookie",))


def _identify(request: HttpRequest) -> Visitor:
    visitor = NOBODY
    with boundary("get_visitor"):
        consent = consent_of(request)
        visitor = Visitor("", consent)
        if consent is Consent.PERSONAL:
            visitor_id = identity.read_visitor_id(request) or identity.new_visitor_id()
            visitor = Visitor(f"p:{visitor_id}", consent)
        elif consent is Consent.ANONYMOUS:
            visitor = Visitor("a:" + pseudonym(*_traits(request)), consent)
    return visitor


def pseudonym(*parts: str) -> str:
    """A hash with today's salt: the same parts give the same hash today, and nothing leads back from it.

    Raises:
        DatabaseError: the salt can be neither read nor made.
    """
    message = "\0".join(parts).encode("utf-8", "surrogatepass")
    return hmac.new(daily_salt(), message, hashlib.sha256).hexdigest()[:HASH_CHARACTERS]


def _traits(request: HttpRequest) -> tuple[str, str, str]:
    """What tells one browser from another for a day. Hashed at once, never stored."""
    meta = request.META
    return (
        str(meta.get("REMOTE_ADDR", "")),
        str(meta.get("HTTP_USER_AGENT", "")),
        # Not get_host(), which raises for a host that is not allowed.
        str(meta.get("HTTP_HOST", meta.get("SERVER_NAME", ""))),
    )
