"""What a page's thread leaves behind for another to make an event of, so that the shopper waits for none of it.

Telling robots from shoppers, hashing and looking for repeats take longer than all the rest of recording a page. Where
the answer to the shopper does not depend on them, a page keeps what they need and is done.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.db import DEFAULT_DB_ALIAS, connections
from django.http import HttpRequest

from ecom_llm import conf
from ecom_llm.capture.consent import django_request
from ecom_llm.capture.scope import active_language
from ecom_llm.capture.sinks.base import get_sink
from ecom_llm.capture.visitors import Visitor, introduce, visitor_with_id
from ecom_llm.entities import Consent

# What tells who it is, whether it is a robot or looks ahead, and whether it objects.
HEADERS = (
    "REMOTE_ADDR", "HTTP_USER_AGENT", "HTTP_HOST", "SERVER_NAME", "HTTP_SEC_GPC", "HTTP_DNT", "HTTP_SEC_PURPOSE",
    "HTTP_PURPOSE", "HTTP_X_PURPOSE", "HTTP_X_MOZ",
)  # fmt: skip


class Moment(NamedTuple):
    """When something was, and in which language the shopper was served."""

    now: datetime
    language: str


def present() -> Moment:
    """This moment."""
    # Django's own `now` asks a setting first, which has to be on here.
    return Moment(datetime.now(UTC), active_language())


class Glimpse(NamedTuple):
    """One request's traces. In memory only, for about a second and at most a minute: an address is in it.

    Attributes:
        moment: when it was.
        headers: the values of `HEADERS`, None for those that were not sent.
        decision: the value of the consent cookie.
        visitor: whose it is where the page had to find out, for their id's cookie; else that can wait too.
    """

    moment: Moment
    headers: tuple[str | None, ...]
    decision: str
    visitor: Visitor | None

    def as_request(self) -> HttpRequest:
        """A request that says the same about its browser, and nothing else."""
        request = HttpRequest()
        if self.visitor is not None:
            introduce(request, self.visitor)
        request.META = {name: value for name, value in zip(HEADERS, self.headers, strict=True) if value}
        if self.decision:
            request.COOKIES = {conf.get_settings().privacy.consent_cookie: self.decision}
        return request


def catch(source: Any) -> Glimpse | None:
    """Keep what an event will need of a request, if it can wait.

    Args:
        source: Django's or Django REST framework's request, or a `Visitor`.

    Returns:
        None where the event has to be made at once: a sink without a thread to leave it to, an open transaction, an
        account that has to be looked at, a visitor who is about to get an id, or one who may no longer have theirs.
    """
    settings = conf.get_settings()
    if not get_sink().puts_off or not settings.capture.record_staff:
        return None
    request = django_request(source)
    meta = getattr(request, "META", None)
    privacy = settings.privacy
    if meta is None:
        return None
    cookies = meta.get("HTTP_COOKIE", "")
    decision, visitor = "", None
    if cookies and privacy.consent_cookie in cookies:
        decision = request.COOKIES.get(privacy.consent_cookie, "")
    if privacy.visitor_cookie in cookies or Consent.PERSONAL in (decision, privacy.default_consent):
        visitor = visitor_with_id(request)
        if visitor is None:
            # Who is about to get an id is looked at first, as robots get none; so is who may no longer have one.
            return None
    if connections[DEFAULT_DB_ALIAS].in_atomic_block:
        return None
    return Glimpse(present(), tuple(map(meta.get, HEADERS)), decision, visitor)
