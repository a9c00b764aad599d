"""Web servers that fork, thread, reload and end: every event of a page that was answered is in the table."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import pytest

from ecom_llm.capture import tallies
from ecom_llm.capture.middleware import HOPS_AT_ONCE
from ecom_llm.models import Event
from tests.faults.conftest import RecordFigure
from tests.faults.processes import shop_settings
from tests.faults.shoppers import asked, gunicorn, stock_shelves, uvicorn, visit, visit_at_once, with_demo_catalogue

pytestmark = pytest.mark.django_db(transaction=True)

Rounds = Callable[[int, int], int]
BUFFERED = "ecom_llm.capture.sinks.buffered.BufferedSink"
WORKERS = 4
# More shoppers than workers, so that each of these has some.
SHOPPERS = 8
PRELOADED = ("--preload", "--workers", str(WORKERS), "--log-level", "info", "--graceful-timeout", "20")
# How the server is run besides.
WAYS = {
    "preload": (),
    "preload, reload": (),
    # No connection is kept open, or one worker might get them all.
    "preload, threads": ("--threads", "4", "--keep-alive", "0"),
    "preload, workers replaced": ("--max-requests", "{share}"),
}
# Pages asked for at one moment, and those of `tests.faults.urls` that an event loop answers.
AT_ONCE = 500
LOOP_PAGES = {"uvicorn": "/loop/", "uvicorn, texts asked for": "/asking/"}
LOOP_VIEWS = ("product_in_loop", "asking_in_loop")
# Those of pages that have put something off, and that of the thread which writes.
CONNECTIONS = HOPS_AT_ONCE + 1
# What is held is written when a process ends, and not before.
NEVER_SECONDS = 600
# What its log then says.
HAPPENED = {"preload, reload": "Handling signal: hup", "preload, workers replaced": "Autorestarting worker"}


@pytest.mark.parametrize("way", WAYS)
def test_no_event_is_lost_when_a_web_server_ends(
    way: str, settings: Any, rounds: Rounds, tmp_path: Path, figure: RecordFigure
) -> None:
    hits = rounds(4000, 400) if way == "preload" else rounds(1000, 120)
    settings.ECOM_LLM = with_demo_catalogue(shop_settings(), SINK=BUFFERED, FLUSH_SECONDS=NEVER_SECONDS)
    pages = islice(cycle(stock_shelves(20)), hits)
    options = [word.format(share=hits // 12) for word in WAYS[way]]
    log = tmp_path / "gunicorn.log"
    with gunicorn(*PRELOADED, *options, log=log) as (port, process):

        def reload(number: int) -> None:
            if number == hits // 2 and way == "preload, reload":
                os.kill(process.pid, signal.SIGHUP)

        visits = visit(port, pages, on_visit=reload, at_once=SHOPPERS)
        process.terminate()
        process.wait(60)
    print(log.read_text())
    failed = sum(item.status != 200 for item in visits)
    stored, totals = Event.objects.count(), tallies.totals()
    is_counted = totals.get("events.recorded") == totals.get("events.stored") == hits
    assert HAPPENED.get(way, "") in log.read_text()
    text = f"{failed} of {len(visits)} pages failed, {stored} of {hits} events in the table"
    figure(24, text, is_held=failed == 0 and stored == hits and is_counted, driver=way)


def test_no_event_is_lost_when_a_server_with_an_event_loop_ends(
    settings: Any, rounds: Rounds, tmp_path: Path, figure: RecordFigure
) -> None:
    hits = rounds(1000, 120)
    settings.ECOM_LLM = in_loop(FLUSH_SECONDS=NEVER_SECONDS)
    pages = islice(cycle(stock_shelves(20)), hits)
    with uvicorn(log=tmp_path / "uvicorn.log") as (port, process):
        visits = visit(port, [page.replace("products", "loop") for page in pages])
        process.terminate()
        process.wait(60)
    print((tmp_path / "uvicorn.log").read_text())
    failed, stored = sum(item.status != 200 for item in visits), Event.objects.count()
    text = f"{failed} of {len(visits)} pages failed, {stored} of {hits} events in the table"
    figure(24, text, is_held=failed == 0 and stored == hits, driver="uvicorn")


def in_loop(**capture: Any) -> dict[str, Any]:
    views = dict.fromkeys(LOOP_VIEWS, "sku")
    return with_demo_catalogue(shop_settings(), SINK=BUFFERED, PRODUCT_VIEWS=views, **capture)


@dataclass(frozen=True, slots=True)
class Burst:
    """What many pages at once did to a server with an event loop.

    Attributes:
        stall_ms: the longest time for which the loop did not come round.
        connections: to the database, the most that the server had at once.
        failed: pages.
    """

    stall_ms: float
    connections: int
    failed: int


def burst(port: int, pages: list[str]) -> Burst:
    asked(port, "/stalled/")
    visits = visit_at_once(port, pages)
    said = asked(port, "/stalled/")
    return Burst(said["milliseconds"], said["connections"], sum(item.status != 200 for item in visits))


@pytest.mark.parametrize("page", LOOP_PAGES)
def test_an_event_loop_goes_on_while_many_ask_at_once(
    page: str, settings: Any, tmp_path: Path, figure: RecordFigure
) -> None:
    settings.ECOM_LLM = in_loop(FLUSH_SECONDS=1)
    path = LOOP_PAGES[page]
    pages = [shelf.replace("/products/", path) for shelf in islice(cycle(stock_shelves(20)), AT_ONCE)]
    log = tmp_path / "uvicorn.log"
    with uvicorn(is_captured=False, log=log) as (bare_port, _), uvicorn(log=log) as (port, process):
        # In turn; the first to ours finds a process that has just started and knows nothing yet.
        bare, ours = zip(*((burst(bare_port, pages), burst(port, pages)) for _ in range(3)), strict=True)
        process.terminate()
        process.wait(60)
    print(log.read_text()[-5000:])
    stored, wanted = Event.objects.count(), 3 * AT_ONCE
    failed = sum(item.failed for item in (*bare, *ours))
    connections = max(item.connections for item in ours)
    stalls = [max(item.stall_ms for item in bursts) for bursts in (bare, ours)]
    text = f"{failed} pages failed, {stored} of {wanted} events in the table; longest stall {stalls[1]:.0f} ms, without"
    text += f" capture {stalls[0]:.0f} ms; at most {connections} of {CONNECTIONS} connections"
    # Of the stall, a guard against another order of magnitude only: the machine is shared.
    is_held = failed == 0 and stored == wanted and connections <= CONNECTIONS and stalls[1] < 10 * stalls[0] + 1000
    figure(25, text, is_held=is_held, driver=page)
