"""Describes an endpoint for the OpenAPI schema, whatever schema class the shop has set for its own endpoints."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

Method = TypeVar("Method", bound=Callable[..., Any])
ERROR_REFERENCE = "#/components/schemas/Error"


class ErrorSerializer(serializers.Serializer[dict[str, Any]]):
    """Why a request was refused, in words."""

    detail = serializers.CharField()


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


def add_refusals(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """A hook of drf-spectacular's: to each operation the refusals that follow from what it takes.

    What only one endpoint refuses is named where that endpoint is described.
    """
    for path, operations in result["paths"].items():
        for method, operation in operations.items():
            refusals = {status: _refusal(status, words) for status, words in _refusals(path, method, operation)}
            operation["responses"] = dict(sorted((refusals | operation["responses"]).items()))
    return result


def _refusals(path: str, method: str, operation: dict[str, Any]) -> Iterator[tuple[str, str]]:
    body = operation.get("requestBody", {}).get("content", {})
    if body or any(parameter["in"] == "query" for parameter in operation.get("parameters", ())):
        yield "400", "A parameter or the body is wrong; the answer names the field."
    if method != "get" or {} not in operation.get("security", [{}]):
        yield "403", "Not permitted, a CSRF token is missing, or the request comes from another site."
    if "{" in path or any(parameter["name"] == "page" for parameter in operation.get("parameters", ())):
        yield "404", "There is no such thing."
    if "application/json" in body:
        yield "413", "The body is too long."
    if body:
        yield "415", "The body is of a type that is not read here."
    if {} in operation.get("security", [{}]):
        yield "429", "Too often; `Retry-After` says how long to wait."


def _refusal(status: str, words: str) -> dict[str, Any]:
    schema = {"type": "object", "additionalProperties": {}} if status == "400" else {"$ref": ERROR_REFERENCE}
    return {"description": words, "content": {"application/json": {"schema": schema}}}


def add_server(result: dict[str, Any], request: Request | None, **_: Any) -> dict[str, Any]:
    """A hook of drf-spectacular's: where this shop has mounted the addresses, which the paths leave out."""
    if request is not None:
        result["servers"] = [{"url": request.path.removesuffix("/api/v1/schema/") or "/"}]
    return result
