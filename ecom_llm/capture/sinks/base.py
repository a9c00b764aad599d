"""The contract of a sink, and the one that the settings name."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

from django.utils.module_loading import import_string

from ecom_llm import conf
from ecom_llm.capture.forks import ProcessLock
from ecom_llm.entities import EventRecord
from ecom_llm.exceptions import ConfigurationError

MakeEvents = Callable[[], Sequence[EventRecord]]


class Sink(ABC):
    """Takes events on a request's time, so it must be quick. One object serves all threads of a process."""

    is_quick: bool = False
    """Whether `write` touches memory only, so that it may be called within an event loop."""

    puts_off: bool = False
    """Whether `put_off` leaves events to be made by another thread than the shopper's own."""

    shares_transaction: bool = False
    """Whether `write` writes into the shop's open transaction; a sink that does not is handed events at the commit."""

    @abstractmethod
    def write(self, records: Sequence[EventRecord]) -> int:
        """Take events. Writing one twice must come to the same as writing it once.

        Args:
            records: each has its id.

        Returns:
            How many were taken. A sink counts what it drops itself, as ``events.dropped.<reason>``.

        Raises:
            Exception: none was taken; the caller counts them as dropped.
        """

    def put_off(self, make: MakeEvents) -> None:
        """Have events made and written by another thread than the shopper's own; called where `puts_off` says so.

        Args:
            make: makes the events, none for a robot or a repeat.
        """
        raise NotImplementedError

    def flush(self) -> int:
        """Pass on what is held in memory; called every `CAPTURE["FLUSH_SECONDS"]` and when the process ends.

        Returns:
            How many the database took; the thread keeps its connection for a while after any.
        """
        return 0

    def held_of(self, visitor: str) -> Sequence[EventRecord]:
        """A visitor's events that were taken and may not be in the table yet, so that their next page knows of them.

        Called on a request's time, so it must be quick, and before the table is asked: some may be there by now.

        Args:
            visitor: their key, not empty.
        """
        return ()

    @property
    def held(self) -> int:
        """Events that this process holds in memory, which end with it."""
        return 0

    def check(self) -> list[str]:
        """What is wrong with the settings that this sink reads, for `manage.py check`; connects to nothing."""
        return []


_cached: tuple[str, Sink] | None = None
_making = ProcessLock()


def get_sink() -> Sink:
    """The sink that `CAPTURE["SINK"]` names, made once.

    Raises:
        ConfigurationError: it cannot be imported or is no sink.
    """
    path = conf.get_settings().capture.sink
    cached = _cached
    if cached is None or cached[0] != path:
        cached = _made(path)
    return cached[1]


def made_sink() -> Sink | None:
    """The sink, if this process has made one; None before its first event."""
    return _cached[1] if _cached is not None else None


def _made(path: str) -> tuple[str, Sink]:
    """Make it unless another thread has just done so: what one of two sinks holds would never be written."""
    global _cached
    with _making:
        if _cached is None or _cached[0] != path:
            _cached = (path, _make_sink(path))
        return _cached


def _make_sink(path: str) -> Sink:
    try:
        sink_class = import_string(path)
    except ImportError as error:
        raise ConfigurationError(f"CAPTURE['SINK']: {path} cannot be imported: {error}") from error
    if not (isinstance(sink_class, type) and issubclass(sink_class, Sink)):
        raise ConfigurationError(f"CAPTURE['SINK']: {path} is not a Sink.")
    return sink_class()
