"""Time-ordered identifiers for events and versions."""

from __future__ import annotations

import secrets
import uuid
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def uuid7(moment: datetime | None = None) -> uuid.UUID:
    """Make a version 7 UUID (RFC 9562, section 5.7).

    Args:
        moment: the time it carries, with its time zone, to the millisecond; now when left out.

    Returns:
        A UUID whose order is the order of time. The 74 bits below the millisecond are random.
    """
    # In whole numbers: seconds as a float round, and an id could sort behind the next millisecond's.
    milliseconds = ((moment or datetime.now(UTC)) - EPOCH) // timedelta(milliseconds=1)
    value = (milliseconds & (1 << 48) - 1) << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return uuid.UUID(int=value)
