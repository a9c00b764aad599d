"""Opens a file of events, and finds out from its first lines how it is to be read."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from ecom_llm.capture.importing.columns import check_columns, known_among
from ecom_llm.capture.importing.foreign import is_rejected_line
from ecom_llm.capture.importing.lines import MAX_RECORD_BYTES, Lines, RecordTooLongError
from ecom_llm.exceptions import ImportFileError

if TYPE_CHECKING:
    from typing_extensions import Buffer

BYTE_ORDER_MARK = "\ufeff"
GZIP_MAGIC = b"\x1f\x8b"
# An .xlsx is one.
ZIP_MAGIC = b"PK\x03\x04"
BUFFER_BYTES = 1_048_576
DELIMITERS = (",", ";", "\t", "|")
FORMATS = {
    ".csv": "csv", ".tsv": "csv", ".txt": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl",
}  # fmt: skip
SPREADSHEETS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods", ".numbers")
DAMAGED = (EOFError, zlib.error, OSError)
_AS_CSV = "save it as CSV in your spreadsheet program, and import that."


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file is to be read.

    Attributes:
        format: ``csv`` or ``jsonl``.
        delimiter: between the values of a CSV line.
        columns: of a CSV file, in its order.
        mark: a hash of the first two lines, which stay what they are when the file grows.
    """

    format: str
    delimiter: str
    columns: tuple[str, ...]
    mark: str


@dataclass(slots=True)
class Source:
    """An open file.

    Attributes:
        raw: the file on the disk.
        lines: what is in it, unpacked.
        size: of the file on the disk, in bytes.
    """

    raw: IO[bytes]
    lines: Lines
    size: int

    @property
    def position(self) -> int:
        """How far the file on the disk has been read, in bytes."""
        return self.raw.tell()


@contextmanager
def opened(path: Path) -> Iterator[Source]:
    """Open a file, compressed by gzip or not; a byte order mark is passed over.

    Raises:
        ImportFileError: there is no such file, or it cannot be read.
    """
    _check_path(path)
    try:
        raw = path.open("rb", buffering=BUFFER_BYTES)
    except OSError as error:
        raise ImportFileError(f"{path} cannot be read: {error.strerror}.") from error
    with raw:
        magic = raw.read(4)
        raw.seek(0)
        if magic == ZIP_MAGIC:
            raise ImportFileError(f"{path} is a spreadsheet or another ZIP archive: {_AS_CSV}")
        is_packed = magic.startswith(GZIP_MAGIC)
        stream: IO[bytes] = io.BufferedReader(_Unpacked(raw), BUFFER_BYTES) if is_packed else raw
        yield Source(raw, Lines(stream), os.fstat(raw.fileno()).st_size)


def damage_of(error: Exception) -> str:
    """What is wrong with a file, in words, where reading it raised one of `DAMAGED`."""
    if isinstance(error, EOFError):
        return "it ends in the middle, as one does that was not copied whole; get it anew"
    return str(error)


def _check_path(path: Path) -> None:
    if path.is_dir():
        raise ImportFileError(f"{path} is a directory; name a file in it.")
    if not path.is_file():
        raise ImportFileError(f"There is no file {path}.")


class _Unpacked(io.RawIOBase):
    """What is in an archive, as far as it goes: of one that is cut off, all before the cut."""

    def __init__(self, archive: IO[bytes]) -> None:
        self._unpacking = gzip.GzipFile(fileobj=archive)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer, /) -> int:
        # One read at a time. Filling the buffer would lose what is in it when the next read fails.
        view = memoryview(buffer)
        data = self._unpacking.read1(len(view))
        view[: len(data)] = data
        return len(data)


def layout_of(path: Path, format_name: str = "", delimiter: str = "") -> Layout | None:
    """Read a file's first two lines.

    Args:
        path: of the file.
        format_name: ``csv`` or ``jsonl``; by the file's name when empty.
        delimiter: of CSV; sniffed from the header when empty.

    Returns:
        How to read it; None when the file is empty.

    Raises:
        ImportFileError: its header or its encoding cannot be used.
    """
    _check_path(path)
    format_name = format_name or _format_of(path)
    with opened(path) as source:
        try:
            first, is_text = _first_of(source.lines)
            second = _second_of(source.lines)
        except RecordTooLongError as error:
            raise ImportFileError(f"{path}: the first line has more than {MAX_RECORD_BYTES:,} bytes.") from error
        except DAMAGED as error:
            raise ImportFileError(f"{path} cannot be read: {damage_of(error)}.") from error
    if not first:
        return None
    if not is_text:
        raise ImportFileError(f"The first line of {path} is not text in UTF-8: save the file as UTF-8.")
    mark = hashlib.sha256(f"{first}\0{second}".encode()).hexdigest()
    first = first.removeprefix(BYTE_ORDER_MARK)
    if format_name == "csv":
        delimiter = delimiter or _delimiter_of(first)
        columns = _columns_of(first, delimiter)
        check_columns(columns)
        return Layout(format_name, delimiter, columns, mark)
    _check_object(first)
    return Layout(format_name, "", (), mark)


def _first_of(lines: Lines) -> tuple[str, bool]:
    line = next(lines, "")
    return line, not lines.problem


def _second_of(lines: Lines) -> str:
    lines.begin_record()
    try:
        return next(lines, "")
    except RecordTooLongError:
        return lines.excerpt()


def _format_of(path: Path) -> str:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] == ".gz":
        suffixes.pop()
    found = FORMATS.get(suffixes[-1]) if suffixes else None
    if suffixes and suffixes[-1] in SPREADSHEETS:
        raise ImportFileError(f"{path.name} is a spreadsheet: {_AS_CSV}")
    if found is None:
        raise ImportFileError(f"{path.name} does not tell what it is: give --format csv or --format jsonl.")
    return found


def _columns_of(header: str, delimiter: str) -> tuple[str, ...]:
    try:
        names = next(csv.reader([header], delimiter=delimiter, strict=True), [])
    except csv.Error as error:
        raise ImportFileError(f"The header, the first line, cannot be read: {error}.") from error
    return tuple(name.strip().lower() for name in names)


def _delimiter_of(header: str) -> str:
    """The one that makes the most known columns of the header."""
    return max(DELIMITERS, key=lambda delimiter: known_among(_names_in(header, delimiter)))


def _names_in(header: str, delimiter: str) -> list[str]:
    return [name.strip().strip('"').lower() for name in header.split(delimiter)]


def _check_object(line: str) -> None:
    """Refuse unknown columns before anything is written.

    A line that is no JSON is rejected when its turn comes, and so is one that was rejected before.
    """
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return
    if isinstance(found, dict) and not is_rejected_line(found):
        check_columns(list(found))
