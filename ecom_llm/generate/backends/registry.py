"""One backend of each alias in a process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.module_loading import import_string

from ecom_llm import conf
from ecom_llm.entities import Kind
from ecom_llm.exceptions import ConfigurationError
from ecom_llm.generate.backends.base import Backend

_backends: dict[str, tuple[Mapping[str, Any], Backend]] = {}


def get_backend(alias: str = "default") -> Backend:
    """The backend of an alias, made on first use and again whenever its settings change.

    Raises:
        ConfigurationError: there is no such alias, or its class cannot be imported.
    """
    params = conf.get_settings().backends.get(alias)
    if params is None:
        known = ", ".join(sorted(conf.get_settings().backends))
        raise ConfigurationError(f"BACKENDS has no alias {alias!r}. Known: {known}.")
    cached = _backends.get(alias)
    if cached is None or cached[0] is not params:
        cached = _backends[alias] = (params, _make(alias, params))
    return cached[1]


def backend_for(kind: Kind) -> Backend:
    """The backend that `GENERATE["BACKENDS"]` names for a kind."""
    return get_backend(conf.get_settings().generate.backends.get(kind, "default"))


def _make(alias: str, params: Mapping[str, Any]) -> Backend:
    try:
        backend_class = import_string(params["BACKEND"])
    except ImportError as error:
        raise ConfigurationError(f"BACKENDS[{alias!r}]: {params['BACKEND']} cannot be imported: {error}") from error
    if not (isinstance(backend_class, type) and issubclass(backend_class, Backend)):
        raise ConfigurationError(f"BACKENDS[{alias!r}]: {params['BACKEND']} is not a Backend.")
    try:
        return backend_class(alias, params)
    except ConfigurationError:
        raise
    except Exception as error:
        raise ConfigurationError(f"BACKENDS[{alias!r}] cannot be made: {type(error).__name__}: {error}") from error
