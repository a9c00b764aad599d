"""Reads times as other systems write them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import NamedTuple

from ecom_llm.capture.importing.rejected import RowRejectedError
from ecom_llm.ids import EPOCH

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
# Clocks that are ahead, and days that end elsewhere.
FUTURE = timedelta(days=1)
# Lines of an order, and those around it, have the same time.
CACHED_MOMENTS = 4096
HOW = "give 2026-10-01T10:05 or seconds since 1970"
_EPOCH = re.compile(r"(\d{9,13}|\d{16})(\.\d{1,9})?", re.ASCII)
# 01.10.2026 and 10/01/2026: which of two is the month is known to whoever wrote it.
_DAY_OR_MONTH = re.compile(r"\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\b.*", re.ASCII)
# By the digits before the point, of any time this century: seconds, milliseconds, microseconds.
_MICROSECONDS = {9: 1_000_000, 10: 1_000_000, 11: 1_000_000, 12: 1000, 13: 1000, 16: 1}


class Moment(NamedTuple):
    """When something happened.

    Attributes:
        at: in UTC.
        day: on the shop's calendar.
    """

    at: datetime
    day: str


def moment_reader(zone: tzinfo, now: datetime) -> Callable[[str], Moment]:
    """Make what reads a time.

    It takes ISO 8601 with or without an offset, or seconds, milliseconds or microseconds since 1970. A time
    without an offset is the zone's: one that its clocks show twice is the earlier, and one that they skip is
    as far behind the skip's beginning as it says.

    Args:
        zone: the shop's.
        now: times more than a day later are refused.
    """
    latest = now + FUTURE

    @lru_cache(CACHED_MOMENTS)
    def read(text: str) -> Moment:
        try:
            at = _parsed(text, zone)
            local = at.astimezone(zone)
        except (ValueError, OverflowError) as error:
            raise RowRejectedError(_why_not(text)) from error
        if at > latest:
            raise RowRejectedError("occurred_at is in the future")
        if at < EARLIEST:
            raise RowRejectedError("occurred_at is before the year 2000")
        return Moment(at, local.date().isoformat())

    return read


def _why_not(text: str) -> str:
    if not text:
        return f"occurred_at is missing: {HOW}"
    if _DAY_OR_MONTH.fullmatch(text):
        return f"occurred_at is not a time that shows which number is the month, and no guess is made: {HOW}"
    return f"occurred_at is not a time: {HOW}"


def _parsed(text: str, zone: tzinfo) -> datetime:
    if found := _EPOCH.fullmatch(text):
        whole, fraction = found[1], found[2] or ""
        unit = _MICROSECONDS[len(whole)]
        microseconds = int(whole) * unit + (int(fraction[1:].ljust(9, "0")) * unit // 10**9 if fraction else 0)
        return EPOCH + timedelta(microseconds=microseconds)
    moment = datetime.fromisoformat(text)
    return (moment.replace(tzinfo=zone) if moment.tzinfo is None else moment).astimezone(UTC)
