"""Hands out a file's lines and knows at every moment which bytes are done with."""

from __future__ import annotations

import zlib
from collections import deque
from collections.abc import Iterator
from typing import IO, NamedTuple

from ecom_llm.exceptions import ImportFileError

# The longest line, and the longest record of several lines, that is held in memory.
MAX_RECORD_BYTES = 65_536
CHUNK_BYTES = 1_048_576

NOT_UTF8 = "not UTF-8"
HAS_NUL = "holds a NUL character"
NOT_CLOSED = "a quote is opened and not closed"
TOO_LONG = f"longer than {MAX_RECORD_BYTES:,} bytes"


class RecordTooLongError(Exception):
    """The record is too long to be held."""


class Place(NamedTuple):
    """A place between two lines.

    Attributes:
        offset: bytes before it.
        number: lines before it.
        checksum: CRC-32 of those bytes.
    """

    offset: int
    number: int
    checksum: int


class Lines(Iterator[str]):
    """The lines of a stream, decoded.

    Attributes:
        offset: bytes handed out so far.
        number: lines handed out so far.
        checksum: CRC-32 of those bytes.
        problem: what is wrong with a line of the record being read; empty when nothing is.
        first_number: of the record's first line.
        record_start: where the record begins.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        """Hand out nothing yet.

        Args:
            stream: from its first byte on.
        """
        self._stream = stream
        self._pushed: deque[bytes] = deque()
        self._held: list[bytes] = []
        self._held_bytes = 0
        # Offset, number and checksum after the record's first line.
        self._after_first = Place(0, 0, 0)
        self.offset = 0
        self.number = 0
        self.checksum = 0
        self.problem = ""
        self.first_number = 1
        self.record_start = Place(0, 0, 0)

    @property
    def place(self) -> Place:
        """How far they are handed out."""
        return Place(self.offset, self.number, self.checksum)

    def __next__(self) -> str:
        """The next line with its end.

        Raises:
            RecordTooLongError: the line, or the record that it would go on with, is too long.
            EOFError: a compressed file ends too soon; zlib.error, OSError: it cannot be read.
        """
        if self._held_bytes > MAX_RECORD_BYTES:
            self.problem = NOT_CLOSED
            raise RecordTooLongError
        line = self._pushed.popleft() if self._pushed else self._stream.readline(MAX_RECORD_BYTES + 1)
        if not line:
            raise StopIteration
        self._pass(line)
        self.number += 1
        self._held.append(line)
        self._held_bytes += len(line)
        if len(self._held) == 1:
            self._after_first = self.place
        if len(line) > MAX_RECORD_BYTES:
            self._skip_line()
        if b"\0" in line:
            self.problem = self.problem or HAS_NUL
        try:
            return line.decode()
        except UnicodeDecodeError:
            self.problem = self.problem or NOT_UTF8
            return line.decode("utf-8", "replace")

    def begin_record(self) -> None:
        """Note that the next line begins a record."""
        self._held.clear()
        self._held_bytes = 0
        self.problem = ""
        self.first_number = self.number + 1
        self.record_start = self.place

    def excerpt(self) -> str:
        """The beginning of the record's first line, for people."""
        return self._held[0][:1000].decode("utf-8", "replace").rstrip("\r\n") if self._held else ""

    def give_up_rest(self) -> None:
        """Hand out the record's lines behind the first again: only that one is broken."""
        if len(self._held) > 1:
            self._pushed.extendleft(reversed(self._held[1:]))
            self.offset, self.number, self.checksum = self._after_first

    def skip_to(self, place: Place) -> None:
        """Pass over what an earlier run has done.

        Raises:
            ImportFileError: the bytes before the place are not the same any more.
            EOFError: a compressed file ends too soon; zlib.error, OSError: it cannot be read.
        """
        last = b"\n"
        while self.offset < place.offset:
            chunk = self._stream.read(min(CHUNK_BYTES, place.offset - self.offset))
            if not chunk:
                break
            self._pass(chunk)
            last = chunk[-1:]
        if (self.offset, self.checksum) != (place.offset, place.checksum):
            raise ImportFileError("The file has changed in lines that were read already.")
        self.number = place.number
        if last != b"\n":
            self._pass_line_end()

    def _pass_line_end(self) -> None:
        """After a last line that had no end: the file may go on with one, not with more of that line."""
        line = self._stream.readline(MAX_RECORD_BYTES)
        if line.strip(b"\r\n"):
            raise ImportFileError("The last line was not complete when it was read; now it goes on.")
        self._pass(line)

    def _pass(self, data: bytes) -> None:
        self.offset += len(data)
        self.checksum = zlib.crc32(data, self.checksum)

    def _skip_line(self) -> None:
        """Pass over the rest of a long line without holding it."""
        chunk = self._held[-1]
        while chunk and not chunk.endswith(b"\n"):
            chunk = self._stream.readline(CHUNK_BYTES)
            self._pass(chunk)
        del self._held[1:]
        self._held_bytes = 0
        self.problem = TOO_LONG
        raise RecordTooLongError
