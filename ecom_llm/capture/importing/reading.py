"""Reads lines as rows of values, whatever the format; what cannot be read is told, and the next line is."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from operator import itemgetter
from typing import Any, NamedTuple

from ecom_llm.capture.importing.columns import COLUMNS
from ecom_llm.capture.importing.foreign import DECIMAL_COMMA_DELIMITER, record_of, with_point
from ecom_llm.capture.importing.lines import HAS_NUL, Lines, RecordTooLongError
from ecom_llm.capture.importing.source import BYTE_ORDER_MARK, Layout

_KNOWN = frozenset(COLUMNS)


class Row(NamedTuple):
    """A record of the file.

    Attributes:
        line: the number of its first line.
        values: in the order of `COLUMNS`, an absent one as an empty text; empty when it cannot be read.
        problem: why not.
        excerpt: what stands there instead.
    """

    line: int
    values: tuple[str, ...]
    problem: str = ""
    excerpt: str = ""

    @property
    def record(self) -> dict[str, str]:
        """What the file says, for people."""
        if self.problem:
            return {"text": self.excerpt}
        return {name: value for name, value in zip(COLUMNS, self.values, strict=True) if value}


def rows_of(lines: Lines, layout: Layout) -> Iterator[Row]:
    """Read the rest of the lines.

    After each row, `lines.offset` is where the next begins. Empty lines are passed over.

    Args:
        lines: at a record's beginning.
        layout: of the file.

    Raises:
        EOFError: a compressed file ends too soon; zlib.error, OSError: it cannot be read.
    """
    return _csv_rows(lines, layout) if layout.format == "csv" else _json_rows(lines)


def _csv_rows(lines: Lines, layout: Layout) -> Iterator[Row]:
    # Strict: a quote that is never closed would otherwise make one value of the lines that follow.
    reader = csv.reader(lines, delimiter=layout.delimiter, strict=True)
    width = len(layout.columns)
    pick = _picker(layout)
    while True:
        lines.begin_record()
        is_header = lines.offset == 0
        try:
            values = next(reader, None)
        except RecordTooLongError:
            yield _broken_csv(lines, lines.problem)
            continue
        except csv.Error as error:
            yield _broken_csv(lines, f"not CSV: {error}")
            continue
        if values is None:
            return
        if not values or is_header:
            continue
        if lines.problem:
            yield Row(lines.first_number, (), lines.problem, lines.excerpt())
        elif len(values) != width:
            yield Row(lines.first_number, (), "has another number of values than the header", lines.excerpt())
        else:
            values.append("")
            yield Row(lines.first_number, pick(values))


def _picker(layout: Layout) -> Callable[[list[str]], tuple[str, ...]]:
    """Make what brings a line's values, and one more that is empty, into the order of `COLUMNS`."""
    places = [layout.columns.index(name) if name in layout.columns else -1 for name in COLUMNS]
    pick: Callable[[list[str]], tuple[str, ...]] = itemgetter(*places)
    if layout.delimiter != DECIMAL_COMMA_DELIMITER or "value" not in layout.columns:
        return pick
    at = layout.columns.index("value")

    def pick_with_point(values: list[str]) -> tuple[str, ...]:
        values[at] = with_point(values[at])
        return pick(values)

    return pick_with_point


def _broken_csv(lines: Lines, problem: str) -> Row:
    row = Row(lines.first_number, (), problem, lines.excerpt())
    lines.give_up_rest()
    return row


def _json_rows(lines: Lines) -> Iterator[Row]:
    # Numbers are kept as they are written: 10.10 is no float, and an id of twenty digits no other id.
    decode = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str).decode
    while True:
        lines.begin_record()
        try:
            line = next(lines, None)
        except RecordTooLongError:
            yield Row(lines.first_number, (), lines.problem, lines.excerpt())
            continue
        if line is None:
            return
        if lines.first_number == 1:
            line = line.removeprefix(BYTE_ORDER_MARK)
        if lines.problem:
            yield Row(lines.first_number, (), lines.problem, lines.excerpt())
        elif line.strip():
            values, problem = _values_of(decode, line)
            yield Row(lines.first_number, values, problem, lines.excerpt() if problem else "")


def _values_of(decode: Any, line: str) -> tuple[tuple[str, ...], str]:
    try:
        found = decode(line)
    except RecursionError:
        return (), "not JSON: nested too deeply"
    except ValueError:
        return (), "not JSON"
    if not isinstance(found, dict):
        return (), "not a JSON object"
    found = record_of(found)
    if not found.keys() <= _KNOWN:
        return (), f"has an unknown column; known are {', '.join(COLUMNS)}"
    values = tuple(["" if (value := found.get(name)) is None else value for name in COLUMNS])
    try:
        # Fails if one is no text, or holds half of a surrogate pair.
        joined = "".join(values).encode()
    except TypeError:
        return (), "a value is neither text nor a number"
    except UnicodeEncodeError:
        return (), "holds half of a surrogate pair"
    return ((), HAS_NUL) if b"\0" in joined else (values, "")
