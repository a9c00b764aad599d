"""The small shop that capture is tested with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any

import pytest
from django.db import OperationalError, connection
from pytest_django import Settings

from ecom_llm.capture import background, counters, salts
from ecom_llm.capture.sinks import base as sinks

PRODUCTS = [
    {"id": "lantern", "name": "Storm Lantern", "category": "Lights"},
    {"id": "lantern-red", "name": "Storm Lantern, red", "category": "Lights", "parent_id": "lantern"},
    {"id": "kettle", "name": "Camp Kettle", "category": "Kitchen"},
    {"id": "x" * 101, "name": "Nameplate with a long id"},
]
PRODUCT_VIEWS = (
    "product", "shop:product", "async-product", "templated-product", "recording", "async-recording", "streamed",
    "json", "missing",
)  # fmt: skip

Configure = Callable[..., None]


@pytest.fixture(autouse=True)
def _fresh_process() -> Iterator[None]:
    counters.reset()
    salts.forget_salt()
    yield
    salts.forget_salt()


@pytest.fixture
def configure(settings: Settings) -> Configure:
    """Set sections of `ECOM_LLM` beside the small catalogue."""

    def apply(**sections: Any) -> None:
        settings.ECOM_LLM = {
            "CATALOG": {
                "ADAPTER": "ecom_llm.catalog.adapters.memory.MemoryCatalog",
                "OPTIONS": {"products": PRODUCTS},
            },
            **sections,
            # Unless a test says otherwise, what was recorded is in the table at once.
            "CAPTURE": {"SINK": "ecom_llm.capture.sinks.direct.DirectSink", **sections.get("CAPTURE", {})},
        }

    return apply


@pytest.fixture(autouse=True)
def _shop(settings: Settings, configure: Configure) -> None:
    settings.ROOT_URLCONF = "tests.capture.urls"
    settings.MIDDLEWARE = ["ecom_llm.capture.middleware.CaptureMiddleware"]
    settings.ALLOWED_HOSTS = ["*"]
    configure(CAPTURE={"PRODUCT_VIEWS": dict.fromkeys(PRODUCT_VIEWS, "product_id"), "SEARCH_VIEWS": {"search": "q"}})


@pytest.fixture
def own_background(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A thread and a sink of the test's own, which are over when it ends."""
    monkeypatch.setattr(background, "_state", background._State())
    monkeypatch.setattr(sinks, "_cached", None)
    yield
    background.finish()


@contextmanager
def broken_database(*, reads: bool = False) -> Iterator[None]:
    """Let every write fail as on a read-only disk; every read too, if asked."""

    def refuse(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if reads or not sql.startswith("SELECT"):
            raise OperationalError("attempt to write a readonly database")
        return execute(sql, params, many, context)

    with ExitStack() as stack:
        wrapper: AbstractContextManager[None] = connection.execute_wrapper(refuse)
        stack.enter_context(wrapper)
        yield
