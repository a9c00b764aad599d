"""The contract of a sink, and the one that the settings name."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from django.utils.module_loading import import_string

from ecom_llm import conf
from ecom_llm.exceptions import ConfigurationError
from ecom_llm.models import Event


class Sink(ABC):
    """Takes events on a request's time, so it must be quick."""

    @abstractmethod
    def write(self, events: Sequence[Event]) -> None:
        """Take events.

        Writing an event twice must come to the same as writing it once.

        Args:
            events: unsaved rows; each has its id.

        Raises:
            Exception: they were not taken; the caller counts them as dropped.
        """


_cached: tuple[str, Sink] | None = None


def get_sink() -> Sink:
    """The sink that `CAPTURE["SINK"]` names, made once.

    Raises:
        ConfigurationError: it cannot be imported or is no sink.
    """
    global _cached
    path = conf.get_settings().capture.sink
    if _cached is None or _cached[0] != path:
        _cached = (path, _make_sink(path))
    return _cached[1]


def _make_sink(path: str) -> Sink:
    try:
        sink_class = import_string(path)
    except ImportError as error:
        raise ConfigurationError(f"CAPTURE['SINK']: {path} cannot be imported: {error}") from error
    if not (isinstance(sink_class, type) and issubclass(sink_class, Sink)):
        raise ConfigurationError(f"CAPTURE['SINK']: {path} is not a Sink.")
    return sink_class()
