"""Corrects a mistyped word of a search to one that stands in the catalogue's names and categories."""

from __future__ import annotations

import json
import re
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping

from django.db import router, transaction
from django.db.models import QuerySet

from ecom_llm.models import WordVectors

# The row of `WordVectors` that holds the words. It is written whenever what searches are compared with has changed,
# so that its `made_at` tells web processes.
ROW = "words of the catalogue"
MAX_WORDS = 50_000
# Shorter words have too many neighbours, and shoppers type few beyond the longest.
MIN_CHARACTERS, MAX_CHARACTERS = 4, 30
MAX_QUERY_WORDS = 12

_WORD = re.compile(r"[^\W\d_]+")


def words_in(text: str) -> set[str]:
    """The words worth knowing: of letters, in lower case."""
    found = _WORD.findall(text.casefold())
    return {word for word in found if MIN_CHARACTERS <= len(word) <= MAX_CHARACTERS}


def load_words() -> Counter[str]:
    """The words that were stored, with the number of products that have each."""
    return _read(WordVectors.objects.all())


class WordCount:
    """Counts the words that a look over the catalogue meets, and stores them beside those of other workers."""

    def __init__(self, *, is_full: bool) -> None:
        """Begin a look.

        Args:
            is_full: whether it meets every product; otherwise it adds to what is stored.
        """
        self._is_full = is_full
        self._alias = router.db_for_write(WordVectors)
        self._counts: Counter[str] = Counter()
        self._before = _read(self._rows()) if is_full else Counter()

    def add(self, text: str) -> None:
        """Count the words of a product."""
        self._counts.update(words_in(text))

    def store(self, *, has_changed: bool) -> None:
        """Store the commonest words, which tells web processes that something is new.

        Args:
            has_changed: whether to tell them even if the words are the same.
        """
        if not self._is_full and not has_changed:
            return
        with transaction.atomic(using=self._alias):
            stored = _read(self._rows().select_for_update())
            # A look at all takes long: it may have missed what other workers have added since it began.
            words = self._counts | (stored - self._before) if self._is_full else stored + self._counts
            kept = dict(words.most_common(MAX_WORDS))
            if has_changed or kept.keys() != stored.keys():
                body = zlib.compress(json.dumps(kept, ensure_ascii=False).encode())
                self._rows().update_or_create(model=ROW, defaults={"dimensions": 0, "body": body})

    def _rows(self) -> QuerySet[WordVectors]:
        return WordVectors.objects.using(self._alias)


def _read(rows: QuerySet[WordVectors]) -> Counter[str]:
    body = rows.filter(model=ROW).values_list("body", flat=True).first()
    return Counter(json.loads(zlib.decompress(bytes(body)))) if body else Counter()


class Spelling:
    """The words of a catalogue, found by their beginning and length."""

    def __init__(self, counts: Mapping[str, int], is_word: Callable[[str], bool] = lambda word: False) -> None:
        """Make it.

        Args:
            counts: words, and in how many products.
            is_word: knows further words that are right as they are.
        """
        self._counts = counts
        self._is_word = is_word
        self._alike: defaultdict[tuple[str, int], list[str]] = defaultdict(list)
        for word in counts:
            self._alike[word[0], len(word)].append(word)

    def correct(self, query: str) -> str:
        """The query with its mistyped words put right; as it was when there is none.

        A word is mistyped when nobody knows it and one of the catalogue's differs by one letter: one too many, one too
        few, another one or two swapped. The first letter is taken to be right.
        """
        words = query.split()[:MAX_QUERY_WORDS]
        put_right = [self._correct(word) for word in words]
        return query if put_right == words else " ".join(put_right)

    def _correct(self, typed: str) -> str:
        word = typed.casefold()
        if words_in(word) != {word} or word in self._counts or self._is_word(word):
            return typed
        near = [
            known
            for length in (len(word) - 1, len(word), len(word) + 1)
            for known in self._alike.get((word[0], length), ())
            if _is_one_edit(word, known)
        ]
        # What goes on from what was typed is not mistyped: searches are sent half typed.
        if not near or any(known.startswith(word) for known in near):
            return typed
        return max(near, key=lambda known: (self._counts[known], known))


def _is_one_edit(one: str, other: str) -> bool:
    """Whether two words differ by one letter or two swapped ones (Damerau, 1964)."""
    if len(one) > len(other):
        one, other = other, one
    at = 0
    while at < len(one) and one[at] == other[at]:
        at += 1
    if len(one) < len(other):
        return one[at:] == other[at + 1 :]
    if one[at + 1 :] == other[at + 1 :]:
        return True
    return one[at : at + 2] == other[at : at + 2][::-1] and one[at + 2 :] == other[at + 2 :]
