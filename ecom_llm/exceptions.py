"""Every error this app raises, in one tree under `EcomLLMError`."""

from __future__ import annotations

from django.core.exceptions import ImproperlyConfigured


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


class ModelFileError(BackendError, ImproperlyConfigured):
    """The model's files are missing or of a kind that is refused."""


class LeaseLostError(EcomLLMError):
    """The job's lease lapsed or was taken over; what this worker made of it is thrown away."""


class TransitionError(EcomLLMError, ValueError):
    """A version cannot go from its state to the one asked for."""


class PromptError(EcomLLMError, ValueError):
    """A prompt template cannot be read."""
