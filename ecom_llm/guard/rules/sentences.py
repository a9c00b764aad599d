"""A text ends where a sentence ends: a completion that ran out of tokens is no text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ecom_llm.entities import Finding
from ecom_llm.guard.reading import Reading

# A full stop of any script, then closing quotes or brackets.
_ENDED = re.compile(r"[.!?\u2026\u3002\uff01\uff1f\u061f\u06d4\u0964][\"'\u201d\u2019\u00bb)\]]*\s*\Z")


def check_ending(reading: Reading) -> Iterator[Finding]:
    """Code `sentence.incomplete`."""
    if reading.text.strip() and not _ENDED.search(reading.text):
        start = reading.words[-1].start if reading.words else 0
        yield reading.block("sentence.incomplete", "It breaks off before the sentence ends.", start)
