"""A text says a thing once: small models fall into loops."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

from ecom_llm.entities import Finding, ProductFacts
from ecom_llm.guard.reading import Reading
from ecom_llm.guard.terms import LITTLE_WORDS, find_words

# So many words in the same order twice are a loop.
PHRASE_WORDS = 5
WORD_RUN = 3
_SENTENCE_END = re.compile(r"[.!?\u2026\u3002]+\s*|\n+")


def check_repetition(reading: Reading) -> Iterator[Finding]:
    """Codes `repetition.sentence`, `.phrase`, `.pair` and `.word`; the first of each.

    Words of the products' own names do not count towards a phrase or pair: a text may name a product twice.
    """
    yield from _sentences(reading)
    yield from _phrases(reading)
    yield from _pairs(reading)
    yield from _runs(reading)


def _sentences(reading: Reading) -> Iterator[Finding]:
    seen: set[str] = set()
    start = 0
    for end in [*(match.end() for match in _SENTENCE_END.finditer(reading.text)), len(reading.text)]:
        sentence = " ".join(reading.text[start:end].casefold().split()).strip(" .!?")
        if sentence and sentence in seen:
            yield reading.block("repetition.sentence", "It says the same sentence twice.", start, end)
            return
        seen.add(sentence)
        start = end


def _phrases(reading: Reading) -> Iterator[Finding]:
    names = _name_words(reading)
    words = [word for word in reading.words if word.text not in names]
    seen: set[tuple[str, ...]] = set()
    for index in range(len(words) - PHRASE_WORDS + 1):
        run = words[index : index + PHRASE_WORDS]
        phrase = tuple(word.text for word in run)
        if phrase in seen:
            yield reading.block("repetition.phrase", "It says the same words twice.", run[0].start, run[-1].end)
            return
        seen.add(phrase)


def _pairs(reading: Reading) -> Iterator[Finding]:
    """Two telling words side by side, said more often in one sentence than the facts hold them."""
    if not reading.is_english:
        return
    left_out = LITTLE_WORDS | _name_words(reading)
    held: Counter[tuple[str, str]] = Counter()
    for product in reading.products:
        held.update(_held(product))
    seen: Counter[tuple[str, str]] = Counter()
    for left, right in pairwise(reading.words):
        if _SENTENCE_END.search(reading.text, left.end, right.start):
            seen.clear()
        if left.text in left_out or right.text in left_out:
            continue
        pair = left.text, right.text
        seen[pair] += 1
        if seen[pair] > max(1, held[pair]):
            yield reading.block("repetition.pair", "It says the same thing twice.", left.start, right.end)
            return


@lru_cache(maxsize=2048)
def _held(product: ProductFacts) -> Counter[tuple[str, str]]:
    """How often a product's facts hold each two words side by side."""
    return Counter(
        (left.text, right.text) for value in product.citable.values() for left, right in pairwise(find_words(value))
    )


def _name_words(reading: Reading) -> set[str]:
    return {word.text for product in reading.products for word in find_words(product.name)}


def _runs(reading: Reading) -> Iterator[Finding]:
    for index in range(len(reading.words) - WORD_RUN + 1):
        run = reading.words[index : index + WORD_RUN]
        if len({word.text for word in run}) == 1:
            yield reading.block("repetition.word", "It repeats a word.", run[0].start, run[-1].end)
            return
