"""Reads a fact from a shop's object: a field, a dotted path, a callable, or a dotted path of a callable."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from typing import Any

from django.core.exceptions import FieldDoesNotExist, ObjectDoesNotExist
from django.db import models
from django.utils.module_loading import import_string

from ecom_llm.exceptions import FieldMapError
from ecom_llm.traces import trace_of

logger = logging.getLogger(__name__)

Source = str | Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class FieldReader:
    """One entry of a field map.

    Attributes:
        source: as the shop wrote it, for messages and for `Fact.source`.
        get: gives the value of an object, None where there is none; may raise whatever the shop's code raises.
    """

    source: str
    get: Callable[[Any], Any]

    def read(self, obj: Any) -> Any:
        """The value; None, and a log line, where the shop's own code fails on this object.

        One product with a hole in its data must not take a page, a worker or a learning run along.
        """
        try:
            return self.get(obj)
        except Exception as error:
            logger.error(  # noqa: TRY400 - the exception's words may hold a fact
                "%s failed for %s %s; it counts as absent: %s",
                self.source, type(obj).__name__, obj.pk, trace_of(error),
            )  # fmt: skip
            return None


def make_reader(model: type[models.Model], name: str, source: Source) -> FieldReader:
    """Compile one entry.

    Args:
        model: the shop's product model.
        name: the entry's key, for messages.
        source: a field or attribute (``title``), a dotted path (``category.name``, ``specs.weight`` into a JSON
            field), a callable that takes the object, or ``module:function`` naming one.

    Raises:
        FieldMapError: the model has no such field, or the function cannot be imported.
    """
    if callable(source):
        return FieldReader(getattr(source, "__qualname__", repr(source)), source)
    if not isinstance(source, str) or not source:
        raise FieldMapError(f"{name}: {source!r} is neither a field nor a callable.")
    if ":" in source:
        return FieldReader(source, _import_function(name, source))
    _require_field(model, name, source)
    parts = source.split(".")
    return FieldReader(source, lambda obj: _follow(obj, parts))


def as_text(value: Any) -> str:
    """A fact's value as a shopper would read it; empty for None and for what says nothing."""
    if isinstance(value, str):
        return " ".join(value.split())
    if value is None or isinstance(value, Mapping):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal | float):
        return f"{value:f}".rstrip("0").rstrip(".") if "." in f"{value:f}" else f"{value:f}"
    if isinstance(value, list | tuple | set):
        return ", ".join(filter(None, (as_text(item) for item in value)))
    return " ".join(str(value).split())


def as_price(value: Any) -> Decimal | None:
    """A price; None for None and for an empty text.

    Raises:
        ArithmeticError: it is no number.
    """
    return None if value is None or value == "" else Decimal(str(value))


def _import_function(name: str, source: str) -> Callable[[Any], Any]:
    try:
        function = import_string(source.replace(":", "."))
    except ImportError as error:
        raise FieldMapError(f"{name}: {source!r} cannot be imported: {error}") from error
    if not callable(function):
        raise FieldMapError(f"{name}: {source!r} is not callable.")
    found: Callable[[Any], Any] = function
    return found


def _require_field(model: type[models.Model], name: str, source: str) -> None:
    """Follow the path over the models as far as they tell; below a JSON field or a property anything may be."""
    current: type[models.Model] = model
    for part in source.split("."):
        try:
            field = current._meta.get_field(part)
        except FieldDoesNotExist:
            if hasattr(current, part):
                return
            known = ", ".join(sorted(item.name for item in current._meta.get_fields()))
            raise FieldMapError(
                f"{name}: {current.__name__} has no field {part!r} (in {source!r}). Its fields are: {known}."
            ) from None
        if not isinstance(field.related_model, type):
            return
        current = field.related_model


def _follow(obj: Any, parts: Sequence[str]) -> Any:
    try:
        return reduce(_step, parts, obj)
    except ObjectDoesNotExist:
        return None


def _step(obj: Any, part: str) -> Any:
    if obj is None:
        return None
    # A model first: to ask whether something is a mapping takes as long as all the rest.
    if not isinstance(obj, models.Model) and isinstance(obj, Mapping):
        return obj.get(part)
    value = getattr(obj, part, None)
    return value() if callable(value) and not isinstance(value, models.Manager) else value
