"""The columns that a file of events may have."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from ecom_llm.exceptions import ImportFileError

# In the order in which a line's values are handed on.
COLUMNS = (
    "occurred_at", "visitor", "visit", "kind", "product_id", "query", "value", "currency", "order_id",
    "id", "quantity", "language", "engagement_ms",
)  # fmt: skip
REQUIRED = ("occurred_at", "kind")


def check_columns(names: Sequence[str]) -> None:
    """Refuse a file whose columns are not ours.

    Raises:
        ImportFileError: a column is unknown, there twice, or missing.
    """
    for name in names:
        if problem := unknown_column(name):
            raise ImportFileError(problem)
        if names.count(name) > 1:
            raise ImportFileError(f"The column {name!r} is there twice.")
    if missing := [name for name in REQUIRED if name not in names]:
        raise ImportFileError(f"A column is missing: {', '.join(missing)}.")


def unknown_column(name: str) -> str:
    """What is wrong with a column's name, with the nearest right one; empty when nothing is."""
    if name in COLUMNS:
        return ""
    near = get_close_matches(name, COLUMNS, n=1, cutoff=0.5)
    known = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(COLUMNS)}."
    return f"The column {name[:80]!r} is unknown; {known}"


def known_among(names: Iterable[str]) -> int:
    """How many of these names are columns."""
    return sum(name in COLUMNS for name in names)
