"""Grounded decoding: which tokens are left to the model."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from ecom_llm.generate.backends.local.grounding import DigitTokens, NumbersOfFacts  # noqa: E402

# One digit a token, as many small models have it, and tokens of several digits, as large ones have.
SPELLINGS = dict(enumerate([*"0123456789", ".", ",", " ", " has", " a", " 12", "120", "20", " kg", "\n", " 4"]))
IDS = {text: token for token, text in SPELLINGS.items()}


def allowed(facts: list[str], text: str, opening: str = "") -> set[str]:
    """What may follow a text."""
    constraint = NumbersOfFacts(
        facts, DigitTokens(SPELLINGS), opening, lambda tokens: "".join(SPELLINGS[token] for token in tokens)
    )
    logits = torch.zeros(len(SPELLINGS))
    written: list[int] = []
    while text:
        token = max((item for item in IDS if text.startswith(item)), key=len)
        written.append(IDS[token])
        text = text[len(token) :]
    constraint.restrict(logits, written)
    return {SPELLINGS[index] for index, score in enumerate(logits.tolist()) if score == 0}


def digits(tokens: set[str]) -> set[str]:
    return {token for token in tokens if any(sign.isdigit() for sign in token)}


@pytest.mark.parametrize(
    ("facts", "text", "expected"),
    [
        (["120 cm wide"], " has a", {"1", "120", " 12"}),
        (["120 cm", "20 W"], " ", {"1", "2", "120", "20", " 12"}),
        (["no number"], " has", set()),
        (["2.4 kg"], "2.", {"4"}),
        (["1,200 g"], "1,", {"2", "20"}),
    ],
)
def test_only_digits_on_the_way_to_a_number_of_the_facts_are_left(
    facts: list[str], text: str, expected: set[str]
) -> None:
    assert digits(allowed(facts, text)) == expected


def test_half_a_number_has_to_go_on() -> None:
    assert allowed(["120 cm"], "1") == {"20", "2"}
    assert allowed(["2.4 kg"], "2") == {"."}


def test_a_number_that_is_whole_may_end_or_go_on_to_a_longer_one() -> None:
    left = allowed(["12 V", "120 cm"], "12")
    assert {"0", " has", ".", "\n"} <= left
    assert digits(left) == {"0", " 12"}


def test_words_stay_free_where_there_is_no_number() -> None:
    assert {" has", " a", " kg", "."} <= allowed(["120 cm"], " has")


def test_the_opening_counts_as_written() -> None:
    assert allowed(["120 cm"], "", opening="The shelf has a 1") == {"20", "2"}


def test_sentence_may_end_behind_a_number() -> None:
    assert {"\n", " has"} <= allowed(["120 cm"], "120.")
