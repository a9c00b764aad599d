"""Describes an endpoint for the OpenAPI schema, whatever schema class the shop has set for its own endpoints."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import extend_schema

Method = TypeVar("Method", bound=Callable[..., Any])


def documented(operation_id: str, **description: Any) -> Callable[[Method], Method]:
    """Decorate a view's method.

    Args:
        operation_id: its name in the schema.
        description: what drf-spectacular's `extend_schema` takes.
    """

    def decorate(method: Method) -> Method:
        # Where a method names no schema class of its own, `extend_schema` builds on the shop's default one.
        context = getattr(method, "kwargs", {})
        context.setdefault("schema", AutoSchema)
        method.kwargs = context  # type: ignore[attr-defined]
        return extend_schema(operation_id=operation_id, **description)(method)

    return decorate
