"""Tells the shop's own pages from everyone else who posts events."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.core import signing
from django.http import HttpRequest

TOKEN_SALT = "ecom_llm.beacon"  # noqa: S105 - a salt is no secret
TOKEN_VALUE = "events"  # noqa: S105 - what is signed; the same for everyone, so that pages can be cached
MAX_AGE_SECONDS = 2 * 60 * 60


def make_token() -> str:
    """A token that a page carries to its script: proof that this shop made it within the last two hours."""
    return signing.TimestampSigner(salt=TOKEN_SALT).sign(TOKEN_VALUE)


def is_valid_token(token: str) -> bool:
    """Whether `make_token` made it, at most two hours ago."""
    try:
        value = signing.TimestampSigner(salt=TOKEN_SALT).unsign(token, max_age=MAX_AGE_SECONDS)
    except signing.BadSignature:
        return False
    return value == TOKEN_VALUE


def is_foreign(request: HttpRequest) -> bool:
    """Whether the browser says that a page of another site sends this."""
    origin = request.headers.get("Origin", "")
    if not origin:
        return request.headers.get("Sec-Fetch-Site") == "cross-site"
    return not _is_own(origin, request)


def is_same_origin(request: HttpRequest) -> bool:
    """Whether the browser says that a page of this shop sends this; no page can forge these headers."""
    origin = request.headers.get("Origin", "")
    return _is_own(origin, request) or request.headers.get("Sec-Fetch-Site") == "same-origin"


def _is_own(origin: str, request: HttpRequest) -> bool:
    # The host alone: behind a proxy that ends TLS, Django may not know the browser's scheme.
    try:
        host = urlsplit(origin).netloc
    except ValueError:
        return False
    return bool(host) and (host == request.get_host() or origin in settings.CSRF_TRUSTED_ORIGINS)
