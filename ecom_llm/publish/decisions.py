"""What an editor decides: approve, reject, edit, roll back. The admin and the API call these and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext

from ecom_llm.entities import Finding, Origin, Severity
from ecom_llm.exceptions import TransitionError
from ecom_llm.generate.database import database
from ecom_llm.models import Text, TextVersion
from ecom_llm.publish.showing import show
from ecom_llm.publish.states import TRANSITIONS, move, refusal

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser


def approve(version: TextVersion, user: AbstractBaseUser) -> TextVersion:
    """Publish a version that is in review.

    Raises:
        TransitionError: it is not in review any more.
    """
    return _show(version, "approve", user)


def rollback(version: TextVersion, user: AbstractBaseUser) -> TextVersion:
    """Publish an archived version again.

    Raises:
        TransitionError: it is not archived.
    """
    return _show(version, "rollback", user)


def reject(version: TextVersion, user: AbstractBaseUser, reason: str = "") -> TextVersion:
    """Refuse a version; one that is published leaves the shop at once and the plain sentence stands in.

    Args:
        version: the version.
        user: who refuses it.
        reason: kept among its findings, for whoever improves the prompts.

    Raises:
        TransitionError: it is rejected or archived already.
    """
    findings = [*version.findings]
    if reason.strip():
        findings.append(Finding("editor.rejected", Severity.BLOCK, reason.strip()[:500]).as_dict())
    with transaction.atomic(using=database()):
        text = _lock(version)
        move(version, "reject", decided_by=user, findings=findings)
        if text.published is not None and text.published.pk == version.pk:
            text.published = None
            text.save(update_fields=["published"])
    return version


def edit(version: TextVersion, body: str, user: AbstractBaseUser) -> TextVersion:
    """Publish an editor's wording in the place of a version.

    Args:
        version: the version it starts from; stays in the history as it was written.
        body: the editor's words, stored plain.
        user: who wrote them.

    Returns:
        The new version, of human origin and published.

    Raises:
        TransitionError: the words are empty.
    """
    words = body.replace("\r\n", "\n").replace("\0", "").strip()
    # Characters of no width are no words either.
    if not any(character.isalnum() for character in words):
        raise TransitionError(gettext("The text is empty. Write something, or reject the version instead."))
    with transaction.atomic(using=database()):
        text = _lock(version)
        edited = TextVersion.objects.create(
            text=text, body=words, origin=Origin.HUMAN, facts=version.facts, cited=version.cited,
            input_hash=version.input_hash,
        )  # fmt: skip
        if version.state == TextVersion.State.IN_REVIEW:
            move(version, "archive", decided_by=user)
        return show(text, edited, "publish", decided_by=user)


def _show(version: TextVersion, action: str, user: AbstractBaseUser) -> TextVersion:
    if version.state not in TRANSITIONS[action][0]:
        raise refusal(version, action)
    with transaction.atomic(using=database()):
        return show(_lock(version), version, action, decided_by=user)


def _lock(version: TextVersion) -> Text:
    # Without a join: PostgreSQL rereads a row that it had to wait for, and no row that was joined to it.
    return Text.objects.select_for_update().get(pk=version.text_id)
