"""What an editor needs to judge one text: words, facts they rest on, findings, history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ecom_llm.catalog.registry import get_catalog
from ecom_llm.models import Text, TextVersion
from ecom_llm.publish.states import allowed_actions


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of a text; `message` says what the guard found there, if anything."""

    words: str
    message: str = ""
    severity: str = ""


@dataclass(frozen=True, slots=True)
class ReviewedFact:
    """One fact as the writer knew it.

    Attributes:
        name: its label.
        value: what it was.
        is_cited: whether the words rest on it.
        now: what it is today, when that is something else; None when it has not changed.
    """

    name: str
    value: str
    is_cited: bool
    now: str | None


@dataclass(frozen=True, slots=True)
class ReviewedProduct:
    """A product the writer knew about, and its facts."""

    product_id: str
    name: str
    url: str
    is_gone: bool
    facts: tuple[ReviewedFact, ...]


def passages(version: TextVersion) -> list[Passage]:
    """Cut a version's words where findings begin and end; of findings that overlap, the first counts."""
    cut: list[Passage] = []
    end = 0
    for finding in sorted(_findings(version), key=lambda item: int(item.get("start") or 0)):
        start, stop = int(finding.get("start") or 0), int(finding.get("end") or 0)
        if start < end or stop <= start or stop > len(version.body):
            continue
        cut.append(Passage(version.body[end:start]))
        words = version.body[start:stop]
        cut.append(Passage(words, str(finding.get("message", "")), str(finding.get("severity", ""))))
        end = stop
    return [passage for passage in (*cut, Passage(version.body[end:])) if passage.words]


def reviewed_products(version: TextVersion) -> list[ReviewedProduct]:
    """The facts a version was written from, beside what they are today. One query."""
    known: dict[str, Mapping[str, str]] = version.facts if isinstance(version.facts, dict) else {}
    catalog = get_catalog()
    today = catalog.in_bulk(known.keys()) if known else {}
    reviewed = []
    for product_id, facts in known.items():
        product = today.get(product_id)
        now = None if product is None else catalog.facts(product).citable
        cited = version.cited.get(product_id, {})
        reviewed.append(
            ReviewedProduct(
                product_id=product_id,
                name=str(facts.get("name", product_id)),
                url="" if product is None else catalog.url(product),
                is_gone=product is None,
                facts=tuple(
                    ReviewedFact(name, str(value), name in cited, _change(str(value), name, now))
                    for name, value in facts.items()
                ),
            )
        )
    return reviewed


def actions_on(version: TextVersion) -> set[str]:
    """What an editor may do: the state's own actions, and edit, which every state permits."""
    return (allowed_actions(version) & {"approve", "reject", "rollback"}) | {"edit"}


def review_values(text: Text, version: TextVersion) -> dict[str, Any]:
    """The template values of the review page.

    Args:
        text: what is reviewed.
        version: the version the editor looks at.
    """
    return {
        "version": version,
        "passages": passages(version),
        "findings": _findings(version),
        "products": reviewed_products(version),
        "history": text.versions.select_related("decided_by"),
        "allowed": actions_on(version),
    }


def _findings(version: TextVersion) -> list[dict[str, Any]]:
    return [item for item in version.findings if isinstance(item, dict)]


def _change(value: str, name: str, today: Mapping[str, str] | None) -> str | None:
    if today is None or today.get(name) == value:
        return None
    return today.get(name, "")
