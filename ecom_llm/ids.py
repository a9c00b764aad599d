"""Time-ordered identifiers for events and versions."""

from __future__ import annotations

import secrets
import uuid
from contextlib import suppress
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Of an id's lower 80 bits six say that it is a version 7 UUID.
RANDOM_BITS = 80


def uuid7(moment: datetime | None = None) -> uuid.UUID:
    """Make a version 7 UUID (RFC 9562, section 5.7).

    Args:
        moment: the time it carries, with its time zone, to the millisecond; now when left out.

    Returns:
        A UUID whose order is the order of time. The 74 bits below the millisecond are random.
    """
    return id_of(moment or datetime.now(UTC), secrets.randbits(RANDOM_BITS))


def id_of(moment: datetime, bits: int) -> uuid.UUID:
    """A version 7 UUID of a time and of bits that need not be random: the same two give the same id.

    Args:
        moment: the time it carries, with its time zone, to the millisecond.
        bits: what tells it from others of that millisecond; its lowest 80 are taken, of which 74 remain.
    """
    # In whole numbers: seconds as a float round, and an id could sort behind the next millisecond's.
    milliseconds = (moment - EPOCH) // timedelta(milliseconds=1)
    value = (milliseconds & (1 << 48) - 1) << 80 | bits & (1 << RANDOM_BITS) - 1
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return uuid.UUID(int=value)


def first_id(moment: datetime) -> uuid.UUID:
    """The lowest UUID that `moment` can have: all ids of that time and later are at or above it."""
    return uuid.UUID(int=max(0, (moment - EPOCH) // timedelta(milliseconds=1)) << 80)


def time_of(identifier: uuid.UUID) -> datetime | None:
    """The time that a version 7 UUID carries; None for other versions, which carry none."""
    if identifier.version != 7:
        return None
    with suppress(OverflowError):
        return EPOCH + timedelta(milliseconds=identifier.int >> 80)
    # Beyond the year 9999, which an id can name and a calendar cannot.
    return None


def first_moment_of_day(moment: datetime) -> datetime:
    """Midnight, in UTC, of the day that a time lies in."""
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
