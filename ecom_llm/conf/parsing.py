"""Reads the dict `ECOM_LLM`, and says what is wrong with it."""

from __future__ import annotations

import difflib
import typing
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from ecom_llm.conf.sections import RETENTION_DAYS, Budget, Settings
from ecom_llm.entities import Consent, EventKind, Kind

BACKEND_KEYS = ("BACKEND", "MODEL", "REVISION", "OPTIONS")
CHOICES: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("GENERATE", "DRIVER"): ("worker", "celery"),
    ("PRIVACY", "DEFAULT_CONSENT"): tuple(Consent),
}
# Dates do not reach back without end.
MAX_DAYS = 36_500
# Settings whose keys are kinds of text, and what each value may be.
BY_KIND: Mapping[tuple[str, str], tuple[str, ...] | None] = {
    ("GENERATE", "BACKENDS"): None,
    ("GENERATE", "SAMPLING"): None,
    ("GUARD", "LENGTH"): None,
    ("PUBLISH", "POLICY"): ("publish", "review"),
}


def parse(raw: object) -> tuple[Settings, list[tuple[str, str]]]:
    """Turn the dict into typed settings.

    Args:
        raw: the value of `ECOM_LLM`.

    Returns:
        The settings (defaults where a value is wrong) and the problems, each a check id's number and a message.
    """
    if not isinstance(raw, Mapping):
        return Settings(), [("E001", f"must be a dict, not {type(raw).__name__}.")]
    problems: list[tuple[str, str]] = []
    known = {item.name.upper(): item for item in fields(Settings)}
    sections: dict[str, Any] = {}
    for name, value in raw.items():
        if name not in known:
            problems.append(("E002", _unknown(str(name), known, "ECOM_LLM")))
        elif not isinstance(value, Mapping):
            problems.append(("E003", f"{name} must be a dict, not {type(value).__name__}."))
        elif name == "BACKENDS":
            problems += _backend_problems(value)
            sections["backends"] = value
        else:
            section = typing.get_type_hints(Settings)[name.lower()]
            sections[name.lower()], found = _parse_section(name, section, value)
            problems += found
    return Settings(**sections), problems


def _parse_section(name: str, section: type[Any], raw: Mapping[str, Any]) -> tuple[Any, list[tuple[str, str]]]:
    problems: list[tuple[str, str]] = []
    hints = typing.get_type_hints(section)
    known = {key.upper() for key in hints}
    values: dict[str, Any] = {}
    for key, value in raw.items():
        if key not in known:
            problems.append(("E002", _unknown(str(key), known, name)))
            continue
        message = _type_problem(value, hints[key.lower()]) or _choice_problem(name, key, value)
        if message:
            problems.append(("E003", f"{name}[{key!r}] {message}{'' if message.endswith('?') else '.'}"))
        else:
            values[key.lower()] = tuple(value) if isinstance(value, list) else value
    return section(**values), problems


def _type_problem(value: object, hint: Any) -> str:
    origin = typing.get_origin(hint) or hint
    if origin is Mapping:
        return "" if isinstance(value, Mapping) else f"must be a dict, not {type(value).__name__}"
    if origin is tuple:
        is_strings = isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value)
        return "" if is_strings else "must be a list of strings"
    if origin is int:
        is_positive = isinstance(value, int) and not isinstance(value, bool) and value > 0
        return "" if is_positive else f"must be a whole number above 0, not {value!r}"
    if origin is float:
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0
        return "" if is_number else f"must be a number from 0, not {value!r}"
    return "" if isinstance(value, origin) else f"must be a {origin.__name__}, not {type(value).__name__}"


def _choice_problem(section: str, key: str, value: Any) -> str:
    if (section, key) == ("GENERATE", "BUDGETS"):
        return next(_budget_problems(value), "")
    if (section, key) == ("PRIVACY", "RETENTION_DAYS"):
        return next(_retention_problems(value), "")
    choices = CHOICES.get((section, key))
    if choices and value not in choices:
        return f"must be one of {', '.join(choices)}, not {value!r}"
    if (section, key) not in BY_KIND:
        return ""
    for kind, chosen in value.items():
        if kind not in tuple(Kind):
            return _unknown(str(kind), Kind, f"{section}[{key!r}]").rstrip(".")
        allowed = BY_KIND[section, key]
        if allowed and chosen not in allowed:
            return f"for {kind!r} must be one of {', '.join(allowed)}, not {chosen!r}"
    return ""


def _budget_problems(chosen: Mapping[Any, Any]) -> typing.Iterator[str]:
    where = "GENERATE['BUDGETS']"
    known = [item.name for item in fields(Budget)]
    for kind, limits in chosen.items():
        if kind not in ("default", *Kind):
            yield _unknown(str(kind), ["default", *Kind], where).rstrip(".")
        elif not isinstance(limits, Mapping):
            yield f"for {kind!r} must be a dict, not {type(limits).__name__}"
        else:
            unknown = (str(key) for key in limits if key not in known)
            yield from (_unknown(key, known, f"{where}[{kind!r}]").rstrip(".") for key in unknown)
            wrong = ((key, _type_problem(value, int)) for key, value in limits.items() if key in known)
            yield from (f"for {kind!r}: {key} {problem}" for key, problem in wrong if problem)


def _retention_problems(chosen: Mapping[Any, Any]) -> typing.Iterator[str]:
    known = {*RETENTION_DAYS, *EventKind}
    for name, days in chosen.items():
        if name not in known:
            yield _unknown(str(name), known, "PRIVACY['RETENTION_DAYS']").rstrip(".")
        elif problem := _type_problem(days, int):
            yield f"for {name!r} {problem}"
        elif days > MAX_DAYS:
            yield f"for {name!r} must be at most {MAX_DAYS}, not {days!r}"


def _backend_problems(raw: Mapping[str, Any]) -> list[tuple[str, str]]:
    problems: list[tuple[str, str]] = []
    if "default" not in raw:
        problems.append(("E003", "BACKENDS must have an alias 'default'."))
    for alias, options in raw.items():
        if not isinstance(options, Mapping) or not isinstance(options.get("BACKEND"), str):
            problems.append(("E003", f"BACKENDS[{alias!r}] must be a dict with BACKEND, a dotted path."))
            continue
        problems += [
            ("E002", _unknown(str(key), BACKEND_KEYS, f"BACKENDS[{alias!r}]"))
            for key in options
            if key not in BACKEND_KEYS
        ]
    return problems


def _unknown(name: str, known: typing.Iterable[str], where: str) -> str:
    names = sorted(str(item) for item in known)
    as_written = {item.upper(): item for item in names}
    nearest = difflib.get_close_matches(name.upper(), list(as_written), n=1, cutoff=0.5)
    hint = f"Did you mean {as_written[nearest[0]]!r}?" if nearest else f"Known: {', '.join(names)}."
    return f"{name!r} is not a key of {where}. {hint}"
