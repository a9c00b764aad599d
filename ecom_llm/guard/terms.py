"""Finds the lexicons' terms in a text, and tells whether the text affirms or denies each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from ecom_llm.guard import lexicons

# Lexicons by finding code, those whose terms count anywhere and those that need a context.
SORTS = {
    "material": lexicons.MATERIALS,
    "colour": lexicons.COLOURS,
    "claim": lexicons.CLAIMS,
    "superlative": lexicons.SUPERLATIVES,
    "puffery": lexicons.PUFFERY,
    "offer": lexicons.OFFERS,
}
IN_CONTEXT = {"material": lexicons.AMBIGUOUS_MATERIALS, "colour": lexicons.AMBIGUOUS_COLOURS}
LONGEST_TERM_WORDS = 4
NEGATORS = frozenset({"no", "not", "non", "without", "never", "neither", "nor", "cannot", "minus", "excluding"})
# How many words before a term a negator reaches.
NEGATION_WORDS = 3
_CLAUSE_BREAKS = frozenset({"and", "but", "with", "only", "just"})

_LITTLE_WORDS = (
    "a an and are as at be by can each for from has have in into is it its made more most not of off on one only or"
    " out over than that the their this to under up use used very when which while with without you your"
)
LITTLE_WORDS = frozenset(_LITTLE_WORDS.split())
"""Words that say nothing about a product."""

_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")
_POSSESSIVE = re.compile("['\u2019]s$")
_MADE_OF = re.compile(
    r"\b(?:made|crafted|built|woven|cut|turned|carved|formed|cast|constructed)\s(?:\w+\s)?(?:of|from|in|out of)\s"
    r"(?:\w+\s){0,2}$"
)
_IN_COLOUR = re.compile(r"\bin (?:an? )?(?:\w+ )?$")
_BEHIND_COLOUR = frozenset(("and", "with", "for", "has", "have", "is", "are", "that", "which", "made", "weighs"))
_PARTS = frozenset(
    ("body", "frame", "handle", "lid", "base", "lining", "sole", "shade", "top", "legs", "blade", "cover", "finish")
)


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a text, in small letters, and where it stands."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Term:
    """A term of a lexicon found in a text.

    Attributes:
        name: its first form in the lexicon.
        sort: which lexicon: a key of `SORTS`.
        is_denied: whether the text says that it is not so.
        start: offset of its first character.
        end: offset behind its last character.
    """

    name: str
    sort: str
    is_denied: bool
    start: int
    end: int


@lru_cache(maxsize=1024)
def find_words(text: str) -> tuple[Word, ...]:
    """The words of a text; hyphens part them, apostrophes do not, and a possessive 's is left out."""
    return tuple(
        Word(_POSSESSIVE.sub("", match.group().casefold()), match.start(), match.end())
        for match in _WORD.finditer(text)
    )


def find_terms(text: str, *, needs_context: bool = True) -> Iterator[Term]:
    """Every term of a lexicon in a text, the longest where several begin at one word.

    Args:
        text: any text.
        needs_context: whether everyday words such as `glass` count only where the text says something is made
            of it; in facts they always count.
    """
    words = find_words(text)
    index, reach = 0, 0
    while index < len(words):
        sorts, length = _match(words, index)
        chosen = [(sort, name) for sort, name, is_certain in sorts if is_certain or not needs_context]
        chosen = chosen or [(sort, name) for sort, name, _ in sorts if _has_context(text, words, index, length, sort)]
        start, end = words[index].start, words[index + max(length, 1) - 1].end
        is_denied = bool(chosen) and _is_denied(words, text, index, length, reach)
        for sort, name in chosen:
            yield Term(name, sort, is_denied, start, end)
        index += max(length, 1)
        if length:
            reach = index


def wider(name: str) -> frozenset[str]:
    """The terms that a term proves, itself included."""
    return _lexicon()[1].get(name, frozenset()) | {name}


def _match(words: Sequence[Word], index: int) -> tuple[tuple[tuple[str, str, bool], ...], int]:
    forms = _lexicon()[0]
    for length in range(min(_longest().get(words[index].text, 1), len(words) - index), 0, -1):
        if length == 1:
            phrase = words[index].text
            if phrase not in forms and (singular := _singular(phrase)) in forms:
                phrase = singular
        else:
            phrase = " ".join(word.text for word in words[index : index + length])
        if phrase in forms:
            return forms[phrase], length
    return (), 0


def _singular(word: str) -> str:
    return word.removesuffix("es") if word.endswith(("shes", "ches", "sses")) else word.removesuffix("s")


def _has_context(text: str, words: Sequence[Word], index: int, length: int, sort: str) -> bool:
    before = text[max(0, words[index].start - 40) : words[index].start].casefold()
    follows = words[index + length] if index + length < len(words) else None
    if sort == "colour":
        is_last = follows is None or follows.text in _BEHIND_COLOUR or text[words[index + length - 1].end] != " "
        return is_last and bool(_IN_COLOUR.search(before))
    return bool(_MADE_OF.search(before)) or (follows is not None and follows.text in _PARTS)


def _is_denied(words: Sequence[Word], text: str, index: int, length: int, reach: int) -> bool:
    """Whether a negator stands before the term, no further back than `reach`, in the same clause."""
    if index + length < len(words) and words[index + length].text == "free":
        return True
    for position in range(index - 1, max(reach, index - NEGATION_WORDS) - 1, -1):
        word = words[position].text
        gap = text[words[position].end : words[position + 1].start]
        if word in _CLAUSE_BREAKS or any(mark in gap for mark in ",.;:!?"):
            return False
        if word in NEGATORS or word.endswith(("n't", "n\u2019t")):
            return word != "non" or position == index - 1
    return False


@lru_cache(maxsize=1)
def _longest() -> dict[str, int]:
    """By the first word of a form: how many words the longest has that begins so."""
    lengths: dict[str, int] = {}
    for form in _lexicon()[0]:
        words = form.split(" ")
        lengths[words[0]] = max(lengths.get(words[0], 1), min(len(words), LONGEST_TERM_WORDS))
    return lengths


@lru_cache(maxsize=1)
def _lexicon() -> tuple[dict[str, tuple[tuple[str, str, bool], ...]], dict[str, frozenset[str]]]:
    """Every form with (sort, term, whether it counts anywhere), and every term with what it proves."""
    forms: dict[str, tuple[tuple[str, str, bool], ...]] = {}
    proves: dict[str, frozenset[str]] = {}
    for table, is_certain in ((SORTS, True), (IN_CONTEXT, False)):
        for sort, lines in table.items():
            for line in lines.strip().splitlines():
                head, _, above = line.partition("<")
                names = [name.strip() for name in head.replace("=", ",").split(",")]
                for name in names:
                    forms[name] = (*forms.get(name, ()), (sort, names[0], is_certain))
                proves[names[0]] = proves.get(names[0], frozenset()) | {
                    term.strip() for term in above.split(",") if term.strip()
                }
    return forms, proves
