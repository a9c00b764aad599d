"""The first-party visitor id: a random number in a signed cookie, only for visitors who said yes to it."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from ecom_llm import conf

SALT = "ecom_llm.visitor"
_ID = re.compile(r"[0-9a-f]{32}")


def new_visitor_id() -> str:
    """32 random hexadecimal digits that say nothing about anyone."""
    return uuid.uuid4().hex


def read_visitor_id(request: HttpRequest) -> str:
    """The id in the visitor cookie; empty when there is none, it is forged or it has expired."""
    privacy = conf.get_settings().privacy
    signed = request.COOKIES.get(privacy.visitor_cookie, "")
    lifetime = timedelta(days=privacy.cookie_days)
    try:
        value = signing.get_cookie_signer(salt=SALT).unsign(signed, max_age=lifetime)
    except signing.BadSignature:
        return ""
    return value if _ID.fullmatch(value) else ""


def write_visitor_id(request: HttpRequest, response: HttpResponseBase, visitor_id: str) -> None:
    """Put the id into the visitor cookie."""
    privacy = conf.get_settings().privacy
    signed = signing.get_cookie_signer(salt=SALT).sign(visitor_id)
    set_first_party_cookie(request, response, privacy.visitor_cookie, signed)


def delete_visitor_id(response: HttpResponseBase) -> None:
    """Take the visitor cookie out of the browser."""
    response.delete_cookie(conf.get_settings().privacy.visitor_cookie, samesite="Lax")


def set_first_party_cookie(request: HttpRequest, response: HttpResponseBase, name: str, value: str) -> None:
    """Set a cookie that only this site's pages get and no script can read."""
    response.set_cookie(
        name,
        value,
        max_age=timedelta(days=conf.get_settings().privacy.cookie_days),
        secure=request.is_secure() or is_on_tls(),
        httponly=True,
        samesite="Lax",
    )


def is_on_tls() -> bool:
    """Whether the shop's own cookies say that it is; behind a proxy that ends TLS, a request may not know."""
    return bool(settings.SESSION_COOKIE_SECURE or settings.CSRF_COOKIE_SECURE)
