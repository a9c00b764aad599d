"""Whose data a command is about: visitors by their keys, or an account by its name."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import CommandError

from ecom_llm.capture.visitors import NOBODY, Visitor
from ecom_llm.privacy.accounts import keys_of


def add_whose(parser: ArgumentParser) -> None:
    """Take `--visitor KEY …` or `--user USERNAME`."""
    whose = parser.add_mutually_exclusive_group(required=True)
    whose.add_argument("--visitor", nargs="+", metavar="KEY", help="visitor keys, such as p:3f0c…, as events have them")
    whose.add_argument("--user", metavar="USERNAME", help="all visitors linked to this account")


def keys_of_options(options: dict[str, Any]) -> set[str]:
    """The keys that the command line names.

    Raises:
        CommandError: one is no key, or there is no such account.
    """
    if options["visitor"]:
        return {_checked(key) for key in options["visitor"]}
    users = get_user_model()
    try:
        user = users._default_manager.get(**{users.USERNAME_FIELD: options["user"]})
    except users.DoesNotExist as error:
        raise CommandError(f"There is no account {options['user']!r}.") from error
    return keys_of(user)


def _checked(key: str) -> str:
    if Visitor.from_key(key) == NOBODY:
        raise CommandError(
            f"{key!r} is no visitor's key: one is p: or a: and 32 of the characters 0-9 and a-f, all of what stands in"
            " the column `visitor` of the events, or what ecom_llm_import_events --key-of prints."
        )
    return key
