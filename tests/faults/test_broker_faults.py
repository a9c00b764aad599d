"""Brokers are killed, paused, restarted and emptied; pages go on, and every job that was committed runs once."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from celery import Celery
from django.db import transaction
from kombu import Connection

from ecom_llm.entities import Kind, TextKey
from ecom_llm.generate import wake
from ecom_llm.generate.requests import request_texts
from ecom_llm.models import GenerationJob, TextVersion
from tests.faults.conftest import IS_FULL, IS_POSTGRES, RecordFigure
from tests.faults.processes import ROOT, celery_worker, environment, running, shop_settings, wait_until, worker
from tests.faults.servers import RabbitServer, RedisServer, serving
from tests.faults.shoppers import Visit, slowest_ms, stock_shelves, visit, web_server, with_demo_catalogue

pytestmark = pytest.mark.django_db(transaction=True)

Rounds = Callable[[int, int], int]
State = GenerationJob.State
# Fixtures, and what the drivers on them are called. A quick run shows each row on one.
NAMES = {"redis": "redis", "rabbit": "rabbitmq"}
BROKERS = list(NAMES)
# A Celery worker that is woken by nobody sweeps this often, in units of SWEEP_SECONDS.
SWEEPS = 15
NEVER_SECONDS = 600
PAUSE_ADDS_MS = 200
# The few pages of a quick run have no 99th of 100.
PERCENT = 99 if IS_FULL else 90
WARM_UP = 12


@pytest.fixture(autouse=True)
def _once() -> None:
    # A broker's faults do not depend on the database, and take minutes.
    if IS_FULL and IS_POSTGRES:
        pytest.skip("Shown by the run on SQLite.")


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    with serving(RedisServer) as server:
        yield server


@pytest.fixture(scope="module")
def rabbit() -> Iterator[RabbitServer]:
    with serving(RabbitServer) as server:
        yield server


@pytest.fixture
def queue() -> str:
    """A queue of the test's own."""
    return f"faults_{uuid.uuid4().hex[:8]}"


@pytest.fixture
def use_broker(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Celery]]:
    """Give this process an application on a broker, as a web process has one."""
    with ExitStack() as stack:

        def use(url: str) -> Celery:
            app = Celery("test", broker=url, set_as_current=False)
            app.conf.broker_transport_options = {"socket_connect_timeout": 1, "socket_timeout": 1}
            monkeypatch.setattr(wake, "_app", app)
            monkeypatch.setattr(wake, "_sender", wake._Sender())
            stack.callback(app.close)
            return app

        yield use


def products(count: int) -> list[dict[str, Any]]:
    return [{"id": f"lamp-{n}", "name": f"Lamp {n}", "attributes": {"Material": "brass"}} for n in range(count)]


def settings_for(count: int, queue: str, **generate: Any) -> dict[str, Any]:
    """Settings of a shop with that many products and a Celery queue of its own."""
    made = shop_settings(**{"DRIVER": "celery", "QUEUE": queue, **generate})
    return made | {"CATALOG": made["CATALOG"] | {"OPTIONS": {"products": products(count)}}}


def ask(count: int, start: int = 0) -> None:
    keys = [TextKey(Kind.DESCRIPTION, f"lamp-{number}", "en") for number in range(start, start + count)]
    assert request_texts(keys) == count


def done() -> int:
    return GenerationJob.objects.filter(kind=Kind.DESCRIPTION, state=State.DONE).count()


def descriptions() -> int:
    """Versions of descriptions; more than one of a text would show here."""
    return TextVersion.objects.filter(text__kind=Kind.DESCRIPTION).count()


def are_done(count: int) -> Callable[[], bool]:
    return lambda: done() == count


def waiting_messages(url: str, queue: str) -> int:
    with Connection(url) as connection:
        return int(connection.default_channel.queue_declare(queue, durable=True, auto_delete=False).message_count)


# Rows 9 and 10: what a dead or a silent broker costs a page.


@dataclass(frozen=True, slots=True)
class OpenShop:
    """A shop whose worker is held still while pages are measured, so that only the broker makes a difference.

    Attributes:
        before: visits while all was well.
        visit: has the other pages visited, as `shoppers.visit`.
        let_worker_run: ends the worker's standstill.
    """

    visit_some: Callable[..., list[Visit]]
    let_worker_run: Callable[[], None]


@contextmanager
def open_shop(redis: RedisServer, queue: str, settings: Any, count: int) -> Iterator[OpenShop]:
    """Serve so many pages."""
    settings.ECOM_LLM = with_demo_catalogue(shop_settings(DRIVER="celery", QUEUE=queue, BATCH_JOBS=32))
    pages = iter(stock_shelves(count + WARM_UP))

    def visit_some(number: int, **options: Any) -> list[Visit]:
        return visit(port, islice(pages, number), **options)

    with celery_worker(redis.url, queue) as process, web_server(redis.url) as port:
        # Not measured: imports, templates and connections of the first pages, and the worker's start.
        visit_some(WARM_UP)
        wait_until(are_done(WARM_UP))
        # Its main process only: a child that is stopped mid-write would keep SQLite locked.
        os.kill(process.pid, signal.SIGSTOP)
        time.sleep(1)
        yield OpenShop(visit_some, partial(os.kill, process.pid, signal.SIGCONT))


def told(calm: list[Visit], trouble: list[Visit]) -> str:
    with_redis, without = slowest_ms(calm, PERCENT), slowest_ms(trouble, PERCENT)
    return (
        f"p{PERCENT} of a page {with_redis:.0f} ms with Redis, {without:.0f} ms without: {without - with_redis:+.0f} ms"
    )


def test_pages_go_on_while_redis_is_dead_and_every_job_runs_when_it_is_back(
    redis: RedisServer, queue: str, settings: Any, rounds: Rounds, figure: RecordFigure
) -> None:
    count, half = rounds(1000, 60), rounds(250, 30)
    killed_at = math.inf

    def kill_after_some(begun: int) -> None:
        nonlocal killed_at
        if begun == count // 10:
            redis.kill()
            killed_at = time.monotonic()

    try:
        with open_shop(redis, queue, settings, count + 2 * half) as shop:
            calm = shop.visit_some(half)
            visits = shop.visit_some(count, on_visit=kill_after_some)
            redis.start()
            calm += shop.visit_some(half)
            shop.let_worker_run()
            seconds = wait_until(are_done(count + len(calm) + WARM_UP), 120)
    finally:
        redis.restart()
    failed = sum(item.status != 200 for item in visits)
    trouble = [item for item in visits if item.started >= killed_at]
    text = f"{failed} of {count} pages failed, {done() - len(calm) - WARM_UP} of {count} done after {seconds:.0f} s"
    is_held = failed == 0 and len(trouble) > count // 2 and descriptions() == count + len(calm) + WARM_UP
    figure(9, f"{text}; {told(calm, trouble)}", is_held=is_held, driver="celery, redis")


def test_pages_do_not_wait_for_a_redis_that_is_silent(
    redis: RedisServer, queue: str, settings: Any, rounds: Rounds, figure: RecordFigure
) -> None:
    count, half, pause_seconds = rounds(1000, 60), rounds(250, 30), rounds(15, 4)
    with redis.client() as client, open_shop(redis, queue, settings, count + 2 * half) as shop:
        calm = shop.visit_some(half)
        client.client_pause(pause_seconds * 1000)
        until = time.monotonic() + pause_seconds
        visits = shop.visit_some(count, until=until - 0.5)
        time.sleep(max(0.0, until - time.monotonic()))
        calm += shop.visit_some(half)
        shop.let_worker_run()
        asked = len(visits) + len(calm) + WARM_UP
        wait_until(are_done(asked), 120)
    failed = sum(item.status != 200 for item in visits)
    added = slowest_ms(visits, PERCENT) - slowest_ms(calm, PERCENT)
    text = f"{told(calm, visits)}; {failed} of {len(visits)} pages failed, {done() - len(calm) - WARM_UP} done"
    is_held = failed == 0 and added <= PAUSE_ADDS_MS and descriptions() == asked and len(visits) >= 20
    figure(10, text, is_held=is_held, driver="celery, redis")


# Rows 11 and 12: a broker that comes back, or comes back with nothing.


@pytest.mark.parametrize("broker", BROKERS)
def test_worker_consumes_again_after_every_restart_of_its_broker(
    broker: str, queue: str, settings: Any, use_broker: Any, request: Any, rounds: Rounds, figure: RecordFigure
) -> None:
    server: RedisServer | RabbitServer = request.getfixturevalue(broker)
    restarts = rounds(10, 2 if broker == "redis" else 1)
    # Nothing but a message can bring a job to the worker within this test.
    settings.ECOM_LLM = settings_for(restarts + 1, queue, SWEEP_SECONDS=NEVER_SECONDS)
    use_broker(server.url)
    seconds: list[float] = []
    with celery_worker(server.url, queue) as process:
        ask(1)
        wait_until(are_done(1))
        for number in range(1, restarts + 1):
            server.restart()
            ask(1, start=number)
            seconds.append(wait_until(are_done(number + 1), 60))
        assert process.poll() is None
    text = f"{len(seconds)} of {restarts} restarts: the next job done after {min(seconds):.1f} to {max(seconds):.1f} s"
    figure(11, text, is_held=len(seconds) == restarts, driver=f"celery, {NAMES[broker]}")


@pytest.mark.parametrize("broker", BROKERS if IS_FULL else BROKERS[1:])
def test_jobs_whose_messages_are_gone_run_within_one_sweep(
    broker: str, queue: str, settings: Any, use_broker: Any, request: Any, rounds: Rounds, figure: RecordFigure
) -> None:
    server: RedisServer | RabbitServer = request.getfixturevalue(broker)
    count = rounds(500, 50)
    settings.ECOM_LLM = settings_for(count, queue, BATCH_JOBS=32)
    app = use_broker(server.url)
    with celery_worker(server.url, queue):
        wait_until(lambda: bool(app.control.ping(timeout=0.5)))
        app.control.cancel_consumer(queue)
        wait_until(lambda: not consumes(app, queue))
        ask(count)
        wait_until(lambda: waiting_messages(server.url, queue) > 0)
        empty(server, queue)
        assert waiting_messages(server.url, queue) == 0
        assert done() == 0
        app.control.add_consumer(queue)
        seconds = wait_until(are_done(count), 90)
    text = f"{done()} of {count} done {seconds:.1f} s later, sweeping every {SWEEPS} s"
    # One interval until the sweep, and what the jobs themselves take.
    figure(12, text, is_held=descriptions() == count and seconds < 2 * SWEEPS, driver=f"celery, {NAMES[broker]}")


def consumes(app: Celery, queue: str) -> bool:
    answers = app.control.inspect(timeout=0.5).active_queues() or {}
    return any(item["name"] == queue for found in answers.values() for item in found)


def empty(server: RedisServer | RabbitServer, queue: str) -> None:
    if isinstance(server, RedisServer):
        with server.client() as client:
            client.flushall()
        return
    with Connection(server.url) as connection:
        connection.default_channel.queue_purge(queue)


# Rows 13 and 14: a commit without its message, and a message without its commit.


@pytest.mark.parametrize("driver", ["worker", "celery, redis", "celery, rabbitmq"] if IS_FULL else ["worker"])
def test_job_whose_process_ended_before_its_message_runs(
    driver: str, queue: str, settings: Any, use_broker: Any, request: Any, rounds: Rounds, figure: RecordFigure
) -> None:
    count = rounds(100, 5)
    if driver == "worker":
        settings.ECOM_LLM = settings_for(count + 1, queue, DRIVER="worker")
        process, broker = worker(), ""
    else:
        server = request.getfixturevalue({"celery, redis": "redis", "celery, rabbitmq": "rabbit"}[driver])
        settings.ECOM_LLM = settings_for(count + 1, queue)
        process, broker = celery_worker(server.url, queue), server.url
    use_broker("redis://127.0.0.1:1/0")
    ask(1, start=count)
    subjects = [product["id"] for product in products(count)]
    command = [sys.executable, "-m", "tests.faults.ends_before_publish", *subjects]
    with process:
        # Past the sweep that a worker makes at its start.
        wait_until(are_done(1))
        ended = subprocess.run(command, cwd=ROOT, env=environment(broker), check=False, timeout=120)
        assert ended.returncode == 0
        seconds = wait_until(are_done(count + 1), 90)
    text = f"{done() - 1} of {count} ran, the last {seconds:.1f} s after the last process ended"
    figure(13, text, is_held=descriptions() == count + 1, driver=driver)


def test_request_that_is_rolled_back_leaves_no_job_and_no_message(
    redis: RedisServer, queue: str, settings: Any, use_broker: Any, rounds: Rounds, figure: RecordFigure
) -> None:
    count = rounds(100, 20)
    settings.ECOM_LLM = settings_for(count, queue)
    use_broker(redis.url)
    for number in range(count):
        with transaction.atomic():
            ask(1, start=number)
            transaction.set_rollback(True)
    # A message would be sent by a thread; there is none.
    assert not wake._sender._is_sending
    jobs, messages = GenerationJob.objects.count(), waiting_messages(redis.url, queue)
    # The same requests do leave them when they are committed.
    ask(count)
    wait_until(lambda: waiting_messages(redis.url, queue) > 0)
    text = f"{jobs} jobs and {messages} messages after {count} roll-backs"
    figure(14, text, is_held=jobs == messages == 0, driver="celery, redis")


# Row 15: beat.


@pytest.mark.parametrize("beats", [0, 2])
@pytest.mark.parametrize("broker", BROKERS if IS_FULL else BROKERS[:1])
def test_jobs_run_once_with_no_beat_and_with_two(
    broker: str,
    beats: int,
    queue: str,
    settings: Any,
    use_broker: Any,
    request: Any,
    rounds: Rounds,
    figure: RecordFigure,
    tmp_path: Path,
) -> None:
    count, waves = rounds(300, 30), rounds(3, 2)
    server: RedisServer | RabbitServer = request.getfixturevalue(broker)
    # With beats, theirs are the only messages; without, the workers' own sweeps.
    sweep_seconds = NEVER_SECONDS if beats else 1
    settings.ECOM_LLM = settings_for(count, queue, SWEEP_SECONDS=sweep_seconds, LEASE_SECONDS=30, BATCH_JOBS=4)
    use_broker("redis://127.0.0.1:1/0")
    with ExitStack() as stack:
        for number in range(2):
            stack.enter_context(celery_worker(server.url, queue, f"{queue}_{number}"))
        for number in range(beats):
            stack.enter_context(beat(server.url, queue, tmp_path / str(number)))
        for number in range(waves):
            ask(count // waves, start=number * count // waves)
            wait_until(are_done((number + 1) * count // waves), 90)
    twice = descriptions() - count + GenerationJob.objects.filter(attempts__gt=1).count()
    text = f"{beats or 'no'} beats: {done()} of {count} done, {twice} twice"
    figure(15, text, is_held=twice == 0, driver=f"celery, {NAMES[broker]}")


def beat(broker: str, queue: str, folder: Path) -> Any:
    """`celery beat` that has every worker woken each second."""
    folder.mkdir()
    schedule = {"run jobs": {"task": "ecom_llm.run_jobs", "schedule": 1, "options": {"queue": queue}}}
    command = ["-m", "celery", "-A", "shop_demo", "beat", "-s", str(folder / "schedule"), "--pidfile", ""]
    return running([sys.executable, *command], environment(broker) | {"ECOM_LLM_FAULT_BEAT": json.dumps(schedule)})
