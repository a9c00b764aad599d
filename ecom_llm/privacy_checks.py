"""What settings do to visitors' privacy without anyone meaning it; a part of `checks`."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings as django_settings

from ecom_llm.conf import Settings
from ecom_llm.entities import Consent, EventKind

Problem = tuple[str, str, str]
"""Number of the check, what is wrong, how to mend it."""


def problems(settings: Settings) -> Iterator[Problem]:
    """What is kept before anyone agreed to it, and settings that contradict each other."""
    if settings.privacy.default_consent == Consent.PERSONAL:
        message = "PRIVACY['DEFAULT_CONSENT'] is 'personal': visitors get a lasting id before they have agreed to it."
        yield "W006", message, "In the EU and the UK that needs their consent first; use 'anonymous'."
    if settings.channels.search_days > (kept := settings.privacy.days_kept(EventKind.SEARCH.value)):
        message = f"CHANNELS['SEARCH_DAYS'] is {settings.channels.search_days}, but searches are kept for {kept} days."
        yield "W021", message, f"Lower SEARCH_DAYS to {kept}, or raise PRIVACY['RETENTION_DAYS']['search']."


def deployment_problems() -> Iterator[Problem]:
    """What is wrong in production only."""
    if not (django_settings.DEBUG or django_settings.SESSION_COOKIE_SECURE or django_settings.CSRF_COOKIE_SECURE):
        message = "Neither SESSION_COOKIE_SECURE nor CSRF_COOKIE_SECURE is on, so visitors' ids may travel without TLS."
        yield "W020", message, "Turn both on once the shop is served over HTTPS only."
