"""Makes the demo shop ready: tables, catalogue, visits, an editor."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from django.contrib.auth import get_user_model
from django.core.management import call_command

from ecom_llm.recommend.learning import learn
from shop_demo.seeding import seed_catalogue, seed_visits

EDITOR = "editor"


def prepare(say: Callable[[str], None]) -> str:
    """Migrate, seed what is missing and learn from it. Safe to run again.

    Args:
        say: takes a line for the person who waits.

    Returns:
        The editor's password, new each time, so that no known one is ever left behind.
    """
    say("Preparing the database …")
    call_command("migrate", interactive=False, verbosity=0)
    say("Filling the shelves …")
    seed_catalogue()
    seed_visits()
    run = learn()
    say(f"Learned {run.pairs} product pairs from {run.events} events.")
    return set_editor_password()


def set_editor_password() -> str:
    """Make the admin's demo user, or give it a new password."""
    password = secrets.token_urlsafe(9)
    editor, _ = get_user_model().objects.get_or_create(
        username=EDITOR, defaults={"is_staff": True, "is_superuser": True}
    )
    editor.set_password(password)
    editor.save()
    return password
