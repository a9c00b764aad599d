"""Brings what is written in another way than our own into that way: decimal commas, and lines that were rejected."""

from __future__ import annotations

import re
from typing import Any

# Spreadsheets put it between values where the comma is the decimal sign.
DECIMAL_COMMA_DELIMITER = ";"
# What a line of the file of rejected lines holds.
REJECTED_KEYS = frozenset({"line", "reason", "record"})
_WITH_COMMA = re.compile(r"-?(\d{1,30}|\d{1,3}(\.\d{3}){1,9}),\d{1,30}", re.ASCII)


def with_point(text: str) -> str:
    """Write a number with a decimal comma as one with a point; whatever is no such number stays as it is.

    Args:
        text: such as ``25,00`` or ``1.234,50``. Points may part its thousands, and only those.
    """
    if "," not in text or not _WITH_COMMA.fullmatch(text.strip()):
        return text
    return text.replace(".", "").replace(",", ".")


def is_rejected_line(found: dict[str, Any]) -> bool:
    """Whether a JSON object is a line of a file of rejected lines, mended or not."""
    return found.keys() == REJECTED_KEYS and isinstance(found["record"], dict)


def record_of(found: dict[str, Any]) -> dict[str, Any]:
    """What an object says of an event: that of a rejected line its record, any other all of it."""
    record: dict[str, Any] = found["record"] if is_rejected_line(found) else found
    return record
