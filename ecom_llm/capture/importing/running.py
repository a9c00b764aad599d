"""Imports a file of events, a batch at a time; how far it has come is saved with each batch."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import islice
from typing import Any

from django.db import router, transaction
from django.utils import timezone

from ecom_llm.capture.erased import take_back
from ecom_llm.capture.importing.events import Clock, EventMaker
from ecom_llm.capture.importing.lines import Place
from ecom_llm.capture.importing.people import People
from ecom_llm.capture.importing.products import KnownProducts
from ecom_llm.capture.importing.reading import Row, rows_of
from ecom_llm.capture.importing.rejected import RejectedFile, RowRejectedError
from ecom_llm.capture.importing.source import DAMAGED, Source, damage_of, layout_of, opened
from ecom_llm.capture.importing.state import ImportOptions, state_of
from ecom_llm.capture.storing import Stored, store
from ecom_llm.entities import Consent, EventRecord
from ecom_llm.exceptions import ImportFileError
from ecom_llm.models import Event, EventImport

BATCH_ROWS = 5_000
SALT_BYTES = 32
GOES_ON = " What stands before that is imported. Once the file is whole, the same command goes on from there."
WRONG = " It was damaged on its way, so that lines before that, which are imported, may be wrong as well. Get it anew."
UNKNOWN_PRODUCT = "product_id is not in the catalogue"


class FileImport:
    """The import of one file.

    Attributes:
        source: the open file.
        rejected: where its rejected lines go.
        counts: of all runs, what became of the lines; see `EventImport`.
        was_finished: whether an earlier run came to the file's end.
        rows: read in this run.
    """

    def __init__(
        self, state: EventImport, source: Source, rows: Iterator[Row], options: ImportOptions, clock: Clock
    ) -> None:
        """Read nothing yet.

        Args:
            state: how far it has come.
            source: at that place.
            rows: from there on.
            options: how to import it.
            clock: reads its times.
        """
        self.source = source
        self.rejected = RejectedFile(options.rejected_path)
        self.counts: dict[str, Any] = dict(state.counts)
        self.was_finished = state.finished_at is not None
        self.rows = 0
        self._state = state
        self._is_known_only = options.is_known_only
        self._salt = bytes(state.salt) or secrets.token_bytes(SALT_BYTES)
        self._people = People(options.consent, self._salt)
        self._maker = EventMaker(self._people, clock)
        self._products = KnownProducts()
        self._offered = rows
        # The end of an unfinished last line may have been passed over.
        self._saved_offset = state.offset

    def step(self) -> bool:
        """Import the next batch.

        Returns:
            Whether there may be more.

        Raises:
            ImportFileError: the file is damaged, and what stands before that is imported; or another run is at it.
            DatabaseError: the database is away; the same batch comes again in the next run.
        """
        rows: list[Row] = []
        damage: Exception | None = None
        try:
            # One by one, to have those before the damage.
            for row in islice(self._offered, BATCH_ROWS):
                rows.append(row)
        except DAMAGED as error:
            damage = error
        is_last = damage is None and len(rows) < BATCH_ROWS
        if rows or (is_last and not self.was_finished):
            self._settle(rows, self.source.lines.place if damage is None else self.source.lines.record_start, is_last)
        if damage is not None:
            words = f"The file cannot be read behind line {self._state.lines:,}: {damage_of(damage)}."
            raise ImportFileError(words + (GOES_ON if isinstance(damage, EOFError) else WRONG)) from damage
        return not is_last

    def _settle(self, rows: list[Row], place: Place, is_last: bool) -> None:  # noqa: FBT001
        records, refused, unknown = self._events_of(rows)
        started = timezone.now()
        # Whoever kills this process loses the whole batch or nothing of it.
        with transaction.atomic(using=router.db_for_write(Event)):
            stored = store(records)
            self.rejected.write(refused)
            counts = _sum(self.counts, stored, unknown, Counter(reason for _, reason in refused))
            self._save(place, counts, is_last)
        if self._people.consent is Consent.PERSONAL:
            # What `store` looked for was not committed at the time.
            take_back(records, started)
        self.rows += len(rows)
        self.counts = counts

    def _events_of(self, rows: list[Row]) -> tuple[list[EventRecord], list[tuple[Row, str]], int]:
        """The events of a batch, the rows that are none with their reasons, and how many products are unknown."""
        made: list[tuple[Row, EventRecord]] = []
        refused: list[tuple[Row, str]] = []
        for row in rows:
            try:
                if row.problem:
                    raise RowRejectedError(row.problem)  # noqa: TRY301
                made.append((row, self._maker.event_of(row.values)))
            except RowRejectedError as error:
                refused.append((row, str(error)))
        parents = self._products.parents({record.product_id for _, record in made if record.product_id})
        records: list[EventRecord] = []
        unknown = 0
        for row, record in made:
            parent = parents.get(record.product_id) if record.product_id else ""
            unknown += parent is None
            if parent is None and self._is_known_only:
                refused.append((row, UNKNOWN_PRODUCT))
            elif parent is None or parent == record.product_id:
                records.append(record)
            else:
                records.append(record._replace(product_id=parent))
        return records, sorted(refused, key=lambda pair: pair[0].line), unknown

    def _save(self, place: Place, counts: dict[str, Any], is_last: bool) -> None:  # noqa: FBT001
        now = timezone.now()
        values: dict[str, Any] = {
            "offset": place.offset, "lines": place.number, "checksum": place.checksum, "counts": counts,
            # With the salt goes whatever could lead from a hash to a visitor.
            "salt": b"" if is_last else self._salt,
            "updated_at": now, "finished_at": now if is_last else None,
        }  # fmt: skip
        table = EventImport.objects.using(router.db_for_write(EventImport))
        if not table.filter(pk=self._state.pk, offset=self._saved_offset).update(**values):
            raise ImportFileError("Another run imports the same file.")
        self._saved_offset = place.offset
        self._state.lines = place.number


@contextmanager
def file_import(options: ImportOptions) -> Iterator[FileImport | None]:
    """Open a file where the last run has left it.

    Yields:
        The import; None for an empty file.

    Raises:
        ImportFileError: the file or an option is of no use; nothing has been written.
        DatabaseError: the database is away.
    """
    clock = Clock(options.zone, timezone.now())
    layout = layout_of(options.path, options.format, options.delimiter)
    if layout is None:
        yield None
        return
    with opened(options.path) as source:
        state = state_of(options, layout)
        try:
            source.lines.skip_to(Place(state.offset, state.lines, state.checksum))
        except ImportFileError as error:
            raise ImportFileError(f"{error} Give --restart to offer all lines again; known ones count once.") from error
        except DAMAGED as error:
            raise ImportFileError(f"The file cannot be read: {damage_of(error)}.") from error
        work = FileImport(state, source, rows_of(source.lines, layout), options, clock)
        work.rejected.cut_back(state.lines)
        with closing(work.rejected):
            yield work


def _sum(counts: dict[str, Any], stored: Stored, unknown: int, reasons: Counter[str]) -> dict[str, Any]:
    """Add what became of a batch."""
    new = {
        "accepted": stored.inserted, "duplicates": stored.duplicates, "erased": stored.erased,
        "broken": stored.broken, "unknown_products": unknown,
    }  # fmt: skip
    summed: dict[str, Any] = {name: counts.get(name, 0) + amount for name, amount in new.items()}
    return {**summed, "rejected": dict(Counter(counts.get("rejected", {})) + reasons)}
