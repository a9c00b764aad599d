"""The demo shop behind a real web server, and shoppers who visit it and note how long each page took."""

from __future__ import annotations

import http.client
import json
import math
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from shop_demo.demo.processes import free_port, is_listening
from shop_demo.models import Category, Product
from tests.faults.processes import environment, running, wait_until
from tests.settings import ECOM_LLM as SHOP

# Threads of the server, and as many shoppers at a time, each with a connection that is kept open. Few, so that a page
# waits for its broker or its database rather than for the processor.
AT_ONCE = 2
PAGE_SECONDS = 30


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


def with_demo_catalogue(ecom_llm: dict[str, Any]) -> dict[str, Any]:
    """Settings of a fault test whose catalogue is the demo shop's own tables and whose views are captured."""
    return ecom_llm | {"CATALOG": SHOP["CATALOG"], "CAPTURE": SHOP["CAPTURE"]}


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
    port = free_port()
    command = ["-m", "gunicorn", "shop_demo.wsgi", "--bind", f"127.0.0.1:{port}", "--log-level", "warning"]
    command += ["--workers", "1", "--threads", str(AT_ONCE), "--keep-alive", "60"]
    with running([sys.executable, *command], environment(broker)):
        wait_until(lambda: is_listening("127.0.0.1", port))
        yield port


def visit(
    port: int, pages: Iterable[str], until: float = math.inf, on_visit: Callable[[int], None] | None = None
) -> list[Visit]:
    """Have shoppers visit pages, each once, `AT_ONCE` at a time.

    Args:
        port: of the web server.
        pages: paths; may be endless.
        until: no page is begun after this moment of the monotonic clock.
        on_visit: called before each visit with the number of those begun, in the shopper's thread.

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

    shoppers = [threading.Thread(target=shop) for _ in range(AT_ONCE)]
    for shopper in shoppers:
        shopper.start()
    for shopper in shoppers:
        shopper.join()
    return sorted(visits, key=lambda item: item.started)


def _get(connection: http.client.HTTPConnection, page: str) -> Visit:
    started = time.monotonic()
    status = 0
    try:
        connection.request("GET", page)
        answer = connection.getresponse()
        answer.read()
        status = answer.status
    except (OSError, http.client.HTTPException):
        connection.close()
    return Visit(started, time.monotonic() - started, status, page)


def counted(port: int) -> dict[str, int]:
    """What the web server's process has counted so far."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PAGE_SECONDS)
    try:
        connection.request("GET", "/counted/")
        counts: dict[str, int] = json.loads(connection.getresponse().read())
    finally:
        connection.close()
    return counts


def slowest_ms(visits: Sequence[Visit], percent: int) -> float:
    """The time that this many of 100 pages stay within, in milliseconds."""
    seconds = sorted(item.seconds for item in visits)
    return 1000 * seconds[math.ceil(percent / 100 * len(seconds)) - 1]
