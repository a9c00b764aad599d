"""Reads the single values of a row; each either gives what the table holds or says why it cannot."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from unicodedata import category

from ecom_llm.capture.broken import MAX_INTEGER, MAX_VALUE
from ecom_llm.capture.importing.rejected import RowRejectedError
from ecom_llm.catalog.adapters.base import MAX_ID_CHARACTERS
from ecom_llm.models import Event

MAX_ORDER_ID_CHARACTERS = Event._meta.get_field("order_id").max_length or 0
MAX_LANGUAGE_CHARACTERS = Event._meta.get_field("language").max_length or 0
CACHED_AMOUNTS = 20_000
CACHED_SHORT = 1_000
CACHED_PRODUCTS = 50_000
_CENT = Decimal("0.01")
_AMOUNT = re.compile(r"-?\d{1,30}(\.\d{1,30})?", re.ASCII)
# Spreadsheets make 3.0 of 3.
_WHOLE = re.compile(r"(-?\d{1,18})(?:\.0{1,10})?", re.ASCII)
_CURRENCY = re.compile(r"[A-Za-z]{3}")
_LANGUAGE = re.compile(r"[a-z0-9]{2,8}(-[a-z0-9]{1,8})*")


@lru_cache(CACHED_PRODUCTS)
def product_of(text: str) -> str:
    """A product's id."""
    if not text:
        raise RowRejectedError("product_id is missing")
    if len(text) > MAX_ID_CHARACTERS:
        raise RowRejectedError(f"product_id is longer than {MAX_ID_CHARACTERS} characters")
    if not text.isprintable() and any(category(character) == "Cc" for character in text):
        raise RowRejectedError("product_id holds a control character")
    return text


@lru_cache(CACHED_AMOUNTS)
def amount_of(text: str) -> Decimal | None:
    """What all pieces cost together, to the cent; None when it is not said."""
    if not text:
        return None
    if not _AMOUNT.fullmatch(text):
        raise RowRejectedError("value is not a number such as 12.50")
    amount = Decimal(text)
    if amount < 0:
        raise RowRejectedError("value is negative")
    # Less one, as cents are rounded.
    if amount >= MAX_VALUE - 1:
        raise RowRejectedError("value has more than twelve digits before the point")
    return amount.quantize(_CENT)


@lru_cache(CACHED_SHORT)
def quantity_of(text: str) -> int:
    """Pieces; one when it is not said."""
    if not text:
        return 1
    found = _WHOLE.fullmatch(text)
    if found is None:
        raise RowRejectedError("quantity is not a whole number such as 2")
    pieces = int(found[1])
    if pieces <= 0:
        raise RowRejectedError("quantity is not positive")
    if pieces > MAX_INTEGER:
        raise RowRejectedError(f"quantity is more than {MAX_INTEGER}")
    return pieces


@lru_cache(CACHED_SHORT)
def engagement_of(text: str) -> int | None:
    """Milliseconds of looking at a page; None when it is not said."""
    if not text:
        return None
    found = _WHOLE.fullmatch(text)
    if found is None or not 0 <= int(found[1]) <= MAX_INTEGER:
        raise RowRejectedError("engagement_ms is not a number of milliseconds such as 1500")
    return int(found[1])


@lru_cache(CACHED_SHORT)
def currency_of(text: str) -> str:
    """An ISO 4217 code; empty when it is not said."""
    if text and not _CURRENCY.fullmatch(text):
        raise RowRejectedError("currency is not a code of three letters such as EUR")
    return text.upper()


@lru_cache(CACHED_SHORT)
def language_of(text: str) -> str:
    """A language code as Django spells it; empty when it is not said."""
    code = text.lower().replace("_", "-")
    if code and not (len(code) <= MAX_LANGUAGE_CHARACTERS and _LANGUAGE.fullmatch(code)):
        raise RowRejectedError("language is not a language code such as de or en-gb")
    return code


def order_of(text: str) -> str:
    """An order's id."""
    if len(text) > MAX_ORDER_ID_CHARACTERS:
        raise RowRejectedError(f"order_id is longer than {MAX_ORDER_ID_CHARACTERS} characters")
    return text
