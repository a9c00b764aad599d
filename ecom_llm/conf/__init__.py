"""The `ECOM_LLM` setting: typed, read on access, refused with the nearest known name when a key is unknown.

Each section is a dataclass; its fields in capitals are the section's keys and its comments their documentation.
"""

from __future__ import annotations

from django.conf import settings as django_settings

from ecom_llm.conf.parsing import parse
from ecom_llm.conf.sections import (
    PACKAGED_MODEL,
    RETENTION_DAYS,
    Budget,
    Capture,
    Catalog,
    Channels,
    Generate,
    Guard,
    Monitoring,
    Privacy,
    Publish,
    Recommend,
    Settings,
    Train,
)
from ecom_llm.exceptions import ConfigurationError

__all__ = [
    "PACKAGED_MODEL",
    "RETENTION_DAYS",
    "Budget",
    "Capture",
    "Catalog",
    "Channels",
    "Generate",
    "Guard",
    "Monitoring",
    "Privacy",
    "Publish",
    "Recommend",
    "Settings",
    "Train",
    "get_settings",
    "parse",
]

_cached: tuple[object, Settings] | None = None
_UNREAD = object()


def get_settings() -> Settings:
    """Read `ECOM_LLM`.

    Returns:
        The typed settings, defaults filled in. A new dict in `django.conf.settings` is seen on the next call.

    Raises:
        ConfigurationError: a key is unknown or a value is of the wrong type; the message names every problem.
    """
    global _cached
    cached = _cached
    # Where Django keeps what has been read, until a setting changes. To ask it itself takes ten times as long, and a
    # page asks often.
    raw = object.__getattribute__(django_settings, "__dict__").get("ECOM_LLM", _UNREAD)
    if raw is _UNREAD:
        raw = getattr(django_settings, "ECOM_LLM", None)
    if cached is not None and cached[0] is raw:
        return cached[1]
    parsed, problems = parse({} if raw is None else raw)
    if problems:
        raise ConfigurationError("ECOM_LLM: " + " ".join(message for _, message in problems))
    _cached = (raw, parsed)
    return parsed
