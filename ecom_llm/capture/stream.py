"""The stream of events in Redis: web servers add to it, a drain takes from it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from typing import Any, NamedTuple, TypeVar

from ecom_llm import conf
from ecom_llm.capture import recent
from ecom_llm.capture.redis_client import client_of, reachable
from ecom_llm.capture.wire import visitor_of
from ecom_llm.exceptions import StreamAwayError

GROUP = "ecom_llm"
"""The consumer group of all drains."""

FIELD = "e"
"""An entry's one field."""

# An entry that a drain took and did not acknowledge for so long is another's: longer than any batch takes to store.
IDLE_SECONDS = 60
# A drain that has not been heard of for so long, and holds nothing, is struck off the group.
DEAD_SECONDS = 600
# How long a drain, an erasure or a status waits for Redis; they read much at once and hold up no shopper.
PATIENCE_SECONDS = 5.0
CHUNK_ENTRIES = 2_000

# Whether there is room is seen and used in one step, so that the cap holds however many processes add at once. Keys
# beside the stream are the lists that its entries are copied to, see `recent`.
_ADD = """
local room = tonumber(ARGV[1]) - redis.call('XLEN', KEYS[1])
local taken = math.max(0, math.min(#ARGV - 4, room))
for number = 1, taken do
    local body = ARGV[number + 4]
    redis.call('XADD', KEYS[1], '*', ARGV[2], body)
    local list = KEYS[number + 1]
    if list and list ~= '' then
        redis.call('LPUSH', list, body)
        redis.call('LTRIM', list, 0, ARGV[3] - 1)
        redis.call('EXPIRE', list, ARGV[4])
    end
end
return taken
"""
# In one step, since striking off a consumer loses the entries it has just taken.
_STRIKE_OFF = """
local struck = 0
for _, found in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
    local about = {}
    for place = 1, #found, 2 do
        about[found[place]] = found[place + 1]
    end
    if about['pending'] == 0 and about['idle'] > tonumber(ARGV[2]) then
        redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], about['name'])
        struck = struck + 1
    end
end
return struck
"""

Answer = TypeVar("Answer")


class Entry(NamedTuple):
    """One entry of the stream.

    Attributes:
        id: by which it is acknowledged.
        body: what `wire.encode` made; None when it was deleted after it was taken.
    """

    id: bytes
    body: bytes | None


class EventStream:
    """The stream that the settings name. Every method raises `StreamAwayError` when Redis cannot be used."""

    def __init__(self, timeout_seconds: float = PATIENCE_SECONDS) -> None:
        """Prepare; connects to nothing.

        Args:
            timeout_seconds: for the connection and for each answer.
        """
        capture = conf.get_settings().capture
        self._name = capture.stream
        self._cap = capture.stream_events
        # Untyped where commands are sent as they are.
        self._client: Any = client_of(capture.redis_url, timeout_seconds)

    def add(self, bodies: Sequence[bytes], lists: Sequence[str] = ()) -> int:
        """Add entries, in one round trip, as far as there is room for them.

        Args:
            bodies: what `wire.encode` made.
            lists: for each of them where `recent` keeps a copy of it, empty for none; left out, of none.

        Returns:
            How many were added, from the first.
        """
        with reachable():
            return int(self._run(_ADD, self._cap, FIELD, recent.KEPT, recent.seconds_kept(), *bodies, keys=lists))

    def own(self, consumer: str, count: int) -> list[Entry]:
        """Entries that this consumer has taken and not finished: those of an earlier life, or of a batch that failed.

        Args:
            consumer: name of a drain, the same as long as its process lives.
            count: at most so many, the oldest.
        """
        return self._read(consumer, count, "0")

    def take(self, consumer: str, count: int) -> list[Entry]:
        """Entries that nobody has taken yet, oldest first; see `own` for the arguments."""
        return self._read(consumer, count, ">")

    def claim(self, consumer: str, count: int) -> list[Entry]:
        """Entries that a drain took and, for `IDLE_SECONDS`, did not finish: it has died, most likely."""
        idle = round(IDLE_SECONDS * 1000)
        # Redis looks at ten times as many entries as are asked for, and returns where it stopped.
        start: Any = "0-0"
        while True:
            claim = partial(self._client.execute_command, "XAUTOCLAIM", self._name, GROUP, consumer, idle, start)
            start, rows, *_ = self._grouped(partial(claim, "COUNT", count))
            if rows or start in (b"0-0", "0-0"):
                return [_entry(row) for row in rows if row]

    def finish(self, ids: Sequence[bytes]) -> None:
        """Acknowledge and delete these entries, together. Trimming instead would take pending ones along."""
        with reachable():
            pipe = self._client.pipeline(transaction=True)
            for start in range(0, len(ids), CHUNK_ENTRIES):
                chunk = ids[start : start + CHUNK_ENTRIES]
                pipe.xack(self._name, GROUP, *chunk)
                pipe.xdel(self._name, *chunk)
            pipe.execute()

    def strike_off_dead(self) -> int:
        """Strike consumers off the group that hold nothing and have not been heard of; returns how many."""
        return int(self._grouped(partial(self._run, _STRIKE_OFF, GROUP, round(DEAD_SECONDS * 1000))))

    def entries(self) -> Iterator[list[Entry]]:
        """All entries, in chunks, oldest first, taken or not; those added meanwhile may be among them."""
        start = b"-"
        while True:
            with reachable():
                rows = self._client.execute_command("XRANGE", self._name, start, "+", "COUNT", CHUNK_ENTRIES)
            if not rows:
                return
            chunk = [_entry(row) for row in rows]
            yield chunk
            start = b"(" + chunk[-1].id

    def length(self) -> int:
        """Entries in the stream."""
        with reachable():
            return int(self._client.xlen(self._name))

    def _read(self, consumer: str, count: int, start: str) -> list[Entry]:
        read = partial(self._client.execute_command, "XREADGROUP", "GROUP", GROUP, consumer, "COUNT", count)
        answer = self._grouped(partial(read, "STREAMS", self._name, start))
        # By the protocol's version a mapping or pairs, of the one stream.
        streams = answer.items() if isinstance(answer, dict) else answer or ()
        return [_entry(row) for _, rows in streams for row in rows]

    def _grouped(self, call: Callable[[], Answer]) -> Answer:
        """Call; make the group first if there is none: at the very first, or when Redis came back empty."""
        from redis import ResponseError

        with reachable():
            try:
                return call()
            except ResponseError as error:
                if "NOGROUP" not in str(error) and "no such key" not in str(error):
                    raise
            try:
                # From the very first entry: what is in the stream is what no drain has finished.
                self._client.xgroup_create(self._name, GROUP, id="0", mkstream=True)
            except ResponseError as error:
                if "BUSYGROUP" not in str(error):
                    raise
            return call()

    def _run(self, script: str, *arguments: Any, keys: Sequence[str] = ()) -> Any:
        from redis.exceptions import NoScriptError

        all_keys = (1 + len(keys), self._name, *keys)
        try:
            return self._client.evalsha(_digest(script), *all_keys, *arguments)
        except NoScriptError:
            # Redis is new or was restarted. This sends it the script's text, which it keeps.
            return self._client.eval(script, *all_keys, *arguments)


def forget(keys: set[str]) -> int:
    """Delete the entries of visitors, also those that a drain has in hand; storing leaves them out by itself.

    Their copies in `recent`, too.

    Args:
        keys: the visitors'.

    Returns:
        How many entries were deleted.

    Raises:
        StreamAwayError: Redis cannot be used; some may have been deleted.
    """
    if not conf.get_settings().capture.redis_url or not keys:
        return 0
    stream = EventStream()
    forgotten = 0
    for chunk in stream.entries():
        ids = [entry.id for entry, _ in _of(keys, chunk)]
        if ids:
            stream.finish(ids)
            forgotten += len(ids)
    recent.forget_recent(keys, PATIENCE_SECONDS)
    return forgotten


def waiting(keys: set[str]) -> Iterator[bytes]:
    """What waits of visitors, oldest first, also what a drain has in hand.

    Args:
        keys: the visitors'.

    Raises:
        StreamAwayError: Redis cannot be used, or no longer.
    """
    if not conf.get_settings().capture.redis_url or not keys:
        return
    for chunk in EventStream().entries():
        yield from (body for _, body in _of(keys, chunk))


def _of(keys: set[str], entries: Sequence[Entry]) -> Iterator[tuple[Entry, bytes]]:
    return ((entry, entry.body) for entry in entries if entry.body is not None and visitor_of(entry.body) in keys)


def backlog() -> int | None:
    """Events that wait in the stream; None when no Redis is configured or it cannot be used."""
    if not conf.get_settings().capture.redis_url:
        return None
    try:
        return EventStream(timeout_seconds=1.0).length()
    except StreamAwayError:
        return None


def _entry(row: Any) -> Entry:
    identifier, fields = row
    # Deleted after it was taken, or put there by others.
    return Entry(identifier, None if fields is None else fields[1])


@cache
def _digest(script: str) -> str:
    """By which Redis names a script; nothing rests on its strength."""
    return hashlib.sha1(script.encode(), usedforsecurity=False).hexdigest()
