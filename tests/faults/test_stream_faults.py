"""Redis dies and falls silent under visits, drains are killed and stopped; what was taken is stored once."""

from __future__ import annotations

import math
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from ecom_llm.capture import background, counters
from ecom_llm.capture import stream as stream_module
from ecom_llm.capture.draining import Drained, drain
from ecom_llm.capture.sinks.redis import RedisSink
from ecom_llm.capture.stream import EventStream
from ecom_llm.exceptions import StreamAwayError
from ecom_llm.models import BrokenEvent, Event
from tests.capture.streams import SINK, make_record
from tests.faults.conftest import IS_FULL, IS_POSTGRES, RecordFigure
from tests.faults.processes import ROOT, environment, running, shop_settings, wait_until
from tests.faults.servers import RedisServer, serving
from tests.faults.shoppers import Visit, slowest_ms, stock_shelves, visit, web_server, with_demo_catalogue

pytestmark = pytest.mark.django_db(transaction=True)

Rounds = Callable[[int, int], int]
DRIVER = "redis sink"
PAUSE_ADDS_MS = 200
# The few pages of a quick run have no 99th of 100.
PERCENT = 99 if IS_FULL else 90
WARM_UP = 12
# What a process may grow by while events are dropped; a hundred thousand of them held would be ten times as much.
FLAT_MEBIBYTES = 4


class DurableRedisServer(RedisServer):
    """Redis that writes down what it takes, as one that holds a shop's events has to."""

    def _command(self) -> list[str]:
        return [*super()._command()[:-1], "yes", "--appendfsync", "everysec"]


@pytest.fixture(scope="module")
def server() -> Iterator[DurableRedisServer]:
    with serving(DurableRedisServer) as server:
        yield server


@pytest.fixture
def redis(server: DurableRedisServer) -> Iterator[DurableRedisServer]:
    """The server, with nothing in it and on its feet whatever a test did to it."""
    counters.reset()
    yield server
    server.restart()
    with server.client() as client:
        client.flushall()


def capture(redis: RedisServer, **more: Any) -> dict[str, Any]:
    return {"SINK": SINK, "REDIS_URL": redis.url, **more}


@pytest.fixture
def sink(redis: DurableRedisServer, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., RedisSink]:
    """Make this process's sink, whose events are written down by nobody but the test."""
    monkeypatch.setattr(background, "ensure", lambda: None)

    def make(**more: Any) -> RedisSink:
        settings.ECOM_LLM = shop_settings() | {"CAPTURE": capture(redis, REDIS_TIMEOUT_MS=5000, **more)}
        return RedisSink()

    return make


def fill(sink: RedisSink, count: int) -> None:
    for start in range(0, count, 500):
        records = [make_record("lamp-1", is_known=False) for _ in range(min(500, count - start))]
        assert sink.write(records) == len(records)


def never() -> bool:
    return False


# Rows 9 and 10: what a dead or a silent Redis costs a page.


@pytest.fixture
def shop(redis: DurableRedisServer, settings: Any) -> Iterator[Callable[..., list[Visit]]]:
    """Have pages of a shop visited whose events go through Redis; each page once, so that none is a repeat."""
    if IS_FULL and IS_POSTGRES:
        # Redis's faults do not depend on the database, and take minutes.
        pytest.skip("Shown by the run on SQLite.")
    settings.ECOM_LLM = with_demo_catalogue(shop_settings(), **capture(redis))
    pages = iter(stock_shelves(2600))
    with web_server() as port:

        def visit_some(number: int, **options: Any) -> list[Visit]:
            return visit(port, islice(pages, number), **options)

        # Not measured: imports, templates and connections of the first pages.
        assert all(item.status == 200 for item in visit_some(WARM_UP))
        yield visit_some


def stored() -> int:
    """Events in the table, once those that Redis holds by now are there too."""
    with suppress(StreamAwayError):
        drain(never)
    return Event.objects.filter(kind="view_item").count()


def told(calm: list[Visit], trouble: list[Visit]) -> str:
    with_redis, without = slowest_ms(calm, PERCENT), slowest_ms(trouble, PERCENT)
    return (
        f"p{PERCENT} of a page {with_redis:.0f} ms with Redis, {without:.0f} ms without: {without - with_redis:+.0f} ms"
    )


def test_no_page_and_no_event_is_lost_while_redis_is_killed_and_comes_back(
    redis: DurableRedisServer, shop: Any, rounds: Rounds, figure: RecordFigure
) -> None:
    count, half = rounds(1000, 80), rounds(250, 30)
    killed_at = back_at = math.inf

    def kill_then_start(begun: int) -> None:
        nonlocal killed_at, back_at
        if begun == count // 10:
            redis.kill()
            killed_at = time.monotonic()
        if begun == count * 6 // 10:
            back_at = time.monotonic()
            redis.start()

    calm = shop(half)
    visits = shop(count, on_visit=kill_then_start)
    wait_until(lambda: stored() >= WARM_UP + half + count, 60)
    failed = sum(item.status != 200 for item in visits)
    found = stored() - WARM_UP - half
    trouble = [item for item in visits if killed_at <= item.started < back_at]
    text = f"{failed} of {count} pages failed, {found} of {count} events found; {told(calm, trouble)}"
    is_held = failed == 0 and found == count and len(trouble) > count // 4
    figure(9, text, is_held=is_held, driver=DRIVER)


def test_pages_do_not_wait_for_a_redis_that_is_silent(
    redis: DurableRedisServer, shop: Any, rounds: Rounds, figure: RecordFigure
) -> None:
    count, half, pause_seconds = rounds(1000, 60), rounds(250, 30), rounds(15, 4)
    calm = shop(half)
    with redis.client() as client:
        client.client_pause(pause_seconds * 1000)
    until = time.monotonic() + pause_seconds
    visits = shop(count, until=until - 0.5)
    time.sleep(max(0.0, until - time.monotonic()))
    calm += shop(half)
    wanted = WARM_UP + len(calm) + len(visits)
    wait_until(lambda: stored() >= wanted, 60)
    failed = sum(item.status != 200 for item in visits)
    added = slowest_ms(visits, PERCENT) - slowest_ms(calm, PERCENT)
    text = f"{told(calm, visits)}; {failed} of {len(visits)} pages failed, {wanted - stored()} events lost"
    is_held = failed == 0 and added <= PAUSE_ADDS_MS and stored() == wanted and len(visits) >= 20
    figure(10, text, is_held=is_held, driver=DRIVER)


# Rows 21 to 23: drains.


def test_drains_killed_before_they_acknowledge_lose_nothing_and_store_nothing_twice(
    sink: Any, rounds: Rounds, figure: RecordFigure, monkeypatch: pytest.MonkeyPatch
) -> None:
    kills, count = rounds(20, 2), rounds(10_000, 200)
    fill(sink(), count)
    size = count // kills
    command = [sys.executable, "-m", "tests.faults.drainer", str(size)]
    killed = 0
    for number in range(1, kills + 1):
        ended = subprocess.run(command, cwd=ROOT, env=environment(), check=False, timeout=60)
        killed += ended.returncode == -signal.SIGKILL
        # Stored, and still in the stream.
        assert (Event.objects.count(), EventStream().length()) == (number * size, count)
    monkeypatch.setattr(stream_module, "IDLE_SECONDS", 0)
    drained = drain(never)
    found, left = Event.objects.count(), EventStream().length()
    twice = found - Event.objects.values("id").distinct().count() + drained.inserted
    text = f"{killed} kills: {found} of {count} events, {twice} twice, {drained.duplicates} refused as duplicates"
    is_held = killed == kills and found == count and twice == left == 0 and drained.duplicates == count
    figure(21, text, is_held=is_held, driver=DRIVER)


def test_stream_that_nobody_drains_stops_at_its_cap(
    redis: DurableRedisServer, sink: Any, rounds: Rounds, figure: RecordFigure
) -> None:
    cap, more = rounds(20_000, 1_000), rounds(200_000, 10_000)
    full = sink(STREAM_EVENTS=cap)
    fill(full, cap)
    own, its = resident_mebibytes(), used_mebibytes(redis)
    taken = sum(full.write([make_record("lamp-1", is_known=False) for _ in range(100)]) for _ in range(more // 100))
    grown, its_grown = resident_mebibytes() - own, used_mebibytes(redis) - its
    dropped = counters.read("events.dropped.").get("stream_full", 0)
    drained = drain(never)
    text = f"{dropped} dropped and counted of {more} above the cap of {cap}; {drained.inserted} stored when the drain"
    text += f" came back; the web process grew by {grown:.1f} MiB, Redis by {its_grown:.1f} MiB"
    is_held = taken == full.held == 0 and dropped == more and drained == Drained(entries=cap, inserted=cap)
    figure(22, text, is_held=is_held and max(grown, its_grown) < FLAT_MEBIBYTES, driver=DRIVER)


def resident_mebibytes() -> float:
    """Memory of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 2**20


def used_mebibytes(redis: RedisServer) -> float:
    with redis.client() as client:
        return float(client.info("memory")["used_memory"]) / 2**20


@pytest.mark.parametrize("fault", ["NUL character", "too wide"])
def test_one_broken_event_keeps_none_of_its_neighbours_from_being_stored(
    fault: str, sink: Any, figure: RecordFigure
) -> None:
    count = 1000
    broken = {"query": "lamp\0"} if fault == "NUL character" else {"order_id": "1" * 1000}
    records = [make_record("lamp-1") for _ in range(count)]
    records[count // 2] = make_record("lamp-1", **broken)
    assert sink().write(records) == count
    drained = drain(never)
    kept = list(BrokenEvent.objects.values_list("reason", flat=True))
    text = f"{Event.objects.count()} of {count} stored, {len(kept)} kept aside: {'; '.join(kept)}"
    is_held = Event.objects.count() == drained.inserted == count - 1 and len(kept) == drained.broken == 1
    figure(23, text, is_held=is_held and EventStream().length() == 0, driver=DRIVER)


def test_drain_that_is_told_to_stop_finishes_its_batch(sink: Any, tmp_path: Path) -> None:
    fill(sink(), 5_000)
    log = tmp_path / "log"
    with running([sys.executable, "manage.py", "ecom_llm_drain", "--json"], environment(), log) as process:
        wait_until(lambda: Event.objects.exists())
        process.terminate()
        assert process.wait(20) == 0
    assert Event.objects.count() + EventStream().length() == 5_000
    assert f'"inserted": {Event.objects.count()}' in log.read_text()
