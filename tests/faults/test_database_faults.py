"""PostgreSQL is stopped at once and turned read-only; nothing committed is lost, and pages go on."""

from __future__ import annotations

import itertools
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.management import call_command
from django.db import Error, connection, connections

from ecom_llm.entities import Kind, TextKey
from ecom_llm.generate.requests import request_texts
from ecom_llm.models import Event, GenerationJob, TextVersion
from tests.faults.conftest import IS_FULL, RecordFigure
from tests.faults.processes import celery_worker, shop_settings, wait_until, worker
from tests.faults.servers import PostgresServer, RedisServer, serving
from tests.faults.shoppers import AT_ONCE, Visit, counted, stock_shelves, visit, web_server, with_demo_catalogue
from tests.settings import env

Rounds = Callable[[int, int], int]
State = GenerationJob.State
DOWN_SECONDS = 1
BUFFERED = "ecom_llm.capture.sinks.buffered.BufferedSink"


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    with serving(PostgresServer) as server:
        yield server


@pytest.fixture
def own_database(postgres: PostgresServer, django_db_blocker: Any) -> Iterator[PostgresServer]:
    """Have this process, and those that it starts, use a new database on the private server."""
    if IS_FULL and connection.vendor == "postgresql":
        pytest.skip("Shown on a PostgreSQL of its own by the run on SQLite.")
    name = f"faults_{uuid.uuid4().hex[:8]}"
    postgres.execute(f"CREATE DATABASE {name}")
    with django_db_blocker.unblock(), using_database(postgres.url.rpartition("/")[0] + f"/{name}"):
        call_command("migrate", verbosity=0)
        yield postgres


@contextmanager
def using_database(url: str) -> Iterator[None]:
    before, settings_before = connections["default"], connections.settings["default"]
    before.close()
    connections.settings["default"] = connections.configure_settings({"default": env.db_url_config(url)})["default"]
    connections["default"] = connections.create_connection("default")
    try:
        yield
    finally:
        connections["default"].close()
        connections.settings["default"] = settings_before
        connections["default"] = before


def done() -> int:
    return GenerationJob.objects.filter(state=State.DONE).count()


def answers(condition: Callable[[], bool]) -> Callable[[], bool]:
    """The condition, or False while the database does not answer."""

    def ask() -> bool:
        try:
            return condition()
        except Error:
            connection.close()
            return False

    return ask


@pytest.mark.parametrize("driver", ["worker", "celery, redis"] if IS_FULL else ["worker"])
def test_no_job_is_lost_when_postgresql_is_stopped_at_once_mid_write(
    driver: str, own_database: PostgresServer, settings: Any, rounds: Rounds, figure: RecordFigure
) -> None:
    stops, count = rounds(10, 2), rounds(500, 60)
    queue = f"faults_{uuid.uuid4().hex[:8]}"
    generate: dict[str, Any] = {"BATCH_JOBS": 4, "backend": {"delay_seconds": 0.05 if stops > 2 else 0.2}}
    generate |= {"DRIVER": "worker"} if driver == "worker" else {"DRIVER": "celery", "QUEUE": queue}
    settings.ECOM_LLM = settings_for(count, **generate)
    assert request_texts([TextKey(Kind.DESCRIPTION, f"lamp-{number}", "en") for number in range(count)]) == count
    seconds: list[float] = []
    with serving(RedisServer) as redis, workers(driver, redis.url, queue) as process:
        for number in range(stops):
            enough = (number + 1) * count // (stops + 2)
            wait_until(answers(lambda enough=enough: done() >= enough and is_writing()))
            own_database.stop_at_once()
            connection.close()
            time.sleep(DOWN_SECONDS)
            own_database.start()
            before = done()
            seconds.append(wait_until(answers(lambda before=before: done() > before), 60))
        wait_until(answers(lambda: not is_active()), 120)
        assert process.poll() is None
    lost, twice = count - done(), TextVersion.objects.count() - count
    text = f"{lost} of {count} lost, {twice} twice; jobs done again {min(seconds):.1f} to {max(seconds):.1f} s after"
    figure(16, f"{text} each of {stops} stops", is_held=lost == twice == 0, driver=driver)


def test_outages_spend_no_attempt(
    own_database: PostgresServer, settings: Any, rounds: Rounds, figure: RecordFigure
) -> None:
    stops = rounds(10, 3)
    # More stops than attempts, mostly while the same jobs are being made; a lease would not lapse in time. Enough jobs
    # for a worker so slow that it is at the end of a batch only when the database is there again, and stores it.
    count = 4 * stops
    settings.ECOM_LLM = settings_for(
        count, BATCH_JOBS=4, LEASE_SECONDS=120, MAX_ATTEMPTS=2, backend={"delay_seconds": 1, "ticks": 10}
    )
    assert request_texts([TextKey(Kind.DESCRIPTION, f"lamp-{number}", "en") for number in range(count)]) == count
    interrupted: set[uuid.UUID] = set()
    with worker():
        for _ in range(stops):
            # Claimed anew since the stop before.
            wait_until(answers(lambda: not leases() <= interrupted))
            interrupted.update(leases())
            own_database.stop_at_once()
            connection.close()
            # Longer than a batch takes: a worker that finds the database at its end stores what it has.
            time.sleep(1.5)
            own_database.start()
        seconds = wait_until(answers(lambda: not is_active()))
    attempts = sorted(GenerationJob.objects.values_list("state", "attempts"))
    text = f"{done()} of {count} jobs done {seconds:.1f} s after the last of {stops} stops while they ran"
    figure(16, f"{text}, no attempt spent", is_held=attempts == [(State.DONE, 1)] * count, driver="worker")


def leases() -> set[uuid.UUID]:
    tokens = GenerationJob.objects.filter(state=State.RUNNING).values_list("lease_token", flat=True)
    return {token for token in tokens if token is not None}


def workers(driver: str, broker: str, queue: str) -> Any:
    return worker() if driver == "worker" else celery_worker(broker, queue)


def settings_for(count: int, **generate: Any) -> dict[str, Any]:
    made = shop_settings(**generate)
    products = [{"id": f"lamp-{n}", "name": f"Lamp {n}", "attributes": {"Material": "brass"}} for n in range(count)]
    return made | {"CATALOG": made["CATALOG"] | {"OPTIONS": {"products": products}}}


def is_active() -> bool:
    return GenerationJob.objects.filter(state__in=GenerationJob.ACTIVE).exists()


def is_writing() -> bool:
    """Whether a worker holds jobs: it is generating, or writing what it made."""
    return GenerationJob.objects.filter(state=State.RUNNING).exists()


def test_pages_go_on_while_the_database_is_read_only(
    own_database: PostgresServer, settings: Any, rounds: Rounds, figure: RecordFigure
) -> None:
    seconds = rounds(60, 4)
    settings.ECOM_LLM = with_demo_catalogue(shop_settings())
    shop = ["/", "/departments/lamps/", *stock_shelves(60), "/search/?q=lamp"]
    with worker() as process, web_server() as port:
        before = visit(port, shop)
        set_read_only(own_database, "on")
        until = time.monotonic() + seconds
        during = visit(port, itertools.cycle(shop), until)
        counts_then, written_then = counted(port), Event.objects.count()
        set_read_only(own_database, "off")
        after = visit(port, shop)
        wait_until(lambda: not is_active() and done() > 0)
        assert process.poll() is None
    counts = counted_events(counts_then)
    failed = sum(item.status != 200 for item in [*before, *during, *after])
    is_counted = counts == (recordable(before), recordable(during)) and written_then == recordable(before)
    recorded_after = Event.objects.count() - written_then
    text = f"{failed} of {len(during)} pages failed in {seconds} s; {counts[1]} of {recordable(during)} events dropped"
    text += f" and counted, {recorded_after} of {recordable(after)} recorded after it"
    figure(17, text, is_held=failed == 0 and is_counted and recorded_after == recordable(after), driver="direct")


def test_what_the_buffer_holds_is_stored_when_the_database_can_be_written_to_again(
    own_database: PostgresServer, settings: Any, rounds: Rounds, figure: RecordFigure
) -> None:
    seconds, room = rounds(60, 4), rounds(500, 30)
    settings.ECOM_LLM = with_demo_catalogue(shop_settings(), SINK=BUFFERED, BUFFER_EVENTS=room)
    shop = ["/", *stock_shelves(60), "/search/?q=lamp"]
    with web_server() as port:
        before = visit(port, shop[-20:])
        wait_until(lambda: counted(port)["held"] == 0)
        set_read_only(own_database, "on")
        during = visit(port, itertools.cycle(shop), time.monotonic() + seconds)
        counts, written = counted(port), Event.objects.count()
        set_read_only(own_database, "off")
        recorded, dropped = counted_events(counts)
        wait_until(answers(lambda: Event.objects.count() >= recorded), 60)
        # Nor does more come than was said to have been taken.
        wait_until(lambda: counted(port)["held"] == 0)
        stored = Event.objects.count()
    failed = sum(item.status != 200 for item in [*before, *during])
    offered = recordable(before) + recordable(during)
    is_exact = written == recordable(before) and written + counts["held"] == recorded == stored
    is_exact = is_exact and recorded + dropped == offered
    # Each of the server's threads may find the last room.
    is_full = dropped > 0 and room <= counts["held"] <= room + AT_ONCE
    text = f"{failed} of {len(during)} pages failed in {seconds} s; of {recordable(during)} events {counts['held']}"
    text += f" held and {stored - written} stored after it, {dropped} dropped and counted"
    figure(17, text, is_held=failed == 0 and is_exact and is_full, driver="buffered")


def set_read_only(server: PostgresServer, value: str) -> None:
    """Have every transaction begun from now on be read-only, or not, on all connections."""
    server.execute(f"ALTER SYSTEM SET default_transaction_read_only = {value}")
    server.execute("SELECT pg_reload_conf()")
    wait_until(lambda: _shown() == value)
    # Each backend takes the setting up when it is next idle.
    time.sleep(0.5)


def _shown() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW default_transaction_read_only")
        return str(cursor.fetchone()[0])


def counted_events(counts: dict[str, int]) -> tuple[int, int]:
    """Events recorded and dropped, as the web server's process counted them."""
    dropped = sum(number for name, number in counts.items() if name.startswith("events.dropped."))
    return counts.get("events.recorded", 0), dropped


def recordable(visits: list[Visit]) -> int:
    """Visits to pages that leave an event: products and searches."""
    return sum(item.page.startswith(("/products/", "/search/")) for item in visits)
