"""A text says a thing once: small models fall into loops."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ecom_llm.entities import Finding
from ecom_llm.guard.reading import Reading

# So many words in the same order twice are a loop.
PHRASE_WORDS = 5
WORD_RUN = 3
_SENTENCE_END = re.compile(r"[.!?\u2026\u3002]+\s*|\n+")


def check_repetition(reading: Reading) -> Iterator[Finding]:
    """Codes `repetition.sentence`, `.phrase` and `.word`; the first of each.

    Words of the products' own names do not count towards a phrase: a text may name a product twice.
    """
    yield from _sentences(reading)
    yield from _phrases(reading)
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
    names = " ".join(product.name.casefold() for product in reading.products)
    words = [word for word in reading.words if word.text not in names]
    seen: set[tuple[str, ...]] = set()
    for index in range(len(words) - PHRASE_WORDS + 1):
        run = words[index : index + PHRASE_WORDS]
        phrase = tuple(word.text for word in run)
        if phrase in seen:
            yield reading.block("repetition.phrase", "It says the same words twice.", run[0].start, run[-1].end)
            return
        seen.add(phrase)


def _runs(reading: Reading) -> Iterator[Finding]:
    for index in range(len(reading.words) - WORD_RUN + 1):
        run = reading.words[index : index + WORD_RUN]
        if len({word.text for word in run}) == 1:
            yield reading.block("repetition.word", "It repeats a word.", run[0].start, run[-1].end)
            return
