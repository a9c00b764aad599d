"""Screens a text against the facts it may rest on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from ecom_llm.entities import Finding, Kind, ProductFacts, Severity
from ecom_llm.guard.citing import cited
from ecom_llm.guard.reading import Reading
from ecom_llm.guard.rules.binding import check_articles, check_binding
from ecom_llm.guard.rules.closed import check_closed
from ecom_llm.guard.rules.length import check_length
from ecom_llm.guard.rules.markup import check_markup
from ecom_llm.guard.rules.names import check_names
from ecom_llm.guard.rules.numbers import check_numbers
from ecom_llm.guard.rules.repetition import check_repetition
from ecom_llm.guard.rules.sentences import check_ending
from ecom_llm.guard.rules.vocabulary import check_banned, check_terms

__all__ = ["cited", "is_blocked", "screen", "screen_content"]

Rule = Callable[[Reading], Iterable[Finding]]

# What a text says, wherever it is from.
CONTENT_RULES: tuple[Rule, ...] = (
    check_markup, check_repetition, check_numbers, check_terms, check_names, check_banned,
)  # fmt: skip
# What shape a text of its kind has.
FORM_RULES: tuple[Rule, ...] = (check_length, check_ending)

# What a list of features must satisfy, and free prose cannot.
CLOSED_RULES: tuple[Rule, ...] = (check_closed, check_binding, check_articles)


def screen(
    text: str,
    facts: Sequence[ProductFacts],
    kind: Kind,
    language: str = "en",
    extra: Sequence[str] = (),
    *,
    is_closed: bool = False,
) -> list[Finding]:
    """Find what is wrong with a text.

    Args:
        text: the text as it would be shown.
        facts: of the one product it describes, of both products of a reason, of all that search copy names.
        kind: what it is for; decides its length.
        language: a Django language code. Lexicons and number words are English; in other languages the
            rules that need no words of theirs still run.
        extra: further words that it may use, such as the search it answers.
        is_closed: whether every word must stand in a fact, beside its fact's name; see `rules.closed` and
            `rules.binding`.

    Returns:
        The findings in the order of the text; none for a text without fault.
    """
    rules = (*FORM_RULES, *CONTENT_RULES, *(CLOSED_RULES if is_closed else ()))
    return run_rules(rules, Reading.of(text, facts, kind, language, extra))


def screen_content(
    text: str, facts: Sequence[ProductFacts], language: str = "en", extra: Sequence[str] = ()
) -> list[Finding]:
    """`screen` without the rules on length and whole sentences, for words that are no text of ours."""
    return run_rules(CONTENT_RULES, Reading.of(text, facts, Kind.DESCRIPTION, language, extra))


def run_rules(rules: Sequence[Rule], reading: Reading) -> list[Finding]:
    """Every finding of these rules, in the order of the text."""
    found = [finding for rule in rules for finding in rule(reading)]
    return sorted(found, key=lambda finding: (finding.start, finding.end, finding.code))


def is_blocked(findings: Iterable[Finding]) -> bool:
    """Whether any finding keeps the text out of the shop."""
    return any(finding.severity is Severity.BLOCK for finding in findings)
