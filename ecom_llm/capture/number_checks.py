"""Arithmetic that tells one kind of number from another: check digits, and numbers that form a list."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from operator import mul

# Registered by SWIFT: countries by the characters of their IBANs.
_IBAN_COUNTRIES = {
    15: "no", 16: "be", 18: "dk fi fo fk gl nl sd", 19: "mk si", 20: "at ba ee kz lt lu mn xk", 21: "ch cr hr li lv",
    22: "bg bh de ge gb ie me rs va", 23: "ae gi il iq om so tl", 24: "ad cz es md pk ro sa se sk tn vg",
    25: "ly pt st", 26: "is tr", 27: "bi dj fr gr it mc mr sm", 28: "al az by cy do gt hn hu lb ni pl sv",
    29: "br eg ps qa ua", 30: "jo kw mu ye", 31: "mt sc", 32: "lc", 33: "ru",
}  # fmt: skip
_IBAN_CHARACTERS = {country: length for length, names in _IBAN_COUNTRIES.items() for country in names.split()}
_MOST_SIZE_DIGITS = 6
_DINERS = re.compile(r"3(?:0[0-5]|095|[689])")


def is_luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of payment cards (ISO/IEC 7812-1)."""
    doubled = sum(sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (doubled + sum(map(int, digits[-1::-2]))) % 10 == 0


def is_barcode(digits: str) -> bool:
    """Whether these are 12, 13 or 14 digits of a GTIN, and not more likely a phone or card number.

    A number that starts with 00 and a country is dialled, and one with the prefix of a Diners card that passes the
    check of cards too is a card.
    """
    if len(digits) not in {12, 13, 14} or re.match("00[1-9]", digits):
        return False
    if len(digits) == 14 and _DINERS.match(digits) and is_luhn(digits):
        return False
    return _is_gtin(digits)


def is_isbn(written: str) -> bool:
    """Whether a number written with dashes, and spaces perhaps, is a book's."""
    digits = re.sub(r"[ -]", "", written)
    if len(digits) == 13:
        return digits.isdecimal() and _is_gtin(digits)
    values = [10 if digit == "x" else int(digit) for digit in digits]
    return len(values) == 10 and sum(map(mul, range(10, 0, -1), values)) % 11 == 0


def iban_characters(text: str) -> int:
    """How many characters at the start of a text are an IBAN (ISO 13616), separators included; 0 for none.

    Args:
        text: case-folded; starts with two letters and two digits.
    """
    length = _IBAN_CHARACTERS.get(text[:2], 0)
    places = [place for place, character in enumerate(text) if character.isalnum()][:length]
    if not length or len(places) < length:
        return 0
    characters = [text[place] for place in places]
    number = "".join(str(int(character, 36)) for character in characters[4:] + characters[:4])
    return places[-1] + 1 if int(number) % 97 == 1 else 0


def is_year(digits: str) -> bool:
    """Whether it reads as a year of our times."""
    return len(digits) == 4 and digits[:2] in {"19", "20"}


def is_list(numbers: Sequence[str]) -> bool:
    """Whether numbers in a row are sizes, years or codes: even steps, all years, or four digits after a 0 each."""
    if len(numbers) < 2 or max(map(len, numbers)) > _MOST_SIZE_DIGITS:
        return False
    if all(map(is_year, numbers)) or all(len(digits) == 4 and digits[0] == "0" for digits in numbers):
        return True
    steps = {int(after) - int(before) for before, after in pairwise(numbers)}
    return len(numbers) > 2 and len(steps) == 1 and steps != {0}


def is_round(numbers: Sequence[str]) -> bool:
    """Whether all are short multiples of five, as measures are."""
    return all(len(digits) <= 4 and int(digits) % 5 == 0 for digits in numbers)


def _is_gtin(digits: str) -> bool:
    """Whether the last digit is the check digit of a GTIN (GS1 General Specifications)."""
    return (3 * sum(map(int, digits[-2::-2])) + sum(map(int, digits[-1::-2]))) % 10 == 0
