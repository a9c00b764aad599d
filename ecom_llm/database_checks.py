"""Whether the databases, and the routers between them, suit this app; a part of `checks`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from django.apps import apps
from django.db import connections, router

Problem = tuple[str, str, str]
"""Number of the check, what is wrong, how to mend it."""

# An event and the batch that it is learned with are stored in one transaction, and so is what is learned of them, or
# taken back; a page reads several of them in one query.
TOGETHER = (
    "Event", "UnlearnedBatch", "LearnedState", "LearningRun", "ProductCounts", "CandidateList", "ProductVector",
    "Erasure", "NotInterested",
)  # fmt: skip


def problems() -> Iterator[Problem]:
    """A database that this app's tables cannot be in, or not as it is set."""
    alias = router.db_for_write(apps.get_model("ecom_llm", "GenerationJob"))
    connection = connections[alias]
    mode = (connection.settings_dict.get("OPTIONS") or {}).get("transaction_mode") or ""
    if connection.vendor == "sqlite" and mode.upper() not in ("IMMEDIATE", "EXCLUSIVE"):
        hint = f'Set DATABASES["{alias}"]["OPTIONS"] = {{"transaction_mode": "IMMEDIATE"}}.'
        yield "W002", "A site and a worker that write to SQLite at once will fail with “locked”.", hint
    if connection.vendor not in ("postgresql", "sqlite"):
        message = f"{connection.display_name} is not supported: it may let the same text be queued twice."
        yield "W019", message, "Use PostgreSQL, or SQLite for a small shop."


def scattered() -> Iterator[str]:
    """What routers keep apart that has to be in one database."""
    names: defaultdict[str, list[str]] = defaultdict(list)
    for name in TOGETHER:
        names[router.db_for_write(apps.get_model("ecom_llm", name))].append(name)
    if len(names) > 1:
        found = "; ".join(f"{', '.join(models)} in {alias!r}" for alias, models in names.items())
        yield f"DATABASE_ROUTERS: what belongs into one database is written to several: {found}."
