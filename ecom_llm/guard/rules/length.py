"""A text is neither a stub nor a wall."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ecom_llm.conf import get_settings
from ecom_llm.entities import Finding, Kind
from ecom_llm.guard.reading import Reading

DEFAULTS: Mapping[Kind, tuple[int, int]] = {
    Kind.DESCRIPTION: (20, 600),
    Kind.REASON: (15, 300),
    Kind.SEARCH_COPY: (15, 320),
}
"""Shortest and longest text in characters; `GUARD["LENGTH"]` says otherwise."""


def check_length(reading: Reading) -> Iterator[Finding]:
    """Codes `length.short` and `length.long`."""
    shortest, longest = get_settings().guard.length.get(reading.kind, DEFAULTS[reading.kind])
    length = len(reading.text.strip())
    if length < shortest:
        yield reading.block("length.short", f"It has {length} characters; the shortest allowed is {shortest}.")
    if length > longest:
        yield reading.block("length.long", f"It has {length} characters; the longest allowed is {longest}.", longest)
