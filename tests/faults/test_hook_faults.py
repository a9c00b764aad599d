"""Whatever of capture's own raises while a page is made, the shopper gets that page byte for byte."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import FunctionType
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.core import signing
from django.test import AsyncClient, Client

from ecom_llm import conf
from ecom_llm.capture import background, counters, middleware, repeats, salts, scope
from ecom_llm.capture.identity import SALT, new_visitor_id
from ecom_llm.capture.sinks import base
from tests.faults.conftest import IS_FULL, RecordFigure
from tests.faults.hook_pages import LANTERN, OURS_FROM, OURS_TO, PAGE

pytestmark = pytest.mark.django_db

SINKS = {"direct": "direct.DirectSink", "buffered": "buffered.BufferedSink"}
VIEWS = ("product", "product-in-loop", "templated", "recording", "recording-in-loop", "tagged")
PAGES = [*(f"/{name}/lantern/" for name in VIEWS), "/search/?q=shoppers+own+words"]
SEARCHED = "shoppers own words"
SAID = "what an error says"
VISITOR = new_visitor_id()
# The lines themselves, which nothing of ours passes, and what this test itself calls.
NO_HOOKS = {"boundary", "_opened", "_guarded", "_render", "forget_recent", "forget_salt"}
# Called as attributes of their modules, or no functions.
BESIDES = (
    (conf, "get_settings"), (scope, "RequestScope"), (middleware, "open_scope"), (counters, "count"),
)  # fmt: skip
ROOMS = ("ecom_llm.capture.", "ecom_llm.channels.")
# What the page's tags call by names of their own.
TAG_HOOKS = (
    "get_visitor", "consent_of", "has_decided", "capped", "make_token", "page_product", "get_catalog", "describe",
)  # fmt: skip
# Gone through by a healthy page, whatever else is.
ESSENTIAL = {
    "middleware.open_scope", "middleware.finish", "middleware.is_recordable", "middleware.viewed_product",
    "middleware.searched_words", "middleware.record_view", "middleware.record_search", "middleware.keep_visitor",
    "consent.capped", "visitors.consent_of", "pseudonyms.daily_salt", "handover.get_sink", "wanted.request_texts",
    "conf.get_settings", "scope.RequestScope", "counters.count", "ecom_llm.get_visitor", "salts.isolated",
}  # fmt: skip

Hook = tuple[Any, str]
# Status, what is the shop's of the body, headers, cookies.
Answer = tuple[int, str, list[tuple[str, str]], str]


@pytest.fixture(params=SINKS if IS_FULL else ["buffered"])
def sink(request: pytest.FixtureRequest, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    settings.ROOT_URLCONF = "tests.faults.hook_pages"
    settings.ECOM_LLM = {
        "CATALOG": {"ADAPTER": "ecom_llm.catalog.adapters.memory.MemoryCatalog", "OPTIONS": {"products": [LANTERN]}},
        "CAPTURE": {
            "SINK": f"ecom_llm.capture.sinks.{SINKS[request.param]}", "FLUSH_SECONDS": 3600,
            "PRODUCT_VIEWS": dict.fromkeys(VIEWS, "product_id"), "SEARCH_VIEWS": {"search": "q"},
        },
        "GENERATE": {"DRIVER": "worker"},
    }  # fmt: skip
    # Nothing is left to a thread, which would outlive the fault.
    monkeypatch.setattr(background, "_state", background._State())
    monkeypatch.setattr(background._state, "is_ending", True)
    monkeypatch.setattr(base, "_cached", None)
    yield str(request.param)
    salts.forget_salt()


def visit(*, is_personal: bool) -> list[Answer]:
    """Each page, from a server with threads and from one with an event loop, for a visitor seen never before today."""
    repeats.forget_recent()
    salts.forget_salt()
    told = []
    for browser in (Client(), AsyncClient()):
        if is_personal:
            browser.cookies["ecom_llm_consent"] = "personal"
            browser.cookies["ecom_llm_visitor"] = signing.get_cookie_signer(salt=SALT).sign(VISITOR)
        get: Callable[[str], Any] = browser.get if isinstance(browser, Client) else async_to_sync(browser.get)
        told += [_answer(get(page)) for page in PAGES]
    return told


def _answer(response: Any) -> Answer:
    before, ours, rest = response.content.decode().partition(OURS_FROM)
    if ours:
        # How long the page is and which token its forms have depends on what ours shows.
        return response.status_code, before + rest.partition(OURS_TO)[2], [], ""
    return response.status_code, before, sorted(response.items()), response.cookies.output()


def hooks() -> list[Hook]:
    """Every function of ours that a module of capture calls by a name of its own, and those of the tags."""
    tags = importlib.import_module("ecom_llm.templatetags.ecom_llm")
    found: list[Hook] = [*BESIDES, *((tags, name) for name in TAG_HOOKS)]
    for path, module in sorted(sys.modules.items()):
        if path.startswith(ROOMS):
            found += [
                (module, name)
                for name, value in vars(module).items()
                if isinstance(value, FunctionType) and value.__module__.startswith("ecom_llm.") and name not in NO_HOOKS
            ]
    return found


def reached_hooks() -> list[Hook]:
    """Those that the pages go through."""
    with ExitStack() as stack:
        noted = [(hook, stack.enter_context(replaced(hook, is_broken=False))) for hook in hooks()]
        for is_personal in (False, True):
            visit(is_personal=is_personal)
        return [hook for hook, calls in noted if calls]


@contextmanager
def replaced(hook: Hook, *, is_broken: bool) -> Iterator[list[str]]:
    """Have a hook raise, or only note that it was called."""
    module, name = hook
    was = getattr(module, name)
    calls: list[str] = []

    def call(*args: Any, **values: Any) -> Any:
        calls.append(name)
        if is_broken:
            raise RuntimeError(SAID)
        return was(*args, **values)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, name, call)
        yield calls


def name_of(hook: Hook) -> str:
    return f"{hook[0].__name__.rpartition('.')[2]}.{hook[1]}"


def test_no_hook_that_raises_changes_a_page(
    sink: str, settings: Any, caplog: pytest.LogCaptureFixture, figure: RecordFigure
) -> None:
    with_ours = settings.MIDDLEWARE
    settings.MIDDLEWARE = [path for path in with_ours if not path.endswith(middleware.CaptureMiddleware.__name__)]
    bare = {is_personal: visit(is_personal=is_personal) for is_personal in (False, True)}
    assert PAGE in bare[True][0][1]
    settings.MIDDLEWARE = with_ours
    visit(is_personal=False)
    reached = reached_hooks()
    pages, wrong = 0, []
    for hook in reached:
        counters.reset()
        caplog.clear()
        for is_personal, expected in bare.items():
            with replaced(hook, is_broken=True):
                told = visit(is_personal=is_personal)
            pages += len(told)
            wrong += [
                f"{name_of(hook)}: {page}: {one} for {other}"
                for page, one, other in zip(PAGES * 2, told, expected, strict=True)
                if one != other
            ]
        # A counter that fails cannot tell of it.
        if name_of(hook) not in ("counters.count", "boundary._tell", "boundary.trace_of"):
            wrong += [] if counters.read("failures.") and caplog.records else [f"{name_of(hook)}: nothing counted"]
        wrong += [f"{name_of(hook)}: {words!r} logged" for words in (SAID, SEARCHED) if words in caplog.text]
    assert {name_of(hook) for hook in reached} >= ESSENTIAL
    print(*wrong, sep="\n")
    text = f"{pages} pages with an exception in one of {len(reached)} hooks, {len(wrong)} not as they would be without"
    figure(26, text, is_held=not wrong, driver=sink)
