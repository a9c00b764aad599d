"""Every error this app raises, in one tree under `EcomLLMError`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.core.exceptions import ImproperlyConfigured
from django.db import InterfaceError, InternalError, OperationalError, ProgrammingError

if TYPE_CHECKING:
    from ecom_llm.entities import Completion

# What a database that is gone, restarting or read-only raises; errors in what is written are others.
DATABASE_AWAY = (OperationalError, InterfaceError, InternalError)
# The same, or tables that are not what this code expects, as between a deployment and its `migrate`, or a role without
# the right to them: no fault of what is to be written, which waits. On SQLite these are operational errors.
DATABASE_UNREADY = (*DATABASE_AWAY, ProgrammingError)


class EcomLLMError(Exception):
    """Something in ecom_llm went wrong."""

    def __init__(self, message: str = "") -> None:
        # An exception's docstring is its default message.
        super().__init__(message or (type(self).__doc__ or "").strip().splitlines()[0])


class ConfigurationError(EcomLLMError, ImproperlyConfigured):
    """A setting is wrong."""


class FieldMapError(ConfigurationError):
    """The catalogue's field map names something that the product model does not have."""


class ProductNotFoundError(EcomLLMError, LookupError):
    """The catalogue has no such product."""


class BackendError(EcomLLMError):
    """The backend could not generate."""


class BackendBusyError(BackendError):
    """The backend has no room at the moment; what it did not make goes back unspent.

    Attributes:
        completions: one for each prompt, in order; None for those that were turned away.
        retry_after_seconds: how long to leave it alone.
    """

    def __init__(
        self, message: str = "", *, completions: Sequence[Completion | None] = (), retry_after_seconds: float = 0.0
    ) -> None:
        super().__init__(message)
        self.completions = completions
        self.retry_after_seconds = retry_after_seconds


class PromptTooLongError(BackendError):
    """Some prompts of a batch leave no room for a completion; the others would.

    Attributes:
        indices: of those prompts in the batch.
    """

    def __init__(self, message: str = "", *, indices: Sequence[int] = ()) -> None:
        super().__init__(message)
        self.indices = frozenset(indices)


class BackendMemoryError(BackendError):
    """The batch does not fit into memory; a smaller one may."""


class BackendBrokenError(BackendError):
    """The device is beyond repair in this process (a sticky CUDA error); only a new process helps."""


class ModelLoadError(BackendBrokenError):
    """The model could not be loaded just now (a hub or a disk away, no memory left); a new process may."""


class ModelFileError(BackendError, ImproperlyConfigured):
    """The model's files are missing or of a kind that is refused."""


class StreamAwayError(EcomLLMError):
    """Redis, which holds the stream of events, cannot be used just now."""


class LeaseLostError(EcomLLMError):
    """The job's lease lapsed or was taken over; what this worker made of it is thrown away."""


class DeadlineError(EcomLLMError):
    """A batch ran longer than it may; its jobs are tried again one by one."""


class TransitionError(EcomLLMError, ValueError):
    """A version cannot go from its state to the one asked for."""


class PromptError(EcomLLMError, ValueError):
    """A prompt template cannot be read."""


class ImportFileError(EcomLLMError, ValueError):
    """A file of events cannot be imported."""
