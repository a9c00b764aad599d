"""Makes a version the one that shoppers see, and says so."""

from __future__ import annotations

from django.db import transaction

from ecom_llm.generate.database import database
from ecom_llm.models import Text, TextVersion
from ecom_llm.publish.states import move
from ecom_llm.signals import text_published


def show(text: Text, version: TextVersion, action: str, **changes: object) -> TextVersion:
    """Publish a version in the place of the one shown now. Call it in a transaction that holds the text's row.

    Args:
        text: the text.
        version: the version to show.
        action: `publish`, `approve` or `rollback`.
        changes: see `states.move`.
    """
    move(version, action, **changes)
    if text.published is not None and text.published.pk != version.pk:
        move(text.published, "archive")
    text.published = version
    text.save(update_fields=["published"])
    announce(version)
    return version


def announce(version: TextVersion) -> None:
    """Tell whoever listens that a version is published, once that is committed."""
    transaction.on_commit(
        lambda: text_published.send(sender=TextVersion, version=version), using=database(), robust=True
    )
