"""Who a request comes from, as far as the visitor allows us to know."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import patch_cache_control, patch_vary_headers

from ecom_llm import conf
from ecom_llm.capture import identity
from ecom_llm.capture.boundary import boundary
from ecom_llm.capture.consent import consent_of, django_request
from ecom_llm.capture.pseudonyms import anonymous_key, pseudonym
from ecom_llm.entities import Consent

__all__ = ["NOBODY", "Visitor", "get_visitor", "keep_visitor", "pseudonym", "renew_visitor"]


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

    @classmethod
    def from_key(cls, key: str) -> Visitor:
        """The visitor of a key that was kept, beside an order say; nobody for what is no key."""
        level = _LEVELS.get(key[:2])
        return cls(key, level) if level is not None and _KEY.fullmatch(key) else NOBODY


_LEVELS = {"p:": Consent.PERSONAL, "a:": Consent.ANONYMOUS}
_KEY = re.compile(r"[ap]:[0-9a-f]{32}")
NOBODY = Visitor("", Consent.NONE)

_visitors: WeakKeyDictionary[HttpRequest, Visitor] = WeakKeyDictionary()
# Of `personal` visitors, what their cookie held: a signature takes longer to verify than all the rest.
_cookie_ids: WeakKeyDictionary[HttpRequest, str] = WeakKeyDictionary()


def get_visitor(request: Any) -> Visitor:
    """The visitor of a request; worked out once a request. Never raises.

    Args:
        request: Django's or Django REST framework's; a `Visitor` is its own.
    """
    if isinstance(request, Visitor):
        return request
    request = django_request(request)
    known = _visitors.get(request)
    if known is None:
        known = _identify(request)
        _visitors[request] = known
    return known


def visitor_with_id(request: HttpRequest) -> Visitor | None:
    """The visitor whose id the request's cookie holds and may hold.

    Args:
        request: Django's.

    Returns:
        None for everybody else, also for those who are about to get an id. Runs no query.
    """
    known = _visitors.get(request)
    if known is None and consent_of(request) is Consent.PERSONAL and (visitor_id := identity.read_visitor_id(request)):
        _cookie_ids[request] = visitor_id
        known = _visitors[request] = Visitor(f"p:{visitor_id}", Consent.PERSONAL)
    return known if known is not None and _cookie_ids.get(request) else None


def introduce(request: HttpRequest, visitor: Visitor) -> None:
    """Say who makes a request; nobody is asked any more."""
    _visitors[request] = visitor


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
    if _cookie_ids.get(request) != visitor_id:
        identity.write_visitor_id(request, response, visitor_id)
        # A cache must not hand one browser's id to another; that they send the same cookies until then is no reason.
        patch_vary_headers(response, ("Cookie",))
        patch_cache_control(response, private=True)


def renew_visitor(request: Any) -> Visitor:
    """Give a `personal` visitor another id from now on; `keep_visitor` puts it into the cookie.

    Args:
        request: Django's or Django REST framework's.
    """
    renewed = Visitor(f"p:{identity.new_visitor_id()}", Consent.PERSONAL)
    _visitors[django_request(request)] = renewed
    return renewed


def _identify(request: HttpRequest) -> Visitor:
    visitor = NOBODY
    with boundary("get_visitor"):
        consent = consent_of(request)
        visitor = Visitor("", consent)
        if consent is Consent.PERSONAL:
            _cookie_ids[request] = identity.read_visitor_id(request)
            visitor = Visitor(f"p:{_cookie_ids[request] or identity.new_visitor_id()}", consent)
        elif consent is Consent.ANONYMOUS:
            visitor = Visitor(anonymous_key(request), consent)
    return visitor
