"""The one place that says how a version moves from state to state."""

from __future__ import annotations

from django.db.models import F
from django.utils import timezone

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
    starts, end = TRANSITIONS[action]
    values = {"state": end, "decided_at": timezone.now(), **changes}
    moved = TextVersion.objects.filter(pk=version.pk, state__in=starts).update(**values)
    if not moved:
        version.refresh_from_db(fields=["state"])
        raise TransitionError(f"Cannot {action} a version that is {version.get_state_display().lower()}.")
    for name, value in values.items():
        if not isinstance(value, F):
            setattr(version, name, value)
    return version
