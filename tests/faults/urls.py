"""The demo shop's addresses, pages for a server with an event loop, and what a test asks of the web process."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path

from ecom_llm.capture import counters
from ecom_llm.capture.scope import defer
from ecom_llm.capture.sinks.base import made_sink
from ecom_llm.entities import Kind, TextKey
from ecom_llm.generate.requests import request_texts
from shop_demo.urls import urlpatterns as shop_patterns

# How often the event loop is looked at, and how long a page of its waits for something else than this process.
TICK_SECONDS = 0.005
PAGE_SECONDS = 0.05


def counted(request: HttpRequest) -> JsonResponse:
    """The counters of the process that answers, and how many events it holds; run one, so that they are all."""
    del request
    sink = made_sink()
    return JsonResponse(counters.read() | {"held": sink.held if sink is not None else 0})


class _Loop:
    """What is known of the event loop: the task that watches it, and by how much it was late at most."""

    task: asyncio.Task[None] | None = None
    late_seconds = 0.0


class _Connections:
    """How many connections to the database are open, and were at most."""

    lock = threading.Lock()
    open = most = 0


async def _watch() -> None:
    while True:
        due = time.monotonic() + TICK_SECONDS
        await asyncio.sleep(TICK_SECONDS)
        _Loop.late_seconds = max(_Loop.late_seconds, time.monotonic() - due)


def _note_connection(connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    del kwargs
    with _Connections.lock:
        _Connections.open += 1
        _Connections.most = max(_Connections.most, _Connections.open)

    def close() -> None:
        with _Connections.lock:
            _Connections.open -= 1
        del connection._close
        connection._close()

    connection._close = close


connection_created.connect(_note_connection)


async def stalled(request: HttpRequest) -> JsonResponse:
    """How long the loop stood still at most, and how many connections were open at once, since this was asked last."""
    del request
    if _Loop.task is None:
        _Loop.task = asyncio.create_task(_watch())
    said = {"milliseconds": 1000 * _Loop.late_seconds, "connections": _Connections.most}
    _Loop.late_seconds, _Connections.most = 0.0, _Connections.open
    return JsonResponse(said)


async def product_in_loop(request: HttpRequest, sku: str) -> HttpResponse:
    """A product's page that asks no database."""
    del request
    await asyncio.sleep(PAGE_SECONDS)
    return HttpResponse(f"<!doctype html><title>{sku}</title>")


async def asking_in_loop(request: HttpRequest, sku: str) -> HttpResponse:
    """The same, and its text is missing."""
    defer(lambda: request_texts([TextKey(Kind.DESCRIPTION, sku, "en")]))
    return await product_in_loop(request, sku)


urlpatterns = [
    *shop_patterns,
    path("counted/", counted),
    path("stalled/", stalled),
    path("loop/<slug:sku>/", product_in_loop, name="product_in_loop"),
    path("asking/<slug:sku>/", asking_in_loop, name="asking_in_loop"),
]
