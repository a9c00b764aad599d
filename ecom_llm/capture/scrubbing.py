"""Takes out of a search what leads to a person: e-mail addresses, phone numbers, card numbers and IBANs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from ecom_llm.capture.personal_numbers import number_spans

Span = tuple[int, int]

# What ends the part of an address before its @. Most searches hold no address, so each run is tried once, from
# its start, and never given back: see the lookbehind and the possessive quantifiers.
_ENDS = r"\s@,;:<>()\[\]{}\"|"
_LOCAL = rf"""(?:"[^"@]{{1,64}}+"|(?<![^{_ENDS}])[^{_ENDS}]++)"""
_AT = r"(?P<at>\s?@\s?|\s?[(\[{<]\s?(?:at|ät|arroba|@)\s?[)\]}>]\s?|\s(?P<word>at|arroba)\s)"
_DOT = r"(?:\s?[(\[{]\s?(?:dot|punkt|point|punto|\.)\s?[)\]}]\s?|\s(?:dot|punkt|punto)\s)"
_DOMAIN = rf"(?P<domain>[\w-]++(?:(?:[.。][\w-]++)++|(?P<spelled>{_DOT}[\w-]++(?:{_DOT}[\w-]++)*+))?)"
_ADDRESS = re.compile(rf"(?P<local>{_LOCAL}){_AT}{_DOMAIN}")
# A top-level domain starts with two letters, which tells max@x.de from a light that takes 3.5v@20.5ma.
_TOP_LEVEL = re.compile(r"[.。][^\W\d_]{2}")
# Left without their ending as often as not.
_MAIL_HOSTS = frozenset(
    {
        "126", "163", "aol", "bluewin", "free", "freenet", "gmail", "gmx", "googlemail", "hotmail", "icloud",
        "laposte", "libero", "live", "mail", "me", "msn", "naver", "orange", "outlook", "posteo", "proton",
        "protonmail", "qq", "t-online", "wanadoo", "web", "yahoo", "yandex", "ymail",
    }
)  # fmt: skip
# What belonged to the number or address beside it, and means nothing alone.
_BRACKETS = "<>()[]{}\"'|,;:=+@"


def scrub(text: str) -> str:
    """Take e-mail addresses, phone numbers, payment card numbers and IBANs out of a search.

    What a shop is asked for stays: sizes, years, prices, ranges, model numbers, and barcodes whose check digit is
    right. A number that could be either is taken out, as a lost article number harms nobody.

    Args:
        text: a search, NFKC-normalised and case-folded.

    Returns:
        What remains, single spaces in place of what went; the text itself where nothing did. Scrubbing it again
        changes nothing.
    """
    # What is taken out may bring the halves of something else together.
    while spans := _spans(text):
        text = " ".join(_without(text, spans).split())
    return text


def _spans(text: str) -> list[Span]:
    return sorted([*_address_spans(text), *number_spans(text)])


def _without(text: str, spans: list[Span]) -> str:
    kept, done = [], 0
    for start, end in spans:
        kept.append(text[done:start].rstrip(_BRACKETS) if start > done else "")
        done = max(done, end)
        while done < len(text) and text[done] in _BRACKETS:
            done += 1
    return " ".join([*kept, text[done:]])


def _address_spans(text: str) -> Iterator[Span]:
    position = 0
    while match := _ADDRESS.search(text, position):
        if _is_address(_Address(**match.groupdict())):
            yield match.span()
            position = match.end()
        else:
            # What follows this @ may come before the next one.
            position = match.end("at")


class _Address(NamedTuple):
    local: str
    at: str
    domain: str
    # "at" as a word of its own, and the domain's dots as words.
    word: str | None
    spelled: str | None


def _is_address(found: _Address) -> bool:
    host = re.split(r"[\s.。(\[{]", found.domain, maxsplit=1)[0]
    has_ending = bool(found.spelled or _TOP_LEVEL.search(found.domain))
    if not found.word:
        return has_ending or host in _MAIL_HOSTS
    # "jacket at zalando.de" is a search; "max.muster at firma.de" and "max at gmail.com" are addresses.
    is_clear = bool(found.spelled) or host in _MAIL_HOSTS or bool(re.search(r"\w[._]\w", found.local))
    return has_ending and is_clear
