"""Turns our own errors into answers with a status and a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import exception_handler

from ecom_llm.exceptions import ProductNotFoundError, TransitionError


class PayloadTooLarge(exceptions.APIException):
    """The body is longer than this endpoint reads."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "payload_too_large"


class Conflict(exceptions.APIException):
    """The version is no longer in a state that permits this."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "conflict"


class Unavailable(exceptions.APIException):
    """What this needs, such as the database, does not answer just now."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_code = "unavailable"


def handle_error(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """REST framework's exception handler, with our errors mapped to 404 and 409."""
    if isinstance(error, ProductNotFoundError):
        error = exceptions.NotFound(str(error))
    elif isinstance(error, TransitionError):
        error = Conflict(str(error))
    return exception_handler(error, dict(context))
