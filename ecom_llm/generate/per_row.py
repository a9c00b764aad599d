"""A number for each row, for an update of many rows in one statement."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Field, Func
from django.db.models.sql.compiler import SQLCompiler


class PerRow(Func):
    """`CASE id WHEN 1 THEN 20 WHEN 2 THEN 30 ELSE 0 END`.

    Django's own `Case` resolves and compiles a condition for each row, which costs more than the update itself.
    """

    def __init__(self, numbers: Mapping[int, float], output_field: Field[Any, Any]) -> None:
        """Spell the numbers out.

        Args:
            numbers: by primary key, at least one; a row that is not among them gets 0.
            output_field: the type of the numbers.
        """
        super().__init__("pk", output_field=output_field)
        self._numbers = dict(numbers)

    def as_sql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, *_: Any, **__: Any
    ) -> tuple[str, tuple[Any, ...]]:
        """The expression and its parameters."""
        key, parameters = compiler.compile(self.get_source_expressions()[0])
        branches = " ".join("WHEN %s THEN %s" for _ in self._numbers)
        numbers = (value for pair in self._numbers.items() for value in pair)
        return f"CASE {key} {branches} ELSE 0 END", (*parameters, *numbers)
