"""Makes visitors, visits and orders of another system unrecognisable: its own ids never reach a table."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from functools import lru_cache

from django.utils.crypto import salted_hmac

from ecom_llm.capture.pseudonyms import HASH_CHARACTERS, PREFIX
from ecom_llm.entities import Consent

VISITOR_SALT = "ecom_llm.import.visitor"
# Of the visitors of some days; each costs about 200 bytes.
CACHED_VISITORS = 20_000


def imported_key(visitor: str) -> str:
    """The key under which an import at `personal` kept a visitor's events; to erase or export them.

    Args:
        visitor: the id in the imported file.
    """
    return _personal_key(_secret(), visitor.strip())


def digest(key: bytes, *parts: str) -> str:
    """A hash that nothing leads back from without the key; the same parts give the same one."""
    return hmac.digest(key, "\0".join(parts).encode(), "sha256").hex()[:HASH_CHARACTERS]


def derived_key(salt: str) -> bytes:
    """A key of its own for a purpose, made from `SECRET_KEY`."""
    return salted_hmac(salt, "", algorithm="sha256").digest()


def _personal_key(secret: bytes, visitor: str) -> str:
    return f"p:{digest(secret, 'visitor', visitor)}"


def _secret() -> bytes:
    return derived_key(VISITOR_SALT)


class People:
    """What is kept of visitors, visits and orders; what is empty stays empty.

    At `anonymous` hashes that end with the day, made with a salt that is thrown away with the import; at `personal`
    hashes that stay the same over all imports, and orders as they are.

    Attributes:
        consent: the level that the import was given.
        visitor: makes the key of a visitor on a day.
        order: makes the id of an order, which leads to a person as well.
        visit: makes the id of a visit on a day. Some systems give a visitor one visit for ever, so it ends with the
            day wherever the visitor's key does.
    """

    def __init__(self, consent: Consent, salt: bytes) -> None:
        """Hash nothing yet.

        Args:
            consent: `anonymous` or `personal`.
            salt: the import's own.
        """
        self.consent = consent
        self._is_personal = consent is Consent.PERSONAL
        self._key = _secret() if self._is_personal else salt
        self.visitor: Callable[[str, str], str] = lru_cache(CACHED_VISITORS)(self._visitor)
        self.order: Callable[[str], str] = lru_cache(CACHED_VISITORS)(self._order)
        self.visit: Callable[[str, str], str] = lru_cache(CACHED_VISITORS)(self._visit)

    def _visitor(self, visitor: str, day: str) -> str:
        if not visitor:
            return ""
        if self._is_personal:
            return _personal_key(self._key, visitor)
        return PREFIX + digest(self._key, "visitor", visitor, day)

    def _visit(self, visit: str, day: str) -> str:
        if not visit:
            return ""
        return digest(self._key, "visit", visit, *(() if self._is_personal else (day,)))

    def _order(self, order_id: str) -> str:
        if self._is_personal or not order_id:
            return order_id
        return digest(self._key, "order", order_id)
