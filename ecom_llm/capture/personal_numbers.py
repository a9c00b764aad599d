"""Finds phone numbers, payment card numbers and IBANs among the numbers that a shop is asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ecom_llm.capture.number_checks import iban_characters, is_barcode, is_isbn, is_list, is_luhn, is_round, is_year

Span = tuple[int, int]

# Between digits: spaces, dashes, dots, slashes, brackets, and characters that show nothing.
_SEPARATORS = " ._/()·\\-\u00ad\u2010-\u2015\u2212\u200b-\u200d\u2060"
_RUN = re.compile(rf"(?:(?<![\d+])\+|(?<![\w+])\+ )?\(?\d(?:[{_SEPARATORS}]{{0,4}}\d)*+")
# Read before the digits; long enough for any of these words.
_CUE = re.compile(r"(?<!\w)(?:t[eé]l[eé]?(?:f[oó]n|ph?on[eo])?\w*|whatsapp|fax|rufnummer|handynummer)[.: ]{0,3}$")
_CUE_CHARACTERS = 24
_UNIT = re.compile(
    r" ?(?:[x\u00d7*] ?\d|[€$£]|(?:[cdkm]?m|k?g|[cm]?l|zoll|inch|in|ft|[km]?w|k?v|m?ah?|[gmt]b|k|hz|eur|usd)\b)"
)
_DAY, _MONTH, _YEAR = r"(?:0?[1-9]|[12]\d|3[01])", r"(?:0?[1-9]|1[0-2])", r"(?:19|20)\d\d"
# Dates, months and decimal fractions, standing alone.
_PLAIN = re.compile(
    rf"(?<![\d+./-])(?:{_DAY}[./-]{_MONTH}[./-]{_YEAR}|{_YEAR}[./-]{_MONTH}[./-]{_DAY}|{_MONTH}[./-]{_YEAR}"
    r"|\d{1,4}\.\d{1,2})(?![./()-]?\d)"
)
_BOOK = re.compile(r"(?<![\d+./()-])(?:97[89][ -])?\d{1,5}-\d{1,7}-\d{1,7}-[\dx](?![./()-]?\d)")
# How many digits each group has in numbers written without a leading 0 or +: North America, Spain, Poland, France,
# Italy, Russia, India, China, Brazil, Mexico, Britain, Germany and others.
_SHAPES = frozenset(
    {
        (3, 3, 4), (1, 3, 3, 4), (1, 3, 3, 2, 2), (3, 3, 3), (3, 2, 2, 2), (3, 3, 2, 2), (2, 3, 2, 2), (1, 2, 2, 2, 2),
        (2, 3, 4), (2, 4, 4), (2, 5, 4), (3, 4, 4), (3, 4, 3), (4, 3, 3), (4, 3, 4), (3, 6), (3, 7), (3, 8), (2, 7),
        (2, 8), (2, 9), (4, 6), (4, 7), (5, 5), (5, 6), (6, 4),
    }
)  # fmt: skip
# The first digit of what could be much else: India, and Spain with its like.
_SHAPE_STARTS = {(5, 5): "6789", (3, 3, 3): "456789"}
# Denmark and Norway, by their first digits: so short that nothing else may stand beside them.
_SHORT_SHAPES = {(2, 2, 2, 2): "23456789", (3, 2, 3): "49"}
_MOST_GROUPS = 5
# Cards are read in fours; in twos at worst.
_MOST_CARD_GROUPS = 10
_LEAST_DIGITS = 6


class _Group(NamedTuple):
    """Digits in a row.

    Attributes:
        start: where they start.
        end: where they end.
        digits: in ASCII.
        before: what separates them from the group before; for the first, what opens the run.
        is_wall: whether it is known to be something else.
    """

    start: int
    end: int
    digits: str
    before: str
    is_wall: bool


class _Run(NamedTuple):
    """Groups with nothing but separators between them, and what stands around them."""

    groups: Sequence[_Group]
    start: int
    has_plus: bool
    has_cue: bool
    is_glued: tuple[bool, bool]


def number_spans(text: str) -> Iterator[Span]:
    """Where personal numbers stand in a search.

    Args:
        text: a search, NFKC-normalised and case-folded.
    """
    yield from _iban_spans(text)
    runs = [match for match in _RUN.finditer(text) if sum(map(str.isdecimal, match[0])) >= _LEAST_DIGITS]
    walls = _walls(text) if runs else set()
    for match in runs:
        run = _read(text, match, walls)
        taken = _cards(run.groups) | _marked_phones(run)
        taken |= _unmarked_phones(run, taken)
        for index in sorted(taken):
            # With the sign or bracket before the first, and what separates one from the next.
            start = run.groups[index - 1].end if index - 1 in taken else run.groups[index].start
            yield run.start if index == 0 else start, run.groups[index].end


def _iban_spans(text: str) -> Iterator[Span]:
    for match in re.finditer(r"(?<![^\W_])(?=([a-z]{2}\d{2}(?:[ ./-]?[a-z\d]){11,30}+))", text):
        length = iban_characters(match[1])
        if length:
            yield match.start(1), match.start(1) + length


def _walls(text: str) -> set[int]:
    """Every place within a number that is known to be something else."""
    books = (match for match in _BOOK.finditer(text) if is_isbn(match[0]))
    return {place for match in (*_PLAIN.finditer(text), *books) for place in range(*match.span())}


def _read(text: str, match: re.Match[str], walls: set[int]) -> _Run:
    groups = _groups(text, match, walls)
    start, end = match.start(), groups[-1].end
    has_cue = _CUE.search(text[max(0, start - _CUE_CHARACTERS) : start]) is not None
    follows_letter = re.search(r"[^\W\d_][./_-]?$", text[max(0, start - 2) : start]) is not None
    return _Run(groups, start, match[0].startswith("+"), has_cue, (follows_letter, text[end : end + 1].isalpha()))


def _groups(text: str, match: re.Match[str], walls: set[int]) -> Sequence[_Group]:
    found = [*re.compile(r"\d+").finditer(text, *match.span())]
    if len(found) > 1 and len(found[-1][0]) <= 4 and _UNIT.match(text, match.end()):
        # The last one is a size: the 40 of "40x60" or of "40 cm".
        found.pop()
    # What stands before each group and after the last; a barcode has nothing but spaces around it.
    starts, ends = [each.start() for each in found], [each.end() for each in found]
    gaps = [text[end:start] for end, start in zip([match.start(), *ends], [*starts, match.end()], strict=True)]
    groups = []
    for each, before, after in zip(found, gaps, gaps[1:], strict=False):
        # Digits of any script become ASCII's.
        digits = "".join(str(int(digit)) for digit in each[0])
        is_wall = each.start() in walls or (not (before + after).strip() and is_barcode(digits))
        groups.append(_Group(*each.span(), digits, before, is_wall))
    return groups


def _cards(groups: Sequence[_Group]) -> set[int]:
    """Groups of every window that can be a card number, as one that is a digit off must not leave half of another."""
    taken: set[int] = set()
    for first in range(len(groups)):
        total = 0
        for last in range(first, min(len(groups), first + _MOST_CARD_GROUPS)):
            total += len(groups[last].digits)
            if groups[last].is_wall or total > 19:
                break
            if total >= 13 and _is_card(groups[first : last + 1]):
                taken.update(range(first, last + 1))
    return taken


def _is_card(groups: Sequence[_Group]) -> bool:
    digits = "".join(group.digits for group in groups)
    is_even = all(len(group.digits) >= 3 for group in groups[:-1]) or len({group.before for group in groups[1:]}) == 1
    return is_even and digits[0] not in "01" and is_luhn(digits) and not is_list([group.digits for group in groups])


def _marked_phones(run: _Run) -> set[int]:
    """Groups of numbers that start with a +, a 0 or a word that announces them."""
    taken: set[int] = set()
    if is_list([group.digits for group in run.groups]):
        return taken
    for first in range(len(run.groups)):
        least, most = _digits_expected(run, first)
        taken.update(range(first, _reach(run.groups, first, least, most)))
    return taken


def _digits_expected(run: _Run, first: int) -> tuple[int, int]:
    """How many digits a number that starts at this group has, at least and at most; (0, 0) where none starts."""
    group = run.groups[first]
    if first == 0 and run.has_plus:
        return 8, 16
    if first == 0 and run.has_cue:
        return 6, 15
    is_start = first == 0 or " " in group.before or "(" in group.before
    following = run.groups[first : first + 3]
    head = "".join(each.digits for each in following)
    return _after_zero(head, following) if is_start else (0, 0)


def _after_zero(head: str, following: Sequence[_Group]) -> tuple[int, int]:
    if re.match(r"00[1-9]", head):
        return 10, 17
    if not re.match(r"0[1-9]", head):
        return 0, 0
    if following[0].digits == "0" and (following[1].before != " " or len(following[1].digits) < 2):
        # "0-3 months"
        return 0, 0
    has_slash = len(following) > 1 and bool(set(following[1].before) & set("/()"))
    return (8 if has_slash else 9), 13


def _reach(groups: Sequence[_Group], first: int, least: int, most: int) -> int:
    """Where the longest number that starts at a group ends; `first` where there is none."""
    total, end = 0, first
    for index in range(first, len(groups)):
        total += len(groups[index].digits)
        if groups[index].is_wall or total > most:
            break
        if total >= least:
            end = index + 1
    return end


def _unmarked_phones(run: _Run, taken: set[int]) -> set[int]:
    """Groups of numbers that only their shape gives away."""
    found: set[int] = set()
    first = 0
    while first < len(run.groups):
        sizes = range(min(_MOST_GROUPS, len(run.groups) - first), 0, -1)
        size = next((size for size in sizes if _is_unmarked(run, first, first + size, taken)), 0)
        found.update(range(first, first + size))
        first += size or 1
    return found


def _is_unmarked(run: _Run, first: int, end: int, taken: set[int]) -> bool:
    window = run.groups[first:end]
    if any(group.is_wall for group in window) or not taken.isdisjoint(range(first, end)):
        return False
    is_whole = first == 0 and end == len(run.groups)
    edges = [window[0].before, *(group.before for group in run.groups[end : end + 1])]
    is_glued = (first == 0 and run.is_glued[0]) or (end == len(run.groups) and run.is_glued[1])
    if any(edge.strip(" ()") for edge in edges) or (is_glued and _is_model_number(window)):
        return False
    return _has_phone_shape(
        [group.digits for group in window], {group.before for group in window[1:]}, is_whole=is_whole
    )


def _is_model_number(window: Sequence[_Group]) -> bool:
    """Whether digits beside a letter are too few, or too plain, to be anything else."""
    return len(window) == 1 or sum(len(group.digits) for group in window) < 10


def _has_phone_shape(digits: Sequence[str], separators: set[str], *, is_whole: bool) -> bool:
    if len(digits) == 1:
        return 10 <= len(digits[0]) <= 15 or (len(digits[0]) == 9 and digits[0][0] in "56789")
    shape = tuple(map(len, digits))
    if is_list(digits) or is_round(digits) or is_year(digits[0]) or sum(map(is_year, digits)) > 1:
        return False
    is_short = is_whole and separators in ({" "}, {"."}) and digits[0][0] in _SHORT_SHAPES.get(shape, "")
    return is_short or (shape in _SHAPES and digits[0][0] in _SHAPE_STARTS.get(shape, digits[0][0]))
