"""Tells a page asked for once more within a few seconds from one asked for anew.

A process remembers what it has just recorded. Processes do not share that, so a repeat that another one answers gets
the same id (a hash of who, what and the stretch of seconds it falls into), and the table passes over it.
"""

from __future__ import annotations

import hashlib
import os
from collections import OrderedDict
from datetime import datetime, timedelta
from uuid import UUID

from ecom_llm import conf
from ecom_llm.capture.forks import ProcessLock
from ecom_llm.entities import EventKind
from ecom_llm.ids import EPOCH, RANDOM_BITS, id_of, uuid7

# Putting two pieces into the cart, one after the other, is no repeat; nor is a second order.
REPEATABLE = frozenset({EventKind.VIEW_ITEM, EventKind.VIEW_ITEM_LIST, EventKind.SELECT_ITEM, EventKind.SEARCH})
# What a process remembers at most: a few seconds of a busy one.
REMEMBERED = 20_000

_Seen = tuple[str, str, str]

# The oldest first, and only what may still be repeated: what a visitor looked at is not ours to remember for longer.
_recent: OrderedDict[_Seen, datetime] = OrderedDict()
_lock = ProcessLock()


def id_unless_repeat(visitor: str, kind: str, subject: str, now: datetime) -> UUID | None:
    """The id of an event that has just happened.

    Args:
        visitor: whose it is; nobody's events are never repeats.
        kind: an `EventKind`.
        subject: the product's id or the searched words.
        now: when.

    Returns:
        None for a repeat within `CAPTURE["REPEAT_SECONDS"]`, which is not to be recorded.
    """
    if not visitor or kind not in REPEATABLE:
        return uuid7(now)
    window = timedelta(seconds=conf.get_settings().capture.repeat_seconds)
    if _was_just_seen((visitor, kind, subject), now, window):
        return None
    stretch = (now - EPOCH) // window
    return id_of(EPOCH + stretch * window, bits_of(visitor, kind, subject, str(stretch)))


def bits_of(*parts: str) -> int:
    """As many bits as an id has to spare, the same for the same parts."""
    message = "\0".join(parts).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(message, digest_size=RANDOM_BITS // 8).digest(), "big")


def forget_recent() -> None:
    """Drop what this process remembers."""
    with _lock:
        _recent.clear()


os.register_at_fork(after_in_child=forget_recent)


def _was_just_seen(seen: _Seen, now: datetime, window: timedelta) -> bool:
    with _lock:
        before = _recent.get(seen)
        # A clock set back must not silence a page for long.
        if before is not None and abs(now - before) < window:
            return True
        _recent.pop(seen, None)
        while _recent and (len(_recent) >= REMEMBERED or abs(now - next(iter(_recent.values()))) >= window):
            _recent.popitem(last=False)
        _recent[seen] = now
    return False
