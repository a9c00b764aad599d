"""Turns an event into the bytes that the stream holds, and back.

They are the format's number in one byte, then the event's fields as MessagePack, which is read and checked in C.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from ecom_llm.capture.redis_client import NOT_INSTALLED
from ecom_llm.entities import EventRecord
from ecom_llm.exceptions import StreamAwayError

# Changes with the order or meaning of the fields, so that a drain never misreads what an older web server wrote.
FORMAT = 2
_MARK = bytes((FORMAT,))
_VISITOR = re.compile(rb"\b[ap]:[0-9a-f]{32}\b")
_VISITOR_AT = EventRecord._fields.index("visitor")
# What writing odd values, and reading bytes of any origin, may raise.
_ERRORS = (ValueError, TypeError, ArithmeticError, RecursionError)


class _Codec(NamedTuple):
    """The library's functions, made once."""

    encode: Callable[[EventRecord], bytes]
    decode: Callable[[bytes], EventRecord]
    decode_any: Callable[[bytes], list[Any]]


def encode(record: EventRecord) -> bytes:
    """An event as bytes.

    Raises:
        ValueError: a field is of a type that cannot be sent.
        StreamAwayError: the library is not installed.
    """
    try:
        if record.occurred_at.tzinfo is not None:
            return _MARK + _codec().encode(record)
    except (*_ERRORS, AttributeError) as error:
        # Its words may quote what a visitor searched for.
        raise ValueError(f"An event cannot be sent: {type(error).__name__}.") from error
    raise ValueError("An event cannot be sent: its time has no zone.")


def decode(body: bytes) -> EventRecord:
    """The event that bytes hold.

    Raises:
        ValueError: they hold none; the message says why and quotes none of them.
        StreamAwayError: the library is not installed.
    """
    if not body.startswith(_MARK):
        raise ValueError("The entry cannot be read: its format is not known.")
    try:
        record = _codec().decode(body[1:])
    except _ERRORS as error:
        # As above.
        raise ValueError(f"The entry cannot be read: {type(error).__name__}.") from error
    if record.occurred_at.tzinfo is None:
        raise ValueError("The entry cannot be read: its time has no zone.")
    return record


def visitor_of(body: bytes) -> str:
    """Whose event bytes hold; empty if nobody's. Of bytes that cannot be read, the first key of a visitor in them.

    Raises:
        StreamAwayError: the library is not installed.
    """
    row = _row(body)
    if len(row) > _VISITOR_AT and isinstance(row[_VISITOR_AT], str):
        return str(row[_VISITOR_AT])
    found = _VISITOR.search(body)
    return found.group().decode() if found else ""


def text_of(body: bytes) -> str:
    """Bytes that hold no event as a text that a person can read: their fields as JSON, as far as they have any.

    Raises:
        StreamAwayError: the library is not installed.
    """
    row = _row(body)
    try:
        return json.dumps(row, default=_told, ensure_ascii=False) if row else body.decode(errors="replace")
    except _ERRORS:
        # Others may have put anything there, such as keys that JSON has not.
        return body.decode(errors="replace")


def _row(body: bytes) -> list[Any]:
    """The fields of an entry, whatever they are; empty if it has none."""
    try:
        return _codec().decode_any(body[1:]) if body.startswith(_MARK) else []
    except _ERRORS:
        return []


def _told(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)


@cache
def _codec() -> _Codec:
    try:
        from msgspec import msgpack
    except ImportError as error:
        raise StreamAwayError(NOT_INSTALLED) from error
    return _Codec(
        msgpack.Encoder(uuid_format="bytes", enc_hook=_plain).encode,
        msgpack.Decoder(EventRecord).decode,
        msgpack.Decoder(list).decode,
    )


def _plain(value: object) -> str:
    """A text of a kind of its own, such as templates have, as a text."""
    if isinstance(value, str):
        return str.__str__(value)
    raise TypeError
