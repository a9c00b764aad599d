"""The one place that says how a version moves from state to state."""

from __future__ import annotations

from typing import Any

from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy

from ecom_llm.exceptions import TransitionError
from ecom_llm.models import TextVersion

State = TextVersion.State

# action -> (states it starts from, the state it ends in)
TRANSITIONS: dict[str, tuple[frozenset[str], str]] = {
    "submit": (frozenset({State.DRAFT}), State.IN_REVIEW),
    "publish": (frozenset({State.DRAFT}), State.PUBLISHED),
    "approve": (frozenset({State.IN_REVIEW}), State.PUBLISHED),
    "reject": (frozenset({State.DRAFT, State.IN_REVIEW, State.PUBLISHED}), State.REJECTED),
    "archive": (frozenset({State.PUBLISHED, State.DRAFT, State.IN_REVIEW}), State.ARCHIVED),
    "rollback": (frozenset({State.ARCHIVED}), State.PUBLISHED),
}

# The actions as an editor reads them.
_NAMES = {
    "submit": gettext_lazy("submit"),
    "publish": gettext_lazy("publish"),
    "approve": gettext_lazy("approve"),
    "reject": gettext_lazy("reject"),
    "archive": gettext_lazy("archive"),
    "rollback": gettext_lazy("rollback"),
}


def allowed_actions(version: TextVersion) -> set[str]:
    """The actions that the version's state permits."""
    return {action for action, (starts, _) in TRANSITIONS.items() if version.state in starts}


def move(version: TextVersion, action: str, **changes: object) -> TextVersion:
    """Take one action on a version.

    The update names the state it starts from, so of two people who decide at once one is refused.

    Args:
        version: is brought up to date in place.
        action: a key of `TRANSITIONS`.
        changes: other fields to set along (who decided, a finding).

    Raises:
        TransitionError: the state, here or by now in the database, does not permit it.
    """
    values = _values(action, **changes)
    moved = TextVersion.objects.filter(pk=version.pk, state__in=TRANSITIONS[action][0]).update(**values)
    if not moved:
        version.refresh_from_db(fields=["state"])
        raise refusal(version, action)
    _bring_up_to_date(version, values)
    return version


def move_all(versions: QuerySet[TextVersion], action: str) -> int:
    """Take one action on every version whose state permits it, in one statement.

    Args:
        versions: which; those in another state stay as they are.
        action: a key of `TRANSITIONS`.

    Returns:
        How many were moved.
    """
    return versions.filter(state__in=TRANSITIONS[action][0]).update(**_values(action))


def enter(version: TextVersion, action: str) -> TextVersion:
    """Take one action on a new version that is not in the database yet: it is stored as the action leaves it.

    Args:
        version: is changed in place.
        action: a key of `TRANSITIONS`.

    Raises:
        TransitionError: its state does not permit it.
    """
    if action not in allowed_actions(version):
        raise refusal(version, action)
    _bring_up_to_date(version, _values(action))
    return version


def _values(action: str, **changes: object) -> dict[str, Any]:
    return {"state": TRANSITIONS[action][1], "decided_at": timezone.now(), **changes}


def _bring_up_to_date(version: TextVersion, values: dict[str, Any]) -> None:
    for name, value in values.items():
        if not isinstance(value, F):
            setattr(version, name, value)


def refusal(version: TextVersion, action: str) -> TransitionError:
    """What to raise for an action that a version's state does not permit."""
    words = {"action": _NAMES[action], "state": version.get_state_display().lower()}
    return TransitionError(gettext("Cannot %(action)s a version that is %(state)s.") % words)
