"""The one catalogue that the settings name."""

from __future__ import annotations

from django.utils.module_loading import import_string

from ecom_llm import conf
from ecom_llm.catalog.adapters.base import CatalogAdapter
from ecom_llm.exceptions import ConfigurationError

_cached: tuple[conf.Catalog, CatalogAdapter] | None = None


def get_catalog() -> CatalogAdapter:
    """The adapter that `ECOM_LLM["CATALOG"]` names, made once and again whenever the setting changes.

    Raises:
        ConfigurationError: the adapter cannot be imported, is no adapter, or refuses its options.
    """
    global _cached
    settings = conf.get_settings().catalog
    if _cached is None or _cached[0] is not settings:
        _cached = (settings, make_catalog(settings))
    return _cached[1]


def make_catalog(settings: conf.Catalog) -> CatalogAdapter:
    """Make the adapter that the settings name; see `get_catalog`."""
    try:
        adapter_class = import_string(settings.adapter)
    except ImportError as error:
        raise ConfigurationError(f"CATALOG['ADAPTER']: {settings.adapter} cannot be imported: {error}") from error
    if not (isinstance(adapter_class, type) and issubclass(adapter_class, CatalogAdapter)):
        raise ConfigurationError(f"CATALOG['ADAPTER']: {settings.adapter} is not a CatalogAdapter.")
    return adapter_class(settings.options)
