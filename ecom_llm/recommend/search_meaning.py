"""What a search means: its spelling put right, and the products close to it, as far as this process can tell.

A web process holds what workers made for it (`ecom_llm.recommend.content`): the catalogue's words, and with NumPy and
`tokenizers` the vectors of words and products. It looks for something newer every few seconds, with one small query.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from importlib.util import find_spec
from typing import TYPE_CHECKING

from django.db import connections

from ecom_llm import conf
from ecom_llm.models import ProductVector, WordVectors
from ecom_llm.recommend import spelling
from ecom_llm.recommend.embeddings.encoder import encoder_name
from ecom_llm.traces import trace_of

if TYPE_CHECKING:
    from ecom_llm.recommend.embeddings.search_index import SearchIndex

logger = logging.getLogger(__name__)

CHECK_SECONDS = 10.0
# More products than that are read beside the request, which goes by what is there: reading them takes long.
READ_AT_ONCE = 5_000
# Of a search, whose further words say little and cost time.
QUERY_CHARACTERS = 200

Stamps = Mapping[str, datetime]


@dataclass(slots=True)
class _Known:
    """What this process holds.

    Attributes:
        encoder: whose vectors they are.
        stamps: when the rows it was read from were made.
        words: the catalogue's.
        index: None where NumPy is missing, or before a worker has made one.
    """

    encoder: str = ""
    stamps: Stamps = field(default_factory=dict)
    words: spelling.Spelling = field(default_factory=lambda: spelling.Spelling({}))
    index: SearchIndex | None = None


_known = _Known()
_checked_at = float("-inf")
_reading = threading.Lock()


@dataclass(frozen=True, slots=True)
class Meaning:
    """What is known of a search.

    Attributes:
        corrected: the query with its spelling put right; as it was where nothing is mistyped.
        words: what of it is compared.
    """

    corrected: str
    words: str
    _index: SearchIndex | None = None

    def close_products(self, limit: int) -> list[str]:
        """Ids of the products that are close enough in meaning, closest first."""
        # Signs alone mean nothing, and would be close to anything.
        has_words = any(character.isalnum() for character in self.words)
        return self._index.find(self.words, limit) if self._index is not None and has_words else []


def understand(query: str) -> Meaning:
    """Find out what a search means; one small query every few seconds."""
    _check()
    known = _known
    words = query[:QUERY_CHARACTERS]
    corrected = known.words.correct(words)
    return Meaning(query if corrected == words else corrected, corrected, known.index)


def forget_meaning() -> None:
    """Have the next search read all anew."""
    global _known, _checked_at
    _known, _checked_at = _Known(), float("-inf")


def _check() -> None:
    """Read what is new: at once where it is little, else in a thread."""
    global _checked_at
    if time.monotonic() - _checked_at < CHECK_SECONDS:
        return
    _checked_at = time.monotonic()
    encoder = encoder_name() if _can_compare() else ""
    stamps = dict(WordVectors.objects.filter(model__in=(spelling.ROW, encoder)).values_list("model", "made_at"))
    if (encoder, stamps) == (_known.encoder, _known.stamps):
        return
    is_little = not encoder or ProductVector.objects.filter(model=encoder).count() <= READ_AT_ONCE
    if not _reading.acquire(blocking=False):
        return
    if is_little:
        _read(encoder, stamps)
    else:
        _start_reading(encoder, stamps)


def _start_reading(encoder: str, stamps: Stamps) -> None:
    thread = threading.Thread(target=_read_beside, args=(encoder, stamps), name="ecom_llm search", daemon=True)
    try:
        thread.start()
    except RuntimeError:
        _reading.release()
        logger.error(  # noqa: TRY400 - it says no more
            "There is no thread left to read what searches are compared with; tried again in %.0f s.", CHECK_SECONDS
        )


def _read_beside(encoder: str, stamps: Stamps) -> None:
    try:
        _read(encoder, stamps)
    finally:
        connections.close_all()


def _read(encoder: str, stamps: Stamps) -> None:
    """Read what workers made; what goes wrong leaves the shop's own search as it is."""
    global _known
    try:
        index = _read_index(encoder, stamps)
        counts = spelling.load_words()
        words = spelling.Spelling(counts, index.is_word) if index is not None else spelling.Spelling(counts)
        _known = _Known(encoder, stamps, words, index)
    except Exception as error:
        logger.error(  # noqa: TRY400 - its words may hold a fact
            "What searches are compared with could not be read; tried again in %.0f s: %s",
            CHECK_SECONDS, trace_of(error),
        )  # fmt: skip
    finally:
        _reading.release()


def _read_index(encoder: str, stamps: Stamps) -> SearchIndex | None:
    if encoder not in stamps:
        return None
    from ecom_llm.recommend.embeddings.search_index import load_index

    is_same = _known.index is not None and _known.stamps.get(encoder) == stamps[encoder]
    return load_index(encoder, _known.index if is_same else None)


def _can_compare() -> bool:
    is_wanted = bool(conf.get_settings().recommend.embeddings)
    return is_wanted and all(find_spec(name) is not None for name in ("numpy", "tokenizers"))
