"""How a file is to be imported, and how far earlier runs have come with it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db import router

from ecom_llm.capture.importing.source import Layout
from ecom_llm.entities import Consent
from ecom_llm.exceptions import ImportFileError
from ecom_llm.models import EventImport


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """How a file is to be imported.

    Attributes:
        path: of the file.
        rejected_path: of the file for lines that cannot be used.
        format: ``csv`` or ``jsonl``; by the file's name when empty.
        delimiter: of CSV; sniffed when empty.
        consent: what the visitors have agreed to.
        zone_name: of times without an offset, and of the days on which anonymous visitors' hashes end.
        is_known_only: whether events about products that the catalogue does not have are rejected.
        is_restart: whether to offer all lines again.
    """

    path: Path
    rejected_path: Path
    format: str = ""
    delimiter: str = ""
    consent: Consent = Consent.ANONYMOUS
    zone_name: str = "UTC"
    is_known_only: bool = False
    is_restart: bool = False

    @property
    def zone(self) -> ZoneInfo:
        """The time zone.

        Raises:
            ImportFileError: there is none of that name.
        """
        return zone_named(self.zone_name)


def zone_named(name: str) -> ZoneInfo:
    """A time zone.

    Raises:
        ImportFileError: there is none of that name.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ImportFileError(f"There is no time zone {name!r}; names are such as Europe/Berlin.") from error


def state_of(options: ImportOptions, layout: Layout) -> EventImport:
    """How far earlier runs with the same file and options have come.

    Raises:
        DatabaseError: the database is away.
    """
    how = [
        layout.mark, layout.format, layout.delimiter, options.consent, options.zone_name, options.is_known_only,
    ]  # fmt: skip
    fingerprint = hashlib.sha256(json.dumps(how).encode()).hexdigest()
    table = EventImport.objects.using(router.db_for_write(EventImport))
    state, _ = table.get_or_create(
        fingerprint=fingerprint, defaults={"name": options.path.name[:255], "salt": b"", "counts": {}}
    )
    if options.is_restart:
        state.offset = state.lines = state.checksum = 0
        state.counts, state.salt, state.finished_at = {}, b"", None
        state.save()
    return state
