"""Feeds the queue with bulk work as it drains, never past its cap, with flat memory."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import IO

from django.db.models import Count, Max, QuerySet
from django.db.models.functions import Now

from ecom_llm.channels.bulk import wanted_keys
from ecom_llm.channels.wanted import BULK_PRIORITY
from ecom_llm.entities import Kind, TextKey
from ecom_llm.generate.requests import ask
from ecom_llm.models import GenerationJob

# Products or searches looked at in one go.
CHUNK = 100


@dataclass(frozen=True, slots=True)
class Sources:
    """Product ids or searches, a line each in a file, so that a hundred thousand of them weigh nothing.

    Reading them from the database while jobs are written would keep a read transaction open all night; on SQLite
    the first write after another process's would then fail.

    Attributes:
        lines: the file.
        number: how many there are.
    """

    lines: IO[str]
    number: int


@contextmanager
def spooled(sources: Iterable[str]) -> Iterator[Sources]:
    """Write sources to a file that goes with the process; neither ids nor searches hold line breaks."""
    with tempfile.TemporaryFile("w+", encoding="utf-8", newline="\n") as file:
        number = 0
        for source in sources:
            file.write(f"{source}\n")
            number += 1
        file.seek(0)
        yield Sources(file, number)


class Feeder:
    """Queues the texts of some products or searches, a chunk at a time."""

    def __init__(self, kind: Kind, language: str, sources: Sources, *, is_all: bool, is_forced: bool) -> None:
        """Queue nothing yet.

        Args:
            kind: of the texts.
            language: a Django language code.
            sources: products or searches.
            is_all: whether they are all of the shop's, so that every job of the kind belongs to the work.
            is_forced: queue again what was settled.
        """
        self.asked = 0
        self.settled = 0
        self.queued = 0
        self.read = 0
        self._kind = kind
        self._language = language
        self._sources = sources
        self._is_all = is_all
        self._is_forced = is_forced
        self._refused: list[TextKey] = []
        self._keys: list[TextKey] = []
        self._newest_id: int | None = None
        self._started = time.monotonic()
        self._active_before = self._jobs().filter(state__in=GenerationJob.ACTIVE).count() if is_all else 0
        self._ended = 0
        self._note_if_fed()

    @property
    def is_full(self) -> bool:
        """Whether the queue took no more at the last try."""
        return bool(self._refused)

    @property
    def is_fed(self) -> bool:
        """Whether every source was read and everything wanted is queued."""
        return self.read >= self._sources.number and not self._refused

    @property
    def unread(self) -> int:
        """Products or searches that were not looked at yet."""
        return self._sources.number - self.read

    @property
    def refused(self) -> int:
        """Texts that the queue had no room for."""
        return len(self._refused)

    def feed(self) -> None:
        """Queue what was refused before, else the next chunk."""
        keys = self._refused or self._next_keys()
        self._refused = []
        told = ask(keys, BULK_PRIORITY, is_forced=self._is_forced)
        self.queued += told.queued
        self.settled += told.settled
        self._refused = list(told.refused)
        self._note_if_fed()

    def active(self) -> int:
        """How many of the texts wait or are being made.

        Once all are fed, those that pages ask for later do not count, so that the end is not put off for ever.
        """
        jobs = self._jobs().filter(state__in=GenerationJob.ACTIVE)
        if self._newest_id is not None:
            jobs = jobs.filter(pk__lte=self._newest_id)
        active = jobs.count()
        self._ended = max(self._ended, self._active_before + self.queued - active)
        return active

    @property
    def ended(self) -> int:
        """How many jobs have ended since the start, as of the last look at `active`."""
        return self._ended

    @property
    def done(self) -> int:
        """Texts that need nothing more: ended, or passed over because they were settled before."""
        return min(max(self.settled - self._active_before, 0) + self._ended, self.total)

    @property
    def total(self) -> int:
        """Texts of all sources; an estimate until the last was read."""
        return self.asked + self._of_unread(self.asked)

    @property
    def rate(self) -> float:
        """Jobs ended a second."""
        return self._ended / max(time.monotonic() - self._started, 0.001)

    @property
    def seconds_left(self) -> float | None:
        """An estimate from the rate so far; None before the first job has ended."""
        if not self._ended:
            return None
        left = self._active_before + self.queued + len(self._refused) - self._ended
        return (left + self._of_unread(self.queued)) / self.rate

    def outcomes(self) -> dict[str, int]:
        """What became of the jobs that ended since the start, by state."""
        started = Now() - timedelta(seconds=time.monotonic() - self._started)
        ended = self._jobs().filter(finished_at__gte=started).order_by().values_list("state")
        return dict(ended.annotate(Count("id")))

    def is_running(self) -> bool:
        """Whether a worker is at any of them."""
        return self._jobs().filter(state=GenerationJob.State.RUNNING).exists()

    def _note_if_fed(self) -> None:
        if self.is_fed:
            self._newest_id = GenerationJob.objects.aggregate(at=Max("pk"))["at"] or 0

    def _jobs(self) -> QuerySet[GenerationJob]:
        jobs = GenerationJob.objects.filter(kind=self._kind, language=self._language)
        return jobs if self._is_all else jobs.filter(subject__in=[key.subject for key in self._keys])

    def _next_keys(self) -> list[TextKey]:
        sources = [line.rstrip("\n") for line in islice(self._sources.lines, CHUNK)]
        self.read += len(sources)
        keys = wanted_keys(self._kind, sources, self._language, is_all=self._is_all)
        self.asked += len(keys)
        if not self._is_all:
            self._keys += keys
        return keys

    def _of_unread(self, so_far: int) -> int:
        return round(self.unread * so_far / self.read) if self.read else self.unread
