from __future__ import annotations

import re
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ecom_llm.capture.number_checks import is_barcode, is_luhn
from ecom_llm.capture.queries import normalise_query
from ecom_llm.capture.scrubbing import scrub
from tests.capture.ordinary_searches import SEARCHES

LIMIT = 200


def _form(form: str, first: str = "123456789") -> st.SearchStrategy[str]:
    """Numbers of a written form: N is a digit other than 0 and 1, X any."""
    digits = {"N": st.sampled_from("23456789"), "X": st.sampled_from("0123456789")}
    return st.tuples(*(digits.get(sign, st.just(sign)) for sign in form)).map("".join)


MARKED_PHONES = st.one_of(
    *map(
        _form,
        [
            "+49 17X XXXXXXXX", "+4917XXXXXXXXX", "0049 17X XXXXXXX", "+49 (0) 17X XXX XX XX", "017X XXXXXXX",
            "017X/XXXXXXX", "017X - XXXXXXX", "017XXXXXXXX", "(030) XXXXXX", "030/XXXXXX-XX", "0N XX XX XX XX",
            "0N.XX.XX.XX.XX", "0N-XX-XX-XX-XX", "+33 N XX XX XX XX", "079XX XXXXXX", "07XXX XXX XXX",
            "020 7XXX XXXX", "+44 (0)20 7XXX XXXX", "079 XXX XX XX", "+41 79 XXX XX XX", "0664 XXXXXXX",
            "04XX XXX XXX", "06-XXXXXXXX", "090-XXXX-XXXX", "010-XXXX-XXXX", "+1 NXX NXX XXXX", "+1 (NXX) NXX-XXXX",
            "+86 13X XXXX XXXX", "+7 9XX XXX-XX-XX", "+55 11 9XXXX-XXXX", "+91 9XXXX XXXXX", "+45 NX XX XX XX",
            "+47 9XX XX XXX", "+65 9XXX XXXX", "0532 XXX XX XX",
        ],
    )
)  # fmt: skip
# Round numbers and even steps read as sizes, so the last digit of a group is set.
SHAPED_PHONES = st.one_of(
    *map(
        _form,
        [
            "NX3-NX7-XXX1", "(NX3) NX7-XXX1", "NX3.NX7.XXX1", "NX3 NX7 XXX1", "NXXNXXXXXX", "1-8XX-NX7-XXX1",
            "6X2 XX4 XX1", "6X2 XX XX X1", "13X XXXX XXX1", "13XXXXXXXXX", "8 (9XX) XXX-XX-X1", "89XXXXXXXXX",
            "9XXX2 XXXX1", "11 9XXX2-XXX1", "333 XXXXXX1", "20 X1 X3 X7", "91X X2 XX3", "602 XX3 XX7",
        ],
    )
)  # fmt: skip
CARD_GROUPS = {
    16: [(16,), (4, 4, 4, 4), (8, 8), (4, 6, 6)],
    15: [(15,), (4, 6, 5)],
    14: [(4, 6, 4)],
    19: [(19,), (4, 4, 4, 4, 3)],
}
WORDS = st.sampled_from(["", "tent", "red tent", "zelt für zwei", "чайник", "مصباح", "雨衣", "x", "🧥"])
ADDRESSES = st.tuples(
    st.from_regex(r"[a-z][a-z0-9]{1,12}([._+-][a-z0-9]{1,8})?", fullmatch=True),
    st.sampled_from(["@", "@", "@", " @ ", "(at)", " (at) ", "[at]", " [ at ] ", "\uff20"]),
    st.from_regex(r"([a-z0-9]{1,12}[.]){1,2}(de|com|co[.]uk|org|shop|photography)", fullmatch=True),
)


@st.composite
def _cards(draw: st.DrawFn) -> str:
    groups = draw(st.sampled_from(CARD_GROUPS[draw(st.sampled_from([*CARD_GROUPS]))]))
    separator = draw(st.sampled_from([" ", "-", ".", "/", " - ", "\u2011", "\u00a0"]))
    start = draw(st.sampled_from(["3", "4", "5", "6", "22", "8", "9"]))
    body = start + draw(
        st.text("0123456789", min_size=sum(groups) - len(start) - 1, max_size=sum(groups) - len(start) - 1)
    )
    digits = next(body + check for check in "0123456789" if is_luhn(body + check))
    places = [sum(groups[:index]) for index in range(len(groups))]
    parts = [digits[place : place + size] for place, size in zip(places, groups, strict=True)]
    # Sixteen digits in even steps, or years, read as sizes.
    assume(len({int(b) - int(a) for a, b in pairwise(parts)}) != 1 or len(parts) == 2)
    return separator.join(parts)


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)


@pytest.mark.parametrize("search", SEARCHES)
def test_ordinary_search_stays_as_it_is(search: str) -> None:
    assert normalise_query(search, LIMIT) == unicodedata.normalize("NFKC", search.casefold())


def test_there_are_enough_ordinary_searches() -> None:
    assert len(set(SEARCHES)) >= 200


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("red tent max@x.de", "red tent"),
        ("tent,max@x.de,red", "tent red"),
        ("tent <max@x.de> red", "tent red"),
        ('"max muster"@x.de tent', "tent"),
        ("max.muster+shop@firma.co.uk tent", "tent"),
        ("max@gmail tent", "tent"),
        ("max (at) example (dot) com tent", "tent"),
        ("max at example dot com", ""),
        ("max at gmail.com tent", "tent"),
        ("max.muster at firma.de tent", "tent"),
        ("5v@20.5ma@x.de", "5v"),
        ("用户@例子.公司 雨衣", "雨衣"),
        ("tent 2024 0171 2345678 40x60", "tent 2024 40x60"),
        ("5 4111 1111 1111 1111", "5"),
        ("\u0660\u0661\u0667\u0661 \u0662\u0663\u0664\u0665\u0666\u0667\u0668 tent", "tent"),
        ("\uff10\uff11\uff17\uff11 \uff12\uff13\uff14\uff15\uff16\uff17\uff18 tent", "tent"),
        ("0171\u200b2345678 tent", "tent"),
        ("tel 123456 tent", "tel tent"),
        ("+4006381333931", ""),
        ("00491712345678", ""),
        ("de89 3704 0044 0532 0130 00 zelt", "zelt"),
        ("DE89370400440532013000", ""),
        ("gb82-west-1234-5698-7654-32", ""),
        ("iban: FR14 2004 1010 0505 0001 3M02 606", "iban:"),
    ],
)
def test_what_leads_to_a_person_goes_and_the_rest_stays(typed: str, kept: str) -> None:
    assert normalise_query(typed, LIMIT) == kept


@pytest.mark.parametrize("separator", [" ", "\u00a0", "-", "\u2011", "\u2013", ".", "/", " / ", ") ", "·", "_"])
def test_phone_number_goes_whatever_separates_its_parts(separator: str) -> None:
    assert normalise_query(f"tent 0171{separator}234{separator}5678", LIMIT) == "tent"


@given(st.one_of(MARKED_PHONES, SHAPED_PHONES), WORDS, WORDS)
def test_no_phone_number_among_words_survives(phone: str, before: str, after: str) -> None:
    assume(not (phone.isdecimal() and is_barcode(phone)))
    assert _digits(normalise_query(f"{before} {phone} {after}", LIMIT)) == ""


@given(MARKED_PHONES, st.sampled_from(["tent", "zelt:", "чайник"]), st.sampled_from(["lamp", "лампа", "!"]))
def test_no_marked_phone_number_within_words_survives(phone: str, before: str, after: str) -> None:
    assume(not (phone.isdecimal() and is_barcode(phone)))
    assert _digits(normalise_query(before + phone + after, LIMIT)) == ""


@given(_cards(), WORDS, WORDS, st.sampled_from(["", " "]))
def test_no_card_number_survives(card: str, before: str, after: str, space: str) -> None:
    assert _digits(normalise_query(before + space + card + space + after, LIMIT)) == ""


@given(ADDRESSES, WORDS, WORDS)
def test_no_address_survives(parts: tuple[str, str, str], before: str, after: str) -> None:
    address = "".join(parts)
    kept = normalise_query(f"{before} {address} {after}", LIMIT)
    assert kept == normalise_query(f"{before} {after}", LIMIT)


@given(ADDRESSES)
def test_no_address_within_a_word_survives(parts: tuple[str, str, str]) -> None:
    kept = normalise_query(f"tent{''.join(parts)}lamp", LIMIT)
    assert "@" not in kept
    assert parts[0] not in kept.removeprefix("tent")


@given(
    st.integers(min_value=0, max_value=120),
    st.sampled_from(["0171 2345678", "max.muster@example.org", "4111 1111 1111 1111"]),
)
def test_cut_leaves_no_half_of_what_is_scrubbed(room: int, personal: str) -> None:
    kept = normalise_query(f"{'a' * room} {personal} red tent", 60)
    assert kept == f"{'a' * room} red tent"[:60].strip()


def test_what_the_cut_makes_a_number_goes_too() -> None:
    serial = "1234567890123456"
    assert normalise_query(serial, LIMIT) == serial
    assert normalise_query(serial, 11) == ""


def test_number_whose_halves_an_address_held_apart_goes_too() -> None:
    assert scrub("0171 max@example.org 23456 tent") == "tent"


@given(st.integers(min_value=700, max_value=800))
def test_end_of_what_is_read_leaves_no_half_of_what_is_scrubbed(room: int) -> None:
    many = ("max@example.org " * 50)[: room // 16 * 16]
    kept = normalise_query(many + "a" * (room % 16) + " 0171 2345678 " + "x" * 200, LIMIT)
    assert _digits(kept) == ""


@given(st.text(alphabet="0123456789 +-./()@_axt,:x\u200b\u2011", max_size=300))
def test_scrubbing_twice_is_scrubbing_once(text: str) -> None:
    once = normalise_query(text, LIMIT)
    assert normalise_query(once, LIMIT) == once
    assert scrub(once) == once


@pytest.mark.parametrize(
    "piece", ["0", "0 ", "a", "@", "a@", "a@b", "a@b.", '"', "(at)", "at ", "de89 ", "aa11", "+", "(", "1-", "1."]
)
def test_search_made_to_be_slow_is_read_in_one_go(piece: str) -> None:
    # An expression that backtracked would never come back from a hundred thousand characters.
    assert len(scrub(piece * (20_000 // len(piece)))) <= 20_000
