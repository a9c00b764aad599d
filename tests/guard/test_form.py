"""Length, whole sentences, markup and repetition: what a text must look like."""

from __future__ import annotations

from typing import Any

import pytest

from ecom_llm.entities import Kind
from ecom_llm.guard.rules.length import DEFAULTS
from ecom_llm.guard.screen import is_blocked, screen
from tests.guard.facts import JACKET, product

GOOD = "The Harbour Rain Jacket, made of recycled nylon in navy, has four pockets."


def codes(text: str, kind: Kind = Kind.DESCRIPTION, language: str = "en") -> list[str]:
    return [finding.code for finding in screen(text, [JACKET], kind, language)]


@pytest.mark.parametrize("kind", Kind)
def test_good_text_has_no_findings(kind: Kind) -> None:
    assert codes(GOOD, kind) == []


@pytest.mark.parametrize("kind", Kind)
def test_length_bounds_are_those_of_the_kind(kind: Kind) -> None:
    shortest, longest = DEFAULTS[kind]
    assert "length.short" in codes("x" * (shortest - 2) + ".", kind)
    assert "length.short" not in codes("x" * (shortest - 1) + ".", kind)
    assert "length.long" not in codes("x" * (longest - 1) + ".", kind)
    assert "length.long" in codes("x" * longest + ".", kind)


def test_length_setting_wins(use_settings: Any) -> None:
    use_settings(GUARD={"LENGTH": {"description": (1, 10)}})
    assert codes(GOOD) == ["length.long"]
    assert codes("Rain hat.") == []
    assert codes(GOOD, Kind.REASON) == []


@pytest.mark.parametrize("text", ["", "   ", "\n"])
def test_empty_text_is_too_short(text: str) -> None:
    assert codes(text) == ["length.short"]


@pytest.mark.parametrize("ending", [".", "!", "?", ".\u201d", ".)", "\u2026", "\u3002", ". "])
def test_whole_sentence_passes(ending: str) -> None:
    assert codes(GOOD[:-1] + ending) == []


@pytest.mark.parametrize("ending", ["", ",", " and", ":", " -"])
def test_text_that_breaks_off_blocks(ending: str) -> None:
    assert codes(GOOD[:-1] + ending) == ["sentence.incomplete"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("A jacket for rain.<|im_end|>", "markup.prompt"),
        ("A jacket for rain.<|im_start|>user", "markup.prompt"),
        ("Facts: a jacket for the rain.", "markup.prompt"),
        ("A jacket for the rain.\nProduct: a hat.", "markup.prompt"),
        ("[INST] A jacket for the rain.", "markup.prompt"),
        ("As an AI, I like this jacket.", "markup.chatter"),
        ("Sure, this is a jacket for rain.", "markup.chatter"),
        ("Here is a short description of the jacket.", "markup.chatter"),
        ("A jacket by [brand name] for rain.", "markup.chatter"),
        ("The {{ name }} is for the rain.", "markup.chatter"),
        ("A <b>jacket</b> for the rain.", "markup.tag"),
        ("A jacket for rain <script>alert.", "markup.tag"),
        ("A jacket &amp; a hood for rain.", "markup.tag"),
        ("A **jacket** for the rain.", "markup.markdown"),
        ("# A jacket for the rain.", "markup.markdown"),
        ("For rain:\n- a hood.\n- a zip.", "markup.markdown"),
        ("A [jacket](rain) for walks.", "markup.markdown"),
        ("A jacket, see https://example.org/a.", "markup.link"),
        ("A jacket, see www.example.org today.", "markup.link"),
        ("A jacket, see raincoats.com today.", "markup.link"),
        ("A jacket, write to me@example.org.", "markup.link"),
        ("A jacket for the\u202e rain.", "markup.control"),
        ("A jacket for the\x00 rain.", "markup.control"),
        ("A jacket for the\ufffd rain.", "markup.control"),
    ],
)
def test_markup_and_residue_block(text: str, code: str) -> None:
    found = screen(text, [JACKET], Kind.DESCRIPTION)
    assert code in [finding.code for finding in found]
    assert is_blocked(found)


@pytest.mark.parametrize(
    "text",
    [
        "Warm & dry on a walk, hood up.", "A hood -- and a zip, for rain.", "Rain or shine: this is a coat for walks.",
        "Sure-footed walkers like its hood.", "Nothing less than a coat < a tent.", "It's a coat, e.g. for rain.",
        "Of course it has a hood and a zip.", "A note: keep the hood dry, the zip too.",
    ],
)  # fmt: skip
def test_ordinary_punctuation_is_no_markup(text: str) -> None:
    assert codes(text) == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("It has a hood. It keeps dry. It has a hood.", "repetition.sentence"),
        ("A hood that keeps out the rain, a hood that keeps out the wind.", "repetition.phrase"),
        ("It has a piezo lighter, a hood, and a piezo lighter.", "repetition.pair"),
        ("A very very very long coat.", "repetition.word"),
        ("Eine Kapuze, eine Kapuze, eine Kapuze, eine Kapuze.", "repetition.phrase"),
    ],
)
def test_loops_block(text: str, code: str) -> None:
    assert code in codes(text, language="de" if "eine" in text else "en")


def test_naming_a_product_twice_is_no_loop() -> None:
    assert codes("The Harbour Rain Jacket has a hood, and the Harbour Rain Jacket has a zip.") == []


def test_words_that_the_facts_hold_twice_may_be_said_twice() -> None:
    jug = product("Jug", "", Body="stainless steel", Lid="stainless steel")
    text = "A stainless steel body and a stainless steel lid."
    assert screen(text, [jug], Kind.DESCRIPTION) == []


def test_findings_come_in_the_order_of_the_text_with_their_spans() -> None:
    text = "A leather coat of 9 kg in red."
    found = screen(text, [JACKET], Kind.DESCRIPTION)
    assert [text[finding.start : finding.end] for finding in found] == ["leather", "9 kg", "red"]


@pytest.mark.parametrize(
    "text",
    [
        "\U0001f9e5" * 500,
        "\u0645\u0639\u0637\u0641" * 100,
        "a" * 100_000,
        "1" * 5_000,
        "1/0" * 500,
        "\n" * 20_000,
        "a-" * 20_000,
        "[" * 20_000,
        "A-b" * 9_000,
    ],
)
def test_any_text_is_screened_without_an_error(text: str) -> None:
    assert is_blocked(screen(text, [JACKET], Kind.DESCRIPTION))
