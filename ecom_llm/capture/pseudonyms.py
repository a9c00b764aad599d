"""What stands for a browser, or for an order, that nobody may be led back to."""

from __future__ import annotations

import hashlib
import hmac

from django.http import HttpRequest

from ecom_llm.capture.salts import daily_salt, is_ready, kept_salts

HASH_CHARACTERS = 32
PREFIX = "a:"
"""With which the key of an anonymous visitor begins."""


def pseudonym(*parts: str) -> str:
    """A hash with today's salt: the same parts give the same hash today, and nothing leads back from it.

    Raises:
        DatabaseError: the salt can be neither read nor made.
    """
    return _hashed(daily_salt(), parts)


def anonymous_key(request: HttpRequest) -> str:
    """By which a browser is known today and at `anonymous`.

    Raises:
        DatabaseError: the salt can be neither read nor made.
    """
    return PREFIX + pseudonym(*_traits(request))


def anonymous_keys(request: HttpRequest) -> set[str]:
    """All keys by which a browser may have been known: one for each day whose salt is still there.

    Raises:
        DatabaseError: the salts cannot be read.
    """
    traits = _traits(request)
    salts = set(kept_salts())
    if is_ready():
        # The one in use, should its row have been lost.
        salts.add(daily_salt())
    return {PREFIX + _hashed(salt, traits) for salt in salts}


def _hashed(salt: bytes, parts: tuple[str, ...]) -> str:
    message = "\0".join(parts).encode("utf-8", "surrogatepass")
    return hmac.new(salt, message, hashlib.sha256).hexdigest()[:HASH_CHARACTERS]


def _traits(request: HttpRequest) -> tuple[str, str, str]:
    """What tells one browser from another for a day. Hashed at once, never stored."""
    meta = request.META
    return (
        str(meta.get("REMOTE_ADDR", "")),
        str(meta.get("HTTP_USER_AGENT", "")),
        # Not get_host(), which raises for a host that is not allowed.
        str(meta.get("HTTP_HOST", meta.get("SERVER_NAME", ""))),
    )
