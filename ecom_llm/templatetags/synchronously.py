"""Lets a tag read the database wherever it is rendered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

from django.db import connections
from django.utils.translation import get_language, override

T = TypeVar("T")


def synchronously(function: Callable[[], T]) -> T:
    """Call a function that may use the ORM.

    Django renders a `TemplateResponse` of an async view in a thread, where this is a plain call. A `render()`
    inside an async view runs in the event loop, where the ORM refuses to work: there the call goes to a thread
    of its own and the loop waits for it, as it waits for the rest of that rendering.

    Args:
        function: what to call; sees the caller's context variables.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return function()
    language = get_language()
    with ThreadPoolExecutor(max_workers=1) as threads:
        return threads.submit(copy_context().run, _with_own_connection, function, language).result()


def _with_own_connection(function: Callable[[], T], language: str | None) -> T:
    # Django keeps the active language where a copied context does not reach it.
    try:
        with override(language):
            return function()
    finally:
        connections.close_all()
