"""Writes down the lines that cannot be used, each with the reason; a run that goes on repeats none."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from ecom_llm.capture.importing.lines import MAX_RECORD_BYTES
from ecom_llm.capture.importing.reading import Row
from ecom_llm.exceptions import ImportFileError

# A record as JSON: each character may take six.
_MAX_LINE_BYTES = 8 * MAX_RECORD_BYTES


class RowRejectedError(Exception):
    """The row is no event; the message says why, without its values, so that like reasons count together."""


class RejectedFile:
    """The file of rejected lines, one JSON object each; made with the first of them."""

    def __init__(self, path: Path) -> None:
        """Touch nothing yet.

        Args:
            path: of the file.
        """
        self.path = path
        self._stream: IO[bytes] | None = None

    def cut_back(self, done_lines: int) -> None:
        """Take out what does not belong to the lines that earlier runs are done with.

        Args:
            done_lines: how many those are; with 0 it begins anew.

        Raises:
            ImportFileError: what is there is no file of rejected lines, or cannot be written.
        """
        if not self.path.exists():
            return
        with self._errors_told(), self.path.open("r+b") as stream:
            stream.truncate(_bytes_to_keep(stream, self.path, done_lines))

    def write(self, rows: Sequence[tuple[Row, str]]) -> None:
        """Write rows with their reasons, and hand them to the operating system, so that they outlive this process.

        Raises:
            ImportFileError: it cannot be written.
        """
        if not rows:
            return
        with self._errors_told():
            if self._stream is None:
                self._stream = self.path.open("ab")
            for row, reason in rows:
                line = json.dumps({"line": row.line, "reason": reason, "record": row.record})
                self._stream.write(line.encode() + b"\n")
            self._stream.flush()

    def close(self) -> None:
        """Close it."""
        if self._stream is not None:
            self._stream.close()

    @contextmanager
    def _errors_told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise ImportFileError(
                f"{self.path} cannot be written: {error.strerror}. Name another with --rejected."
            ) from error


def _bytes_to_keep(stream: IO[bytes], path: Path, done_lines: int) -> int:
    """How much is about lines that are done; a killed run may have written beyond, and half a line at last."""
    kept = 0
    while line := stream.readline(_MAX_LINE_BYTES):
        number = _line_number(line)
        if number is None and kept == 0:
            raise ImportFileError(f"{path} is there and is no file of rejected lines. Name another with --rejected.")
        if number is None or number > done_lines:
            break
        kept += len(line)
    return kept


def _line_number(line: bytes) -> int | None:
    try:
        number = json.loads(line)["line"]
    except (ValueError, TypeError, KeyError):
        return None
    return number if isinstance(number, int) and line.endswith(b"\n") else None
