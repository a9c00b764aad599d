"""The demo shop behind a real web server, and shoppers who visit it and note how long each page took."""

from __future__ import annotations

import asyncio
import http.client
import itertools
import json
import math
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shop_demo.demo.processes import free_port, is_listening
from shop_demo.models import Category, Product
from tests.faults.processes import environment, running, wait_until
from tests.products import BROWSER
from tests.settings import ECOM_LLM as SHOP

# Threads of the server, and as many shoppers at a time, each with a connection that is kept open. Few, so that a page
# waits for its broker or its database rather than for the processor.
AT_ONCE = 2
PAGE_SECONDS = 30

# Each page is asked for by a browser of its own: the same one again within seconds would be a repeat.
_browsers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Visit:
    """One page as its shopper got it.

    Attributes:
        started: when it was asked for, by the monotonic clock.
        seconds: until its last byte.
        status: HTTP status; 0 when no answer came.
        page: which, as a path.
    """

    started: float
    seconds: float
    status: int
    page: str


def with_demo_catalogue(ecom_llm: dict[str, Any], **capture: Any) -> dict[str, Any]:
    """Settings of a fault test whose catalogue is the demo shop's own tables and whose views are captured.

    Args:
        ecom_llm: the other sections.
        capture: keys of `CAPTURE` that are not as the tests have them, who write each event at once.
    """
    return ecom_llm | {"CATALOG": SHOP["CATALOG"], "CAPTURE": SHOP["CAPTURE"] | capture}


def stock_shelves(count: int) -> list[str]:
    """Fill the demo shop with products, each with a page that asks for a description of its own.

    Returns:
        The path of each product's page.
    """
    category = Category.objects.create(slug="lamps", name="Lamps")
    Product.objects.bulk_create(
        Product(
            sku=f"lamp-{number}", name=f"Lamp {number}", category=category, price=number + 1, stock=1,
            attributes={"Finish": f"matt {_word(number)}"}, picture={},
        )
        for number in range(count)
    )  # fmt: skip
    return [f"/products/lamp-{number}/" for number in range(count)]


def _word(number: int) -> str:
    """A word of its own for each number; a fact with a digit in it is not a feature."""
    return "".join("abcdefghij"[int(digit)] for digit in str(number))


@contextmanager
def web_server(broker: str = "") -> Iterator[int]:
    """Serve the demo shop with gunicorn, one process and some threads, from the test's own database.

    Returns:
        Its port.
    """
    options = ["--workers", "1", "--threads", str(AT_ONCE), "--keep-alive", "60", "--log-level", "warning"]
    with gunicorn(*options, broker=broker) as (port, _):
        yield port


@contextmanager
def gunicorn(*options: str, broker: str = "", log: Path | None = None) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """Serve the demo shop with gunicorn, told how.

    Returns:
        Its port, and the process that signals go to.
    """
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "shop_demo.wsgi", "--bind", f"127.0.0.1:{port}", *options]
    # It would lie in the home folder, where servers of other runs have theirs.
    command.append("--no-control-socket")
    with running(command, environment(broker), log) as process:
        wait_until(lambda: is_listening("127.0.0.1", port))
        yield port, process


@contextmanager
def uvicorn(*, is_captured: bool = True, log: Path | None = None) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """Serve the demo shop with uvicorn, one event loop.

    Args:
        is_captured: whether our middleware is among the others.
        log: see `processes.running`.

    Returns:
        Its port, and its process.
    """
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "shop_demo.asgi:application", "--port", str(port)]
    command += ["--log-level", "warning"]
    env = environment() | ({} if is_captured else {"ECOM_LLM_FAULT_WITHOUT_CAPTURE": "1"})
    with running(command, env, log) as process:
        wait_until(lambda: is_listening("127.0.0.1", port))
        yield port, process


def visit(
    port: int,
    pages: Iterable[str],
    until: float = math.inf,
    on_visit: Callable[[int], None] | None = None,
    at_once: int = AT_ONCE,
) -> list[Visit]:
    """Have shoppers visit pages, each once, some at a time.

    Args:
        port: of the web server.
        pages: paths; may be endless.
        until: no page is begun after this moment of the monotonic clock.
        on_visit: called before each visit with the number of those begun, in the shopper's thread.
        at_once: how many.

    Returns:
        The visits, by when they began.
    """
    visits: list[Visit] = []
    lock = threading.Lock()
    numbered = enumerate(pages)

    def next_page() -> str:
        with lock:
            number, page = next(numbered, (0, ""))
            if not page or time.monotonic() > until:
                return ""
            if on_visit is not None:
                on_visit(number)
            return page

    def shop() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PAGE_SECONDS)
        try:
            while page := next_page():
                visits.append(_get(connection, page))
        finally:
            connection.close()

    shoppers = [threading.Thread(target=shop) for _ in range(at_once)]
    for shopper in shoppers:
        shopper.start()
    for shopper in shoppers:
        shopper.join()
    return sorted(visits, key=lambda item: item.started)


def browser() -> str:
    """What a browser that was not here before calls itself."""
    return BROWSER.replace("rv:140.0", f"rv:140.{next(_browsers)}")


def _get(connection: http.client.HTTPConnection, page: str) -> Visit:
    started = time.monotonic()
    status = 0
    try:
        connection.request("GET", page, headers={"User-Agent": browser()})
        answer = connection.getresponse()
        answer.read()
        status = answer.status
    except (OSError, http.client.HTTPException):
        connection.close()
    return Visit(started, time.monotonic() - started, status, page)


def visit_at_once(port: int, pages: Iterable[str]) -> list[Visit]:
    """Have as many shoppers as there are pages ask for one each, all at the same time."""

    async def all_of_them() -> list[Visit]:
        return list(await asyncio.gather(*(_get_in_loop(port, page) for page in pages)))

    return asyncio.run(all_of_them())


async def _get_in_loop(port: int, page: str) -> Visit:
    started = time.monotonic()
    request = f"GET {page} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: {browser()}\r\nConnection: close\r\n\r\n"
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request.encode())
        answer = await asyncio.wait_for(reader.read(), PAGE_SECONDS)
        writer.close()
        await writer.wait_closed()
    except OSError:
        answer = b""
    status = int(answer.split(maxsplit=2)[1]) if answer else 0
    return Visit(started, time.monotonic() - started, status, page)


def asked(port: int, page: str) -> Any:
    """What a page of JSON says."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PAGE_SECONDS)
    try:
        connection.request("GET", page)
        return json.loads(connection.getresponse().read())
    finally:
        connection.close()


def counted(port: int) -> dict[str, int]:
    """What the web server's process has counted so far."""
    counts: dict[str, int] = asked(port, "/counted/")
    return counts


def slowest_ms(visits: Sequence[Visit], percent: int) -> float:
    """The time that this many of 100 pages stay within, in milliseconds."""
    seconds = sorted(item.seconds for item in visits)
    return 1000 * seconds[math.ceil(percent / 100 * len(seconds)) - 1]
