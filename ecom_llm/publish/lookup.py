"""Finds what is published, many texts in one query."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce
from operator import or_

from django.db.models import Q

from ecom_llm.entities import Kind, Origin, ProductFacts, TextKey
from ecom_llm.models import Text, TextVersion


def published(keys: Iterable[TextKey]) -> dict[TextKey, TextVersion]:
    """The published version of each text that has one, in one query (none for no keys)."""
    texts = Text.objects.filter(matching(keys), published__isnull=False).select_related("published")
    return {text.key: text.published for text in texts if text.published is not None}


def matching(keys: Iterable[TextKey]) -> Q:
    """The condition that a text is one of these; without keys it costs no query, since nothing meets it."""
    subjects: dict[tuple[Kind, str], set[str]] = {}
    for key in keys:
        subjects.setdefault((key.kind, key.language), set()).add(key.subject)
    found = (Q(kind=kind, language=language, subject__in=of_it) for (kind, language), of_it in subjects.items())
    return reduce(or_, found, Q(pk__in=()))


def is_current(version: TextVersion, facts: Mapping[str, ProductFacts]) -> bool:
    """Whether every fact that the version cites still stands.

    Args:
        version: the version. An editor's own words are always current: only a person changes them.
        facts: today's facts by product id; cited products that are not among them are not judged.
    """
    return version.origin == Origin.HUMAN or _cites_current(version.cited, facts)


def _cites_current(cited: Mapping[str, Mapping[str, str]], facts: Mapping[str, ProductFacts]) -> bool:
    """Whether each cited fact has the value it had; see `is_current`."""
    for product_id, values in cited.items():
        today = facts[product_id].citable if product_id in facts else values
        if any(today.get(name) != value for name, value in values.items()):
            return False
    return True
