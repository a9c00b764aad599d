"""Finds numbers with their units in a text: digits, fractions, number words, glued units, ranges and sizes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import Enum

from ecom_llm.guard import number_words
from ecom_llm.guard.units import CURRENCY_SIGNS, CURRENCY_WORDS, GLUED, UNITS


class Sort(Enum):
    """What a number is."""

    PLAIN = "plain"
    PRICE = "price"
    # Letters and digits in one word, such as E27 or A4; compared as a word.
    CODE = "code"


@dataclass(frozen=True, slots=True)
class Quantity:
    """One number in a text.

    Attributes:
        numbers: what it may mean; more than one where a comma may stand for thousands or decimals.
        start: offset of its first character.
        end: offset behind its last character, unit included.
        words: as written; for a code in small letters.
        unit: its base unit; empty when it has none.
        factor: how many base units its own unit is.
        sort: what it is.
        is_word: whether it is spelled out, such as ``two``.
        is_shared: whether the unit stands behind a later number only, as that of 40 in ``40 x 60 cm``.
    """

    numbers: tuple[Decimal, ...]
    start: int
    end: int
    words: str
    unit: str = ""
    factor: Decimal = Decimal(1)
    sort: Sort = Sort.PLAIN
    is_word: bool = False
    is_shared: bool = False

    @property
    def measures(self) -> set[tuple[Decimal, str]]:
        """Every reading as (number of base units, base unit)."""
        return {((number * self.factor).normalize(), self.unit) for number in self.numbers}


_VULGAR = "¼½¾⅐⅑⅒⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞"
_NUMBER = re.compile(
    # 1,200.5 or 1½ or 1 1/2 or 3/4; a point may come first; a vulgar fraction may stand alone.
    rf"(?:\d+(?:[.,'\u2019\u00a0\u202f]\d+)*|(?<![\w.])\.\d+)"
    rf"(?:\s?[{_VULGAR}]|\s\d+/\d+(?![\d/])|/\d+(?![\d/]))?|[{_VULGAR}]"
)
_ORDINAL = re.compile(r"(?:st|nd|rd|th)\b", re.IGNORECASE)
_WORD = re.compile(r"[\w]+(?:-\w+)*")
_UNIT = re.compile(
    r"(?P<gap>[\s\u2011-]?)(?P<name>fl\.?\s?oz|fluid ounces?|"
    r"(?:sq\.?|square)\s[a-z]+|per ?cent|(?:°|degrees?|deg)\s?"
    r"(?:[cf]\b|celsius|centigrade|fahrenheit)|°|[%″℃℉]|[a-zµ]+[²2]?)(?![\w])",
    re.IGNORECASE,
)
_FLUID = re.compile(r"fl\.?\s?oz|fluid ounces?")
_DEGREES = re.compile(r"(?:°|deg(?:rees?)?)\s?(?:([cf])(?:elsius|entigrade|ahrenheit)?)?")
_SQUARES = {Decimal(1): "mm2", Decimal(10): "cm2", Decimal(1000): "m2"}
_MINUS = re.compile(r"(?:(?<!\w)[-\u2212]|\bminus\s)$", re.IGNORECASE)
_CURRENCY = re.compile(rf"(?:[{CURRENCY_SIGNS}]|\b(?:{'|'.join(sorted(CURRENCY_WORDS))}))\s?$", re.IGNORECASE)
_SIGN_BEHIND = re.compile(rf"\s?[{CURRENCY_SIGNS}]")
# 10x60 is a size, not a code.
_GLUED_SIZE = re.compile(r"(?<=\d)[xX](?=\d)")
_PER_AREA = re.compile(r"\s?(?:per|/)\s?(?:sq(?:uare|\.)?\s?m(?:et(?:re|er))?|m[²2])(?!\w)", re.IGNORECASE)
_BETWEEN = re.compile(r"\s*(?:,?\s+(?:to|or|and|by)|[x\u00d7,/\u2013\u2014-])\s*(?:up to\s+)?", re.IGNORECASE)


def find_quantities(text: str, *, reads_words: bool = True) -> list[Quantity]:
    """Every number in a text, in order.

    Args:
        text: any text.
        reads_words: whether number words of English count.

    Returns:
        Numbers of a list or a size (``40 x 60 cm``, ``1, 2 and 4 litres``) all carry the unit that ends it.
        Ordinals are left out, and so is ``one`` without a unit, which is mostly a pronoun.
    """
    text = _GLUED_SIZE.sub("\u00d7", text.replace("\u2044", "/"))
    found = list(_in_digits(text))
    if reads_words:
        found = sorted([*found, *_in_words(text)], key=lambda quantity: quantity.start)
    return _share_units(text, found)


def _in_digits(text: str) -> Iterator[Quantity]:
    end = 0
    for match in _NUMBER.finditer(text):
        if match.start() < end or _ORDINAL.match(text, match.end()):
            continue
        quantity = _read_digits(text, match)
        end = quantity.end
        yield quantity


def _read_digits(text: str, match: re.Match[str]) -> Quantity:
    start, end = match.span()
    if text[start - 1 : start].isalpha():
        return _code(text, start)
    numbers = _numbers(match.group())
    if _MINUS.search(text, max(0, start - 8), start):
        numbers = tuple(-number for number in numbers)
    if _CURRENCY.search(text, max(0, start - 8), start) or _SIGN_BEHIND.match(text, end):
        return Quantity(numbers, start, end, match.group(), sort=Sort.PRICE)
    quantity = _with_unit(text, start, end, numbers)
    if quantity.end == end and text[end : end + 1].isalpha():
        return _code(text, start)
    return quantity


def _in_words(text: str) -> Iterator[Quantity]:
    for match in number_words.PATTERN.finditer(text):
        number = number_words.read(match.group())
        if number is None:
            continue
        quantity = _with_unit(text, match.start(), match.end(), (number,))
        if quantity.unit or match.group().lower() not in ("one", "half", "zero"):
            yield replace(quantity, is_word=True)


def _with_unit(text: str, start: int, end: int, numbers: tuple[Decimal, ...]) -> Quantity:
    match = _UNIT.match(text, end)
    name = _unit_name(match["name"]) if match else ""
    if name in CURRENCY_WORDS and match:
        return Quantity(numbers, start, match.end(), text[start : match.end()], sort=Sort.PRICE)
    known = UNITS.get(name) or (GLUED.get(name) if match and not match["gap"] else None)
    if match is None or known is None:
        return Quantity(numbers, start, end, text[start:end])
    unit, factor = known
    end = match.end()
    if unit == "g" and (area := _PER_AREA.match(text, end)):
        unit, factor, end = "gsm", Decimal(1), area.end()
    return Quantity(numbers, start, end, text[start:end], unit, factor)


def _unit_name(name: str) -> str:
    """The spelling that `UNITS` has for what `_UNIT` matched; anything at all for what is no unit."""
    lowered = " ".join(name.lower().split())
    if lowered in ("percent", "per cent"):
        return "%"
    if _FLUID.fullmatch(lowered):
        return "floz"
    if lowered.startswith("sq") and " " in lowered:
        return _SQUARES.get(UNITS.get(lowered.rpartition(" ")[2], ("", Decimal(0)))[1], "")
    if scale := _DEGREES.fullmatch(lowered):
        return f"°{scale[1] or ''}"
    return lowered


def _code(text: str, offset: int) -> Quantity:
    start = offset
    while start and text[start - 1].isalnum():
        start -= 1
    match = _WORD.match(text, start)
    end = match.end() if match else offset + 1
    return Quantity((), start, end, text[start:end].casefold(), sort=Sort.CODE)


def _numbers(written: str) -> tuple[Decimal, ...]:
    whole, fraction = written, Decimal(0)
    if "/" in written:
        whole, fraction = _plain_fraction(written)
    elif written[-1] in _VULGAR:
        whole, fraction = written[:-1].strip(), Decimal(str(unicodedata.numeric(written[-1])))
    return tuple(number + fraction for number in _readings(whole)) if whole else (fraction,)


def _plain_fraction(written: str) -> tuple[str, Decimal]:
    head, _, below = written.partition("/")
    whole, _, above = head.rpartition(" ")
    try:
        return whole, Decimal(above.replace(",", ".")) / Decimal(below)
    except ArithmeticError:
        return head, Decimal(0)


def _readings(digits: str) -> set[Decimal]:
    digits = re.sub(r"['\u2019\u00a0\u202f]", "", digits)
    plain = {digits.replace(",", "")} if re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", digits) else set()
    if digits.count(",") == 1 and "." not in digits:
        # A comma before three digits means thousands in English and decimals elsewhere.
        plain |= set() if plain else {digits.replace(",", ".")}
    if digits.count(".") <= 1 and "," not in digits:
        plain.add(digits)
    elif not plain:
        plain.add(re.sub(r"[.,]", "", digits))
    return {Decimal(number) for number in plain}


def _share_units(text: str, found: list[Quantity]) -> list[Quantity]:
    for index in range(len(found) - 2, -1, -1):
        left, right = found[index], found[index + 1]
        is_bare = left.sort is Sort.PLAIN and not left.unit and right.sort is Sort.PLAIN
        if is_bare and right.unit and _BETWEEN.fullmatch(text, left.end, right.start):
            found[index] = replace(left, unit=right.unit, factor=right.factor, is_shared=True)
    return found
