"""System checks: what `manage.py check` says of the `ECOM_LLM` setting and of what surrounds it.

Whatever the settings hold, the checks report and never raise; `docs/checks.md` lists them for shop owners.
"""

from __future__ import annotations

import difflib
import math
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields
from typing import Any

from celery import current_app
from django.apps import AppConfig
from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Error, Warning, register  # noqa: A004 - the name Django gives it
from django.urls import get_resolver
from django.utils.module_loading import import_string

from ecom_llm import celery_checks, conf, database_checks, privacy_checks
from ecom_llm.entities import Sampling
from ecom_llm.exceptions import ConfigurationError
from ecom_llm.url_names import named_urls

MIDDLEWARE = "ecom_llm.capture.middleware.CaptureMiddleware"

# Shortest token that nobody guesses.
TOKEN_CHARACTERS = 32

MEANINGS = {
    "E001": "`ECOM_LLM` is not a dict.",
    "E002": "`ECOM_LLM` holds a key that nobody reads; the message names the nearest known one.",
    "E003": "A setting has a value of the wrong type, or one that is not among its choices.",
    "E004": "A length in `GUARD['LENGTH']` is not a pair of whole numbers, shortest first.",
    "E005": "`GENERATE['BACKENDS']` names an alias that `BACKENDS` does not have.",
    "E006": "`GENERATE['SAMPLING']` holds a key that is no way of sampling, or a value that makes no sense.",
    "E010": "The catalogue adapter cannot be imported or refuses its options (a field map with a missing field, say).",
    "E011": "The catalogue adapter's own check found something wrong.",
    "E020": "A backend's class cannot be imported.",
    "E021": "The event sink's class cannot be imported.",
    "E022": "A backend refuses its options.",
    "E023": "The event sink's own check found something wrong.",
    "E030": "`USE_TZ` is off, so that leases lapse at the wrong time and ages are wrong.",
    "E031": "Routers keep events, and what is learned from them, in more than one database.",
    "E090": "A check itself failed; the message says with what.",
    "W001": "The capture middleware is not in `MIDDLEWARE`, so no page is recorded by itself.",
    "W002": "The tables live in SQLite without `transaction_mode` `IMMEDIATE`, so writers fail instead of waiting.",
    "W003": "Celery is told to acknowledge this app's messages late; leases already give a crashed worker's jobs back.",
    "W004": "`GENERATE['DRIVER']` is `celery`, but no Celery app with a broker is loaded.",
    "W005": "`CAPTURE` names a page that no URL pattern has, or an argument that its pattern has not.",
    "W006": "Visitors who have not decided are given a lasting id.",
    "W007": "A backend's model is missing, of a kind that is refused, or on a hub without a pinned commit.",
    "W008": "`MONITORING['METRICS_TOKEN']` is short enough to be guessed.",
    "W009": "`PROMETHEUS_MULTIPROC_DIR` names no folder that this process may write to, so nothing is counted.",
    "W010": "Celery's pool is not prefork, so that nothing replaces a process whose model has broken or hung.",
    "W011": "Celery's concurrency is not 1, so that each process of a worker loads a model of its own.",
    "W012": "A busy Celery worker holds wake-up messages that an idle one could answer.",
    "W013": "A Celery worker ends when its broker is away, or away for long.",
    "W014": "Celery waits for a silent Redis without a limit.",
    "W015": "Celery ends tasks that take no longer than they may.",
    "W016": "Celery replaces a worker's process, and with it the loaded model, after a few tasks.",
    "W017": "A worker may pause for longer than its lease is sure to last, so that its jobs are done twice.",
    "W018": "Loading a model may take less time than one token of it.",
    "W019": "The tables live in a database other than PostgreSQL and SQLite, so that texts are made twice.",
    "W020": "In production, visitors' ids may travel without TLS (said by `check --deploy`).",
    "W021": "Searches are counted for longer than they are kept.",
}
"""Every check by its number: what it says."""

_Check = Callable[[conf.Settings], Iterable[CheckMessage]]


@register
def check_settings(app_configs: Sequence[AppConfig] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Run every check of this app.

    Args:
        app_configs: as Django calls it; the settings belong to no app but this one.
        kwargs: further arguments of Django's.

    Returns:
        What is wrong, errors of the settings themselves first.
    """
    del app_configs, kwargs
    raw = getattr(django_settings, "ECOM_LLM", None)
    settings, problems = conf.parse({} if raw is None else raw)
    found: list[CheckMessage] = [_error(number, f"ECOM_LLM: {message}") for number, message in problems]
    for check in _CHECKS:
        try:
            found += check(settings)
        except Exception as error:  # a check that trips over broken settings must not hide the others' findings
            found.append(_error("E090", f"{check.__name__.strip('_')}: {_words(error)}"))
    return found


@register(deploy=True)
def check_deployment(app_configs: Sequence[AppConfig] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """What `manage.py check --deploy` says beyond `check`; takes what `check_settings` does."""
    del app_configs, kwargs
    return [_warning(*problem) for problem in privacy_checks.deployment_problems()]


def _length_pairs(settings: conf.Settings) -> Iterator[CheckMessage]:
    for kind, pair in settings.guard.length.items():
        are_numbers = isinstance(pair, list | tuple) and all(type(number) is int for number in pair)
        if not (are_numbers and len(pair) == 2 and 0 <= pair[0] <= pair[1]):
            yield _error("E004", f"GUARD['LENGTH'][{kind!r}] must be (shortest, longest), not {pair!r}.")


def _backend_aliases(settings: conf.Settings) -> Iterator[CheckMessage]:
    for kind, alias in settings.generate.backends.items():
        if alias not in settings.backends:
            hint = _nearest(str(alias), settings.backends)
            yield _error("E005", f"GENERATE['BACKENDS'][{kind!r}] names {alias!r}, which BACKENDS has not. {hint}")


def _sampling_keys(settings: conf.Settings) -> Iterator[CheckMessage]:
    # Each try has a seed of its own.
    known = [item.name for item in fields(Sampling) if item.name != "seed"]
    for kind, chosen in settings.generate.sampling.items():
        where = f"GENERATE['SAMPLING'][{kind!r}]"
        if not isinstance(chosen, dict):
            yield _error("E006", f"{where} must be a dict, not {type(chosen).__name__}.")
            continue
        unknown = [str(key) for key in chosen if key not in known]
        yield from (_error("E006", f"{where} has the unknown key {key!r}. {_nearest(key, known)}") for key in unknown)
        try:
            Sampling(**{key: value for key, value in chosen.items() if key in known})
        except ConfigurationError as error:
            yield _error("E006", f"{where}: {error}")


def _catalog(settings: conf.Settings) -> Iterator[CheckMessage]:
    path = settings.catalog.adapter
    try:
        adapter = import_string(path)(settings.catalog.options)
    except ConfigurationError as error:
        yield _error("E010", f"CATALOG: {error}")
    except Exception as error:
        yield _error("E010", f"CATALOG: {path} cannot be made: {_words(error)}")
    else:
        if hasattr(adapter, "check"):
            yield from (_error("E011", f"CATALOG: {problem}") for problem in adapter.check())
        else:
            yield _error("E010", f"CATALOG['ADAPTER']: {path} is not a CatalogAdapter.")


def _backend_classes(settings: conf.Settings) -> Iterator[CheckMessage]:
    for alias, options in settings.backends.items():
        path = options.get("BACKEND") if hasattr(options, "get") else None
        if isinstance(path, str):  # else E003 has said so
            yield from _importable("E020", f"BACKENDS[{alias!r}]['BACKEND']", path)


def _models(settings: conf.Settings) -> Iterator[CheckMessage]:
    """What each backend says of its own settings. A web server needs no model, so a missing one is a warning."""
    for alias, options in settings.backends.items():
        try:
            backend = import_string(options["BACKEND"])(alias, options)
        except ConfigurationError as error:
            yield _error("E022", str(error))
        except Exception:  # noqa: S112 - E003 or E020 has said what is wrong with the class
            continue
        else:
            for problem in backend.check():
                yield _warning("W007", f"BACKENDS[{alias!r}]: {problem}", "Workers need it; web servers do not.")


def _sink_class(settings: conf.Settings) -> Iterator[CheckMessage]:
    yield from _importable("E021", "CAPTURE['SINK']", settings.capture.sink)


def _sink(settings: conf.Settings) -> Iterator[CheckMessage]:
    """What the sink says of the settings that it reads; E021 has said what is wrong with the class."""
    try:
        # It reads them itself, which works only if there is nothing wrong with any.
        conf.get_settings()
        sink_class = import_string(settings.capture.sink)
    except Exception:
        return
    if isinstance(sink_class, type) and hasattr(sink_class, "check"):
        yield from (_error("E023", f"CAPTURE: {problem}") for problem in sink_class().check())
    else:
        yield _error("E021", f"CAPTURE['SINK']: {settings.capture.sink!r} is not a Sink.")


def _importable(number: str, where: str, path: str) -> Iterator[CheckMessage]:
    try:
        import_string(path)
    except Exception as error:  # a module may fail at import with anything
        yield _error(number, f"{where}: {path!r} cannot be imported: {_words(error)}")


def _middleware(settings: conf.Settings) -> Iterator[CheckMessage]:
    del settings
    if MIDDLEWARE not in django_settings.MIDDLEWARE:
        yield _warning("W001", f"{MIDDLEWARE} is not in MIDDLEWARE.", "Add it behind the session middleware.")


def _database(settings: conf.Settings) -> Iterator[CheckMessage]:
    del settings
    yield from (_warning(*problem) for problem in database_checks.problems())
    yield from (_error("E031", message) for message in database_checks.scattered())


def _time_zones(settings: conf.Settings) -> Iterator[CheckMessage]:
    del settings
    if not django_settings.USE_TZ:
        message = "USE_TZ is off: the database's clock, which leases go by, would be read as local time."
        yield _error("E030", f"{message} Set USE_TZ = True.")


def _celery(settings: conf.Settings) -> Iterator[CheckMessage]:
    if settings.generate.driver == "celery":
        yield from (_warning(*problem) for problem in celery_checks.problems(current_app.conf, settings.generate))


def _patience(settings: conf.Settings) -> Iterator[CheckMessage]:
    generate = settings.generate
    # A lease is renewed at the first token after a third of it; a pause may begin just before, with two left.
    if generate.hang_seconds * 3 > generate.lease_seconds * 2:
        message = f"HANG_SECONDS ({generate.hang_seconds}) is above two thirds of LEASE_SECONDS"
        hint = f"Make LEASE_SECONDS {math.ceil(generate.hang_seconds * 1.5)} or more."
        yield _warning("W017", f"GENERATE: {message} ({generate.lease_seconds}).", hint)
    if generate.load_seconds < generate.hang_seconds:
        message = f"LOAD_SECONDS ({generate.load_seconds}) is below HANG_SECONDS ({generate.hang_seconds})."
        yield _warning("W018", f"GENERATE: {message}", "A process that loads its model is ended after LOAD_SECONDS.")


def _monitoring(settings: conf.Settings) -> Iterator[CheckMessage]:
    token = settings.monitoring.metrics_token
    if 0 < len(token) < TOKEN_CHARACTERS:
        message = f"MONITORING['METRICS_TOKEN'] has {len(token)} characters."
        yield _warning("W008", message, f"Make it {TOKEN_CHARACTERS} or more: `openssl rand -hex 32`.")
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR", "")
    if folder and not os.access(folder, os.W_OK | os.X_OK):
        message = f"PROMETHEUS_MULTIPROC_DIR: {folder!r} is no folder that can be written to."
        yield _warning("W009", message, "Make it before the first process starts, for the user they all run as.")


def _page_names(settings: conf.Settings) -> Iterator[CheckMessage]:
    chosen = {"PRODUCT_VIEWS": settings.capture.product_views, "SEARCH_VIEWS": settings.capture.search_views}
    if not any(chosen.values()):
        return
    known: dict[str, set[str]] = defaultdict(set)
    for name, arguments in named_urls(get_resolver().url_patterns):
        known[name] |= arguments
    for key, views in chosen.items():
        for name in views:
            if name not in known:
                yield _warning("W005", f"CAPTURE[{key!r}]: no URL is named {name!r}.", _nearest(str(name), known))
    for name, argument in settings.capture.product_views.items():
        if name in known and argument not in known[name]:
            message = f"CAPTURE['PRODUCT_VIEWS']: the URL {name!r} has no argument {argument!r}."
            yield _warning("W005", message, _nearest(str(argument), known[name]))


def _privacy(settings: conf.Settings) -> Iterator[CheckMessage]:
    yield from (_warning(*problem) for problem in privacy_checks.problems(settings))


_CHECKS: tuple[_Check, ...] = (
    _length_pairs, _backend_aliases, _sampling_keys, _catalog, _backend_classes, _models,
    _sink_class, _sink, _middleware, _database, _time_zones, _celery, _page_names, _patience, _monitoring,
    _privacy,
)  # fmt: skip


def _error(number: str, message: str) -> Error:
    return Error(message, hint=None, obj=None, id=_id(number))


def _warning(number: str, message: str, hint: str) -> Warning:
    return Warning(message, hint=hint, obj=None, id=_id(number))


def _id(number: str) -> str:
    if number not in MEANINGS:
        raise KeyError(number)
    return f"ecom_llm.{number}"


def _nearest(name: str, known: Iterable[Any]) -> str:
    names = sorted(str(item) for item in known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    return f"Did you mean {close[0]!r}?" if close else f"Known: {', '.join(names)}."


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
