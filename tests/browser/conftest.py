"""The demo shop served live, a browser to visit it with, and a worker that runs when told to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connections
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    Response,
    expect,
    sync_playwright,
)

from ecom_llm.models import GenerationJob
from ecom_llm.recommend.learning import learn
from shop_demo.models import Product
from shop_demo.seeding import seed_catalogue
from tests.products import BROWSER

ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
    # By its own account this is a headless one, and robots are not recorded. Said here, it holds for beacons too.
    f"--user-agent={BROWSER}",
]  # fmt: skip
# For a machine with more to do than this; nothing waits longer than it must.
PATIENCE_MS = 30_000
# Unlike any plain sentence, so that a swap can be seen, and made of words that the guard allows in any text.
MODELS_WORDS = "Look here: this is the item that we found for you."

OpenPage = Callable[..., Page]


@pytest.fixture(scope="module")
def browser(chromium_path: str, django_db_setup: None) -> Iterator[Browser]:
    """One Chromium for the tests of a module; the test database is made before, outside of Playwright's loop."""
    with pytest.MonkeyPatch.context() as patch:
        # Playwright's loop runs in this thread, and Django would take a test's own queries for an async view's.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        expect.set_options(timeout=PATIENCE_MS)
        with sync_playwright() as playwright:
            launched = playwright.chromium.launch(executable_path=chromium_path, args=ARGUMENTS)
            yield launched
            launched.close()
            # While that loop runs, Django gives this thread connections of the loop's own; nobody else closes them.
            connections.close_all()
        expect.set_options(timeout=None)


@pytest.fixture
def shop(live_server: Any, settings: Any) -> str:
    """The seeded demo shop's address; its model says `MODELS_WORDS` to everything."""
    options = {"reply": MODELS_WORDS}
    backend = {"BACKEND": "ecom_llm.generate.backends.echo.EchoBackend", "OPTIONS": options}
    settings.ECOM_LLM = settings.ECOM_LLM | {"BACKENDS": {"default": backend}}
    seed_catalogue()
    learn()
    return str(live_server.url)


@pytest.fixture
def open_page(browser: Browser, shop: str) -> Iterator[OpenPage]:
    """Open a shop page in a browser profile of its own: `open_page("/cart/", viewport=…)`.

    Whatever goes wrong on it (a script's error, a request that fails or is refused) fails the test at its end.
    """
    contexts: list[BrowserContext] = []
    problems: list[str] = []

    def open_(path: str = "/", **options: Any) -> Page:
        context = browser.new_context(base_url=shop, **options)
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        page = context.new_page()
        _listen(page, problems)
        page.goto(path)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert problems == []


def _listen(page: Page, problems: list[str]) -> None:
    page.on("pageerror", lambda error: problems.append(f"{page.url}: {error}"))
    page.on("console", lambda said: _note_message(said, problems))
    page.on("response", lambda answer: _note_refusal(answer, problems))
    page.on("requestfailed", lambda asked: _note_failure(asked, problems))


def _note_message(said: ConsoleMessage, problems: list[str]) -> None:
    # What was not found is told once, by its answer.
    if said.type == "error" and not said.text.startswith("Failed to load resource"):
        problems.append(f"{said.location['url']}: {said.text}")


def _note_refusal(answer: Response, problems: list[str]) -> None:
    # Django's admin names no icon of its own, so the browser asks for one that nobody has.
    if answer.status >= 400 and not answer.url.endswith("/favicon.ico"):
        problems.append(f"{answer.status} {answer.url}")


def _note_failure(asked: Request, problems: list[str]) -> None:
    # A page that is left takes its polling and its beacons with it.
    if "ERR_ABORTED" not in (asked.failure or ""):
        problems.append(f"{asked.failure} {asked.url}")


@pytest.fixture
def run_worker() -> Callable[[], None]:
    """Run the worker command until no job waits, in a thread and on a connection of its own."""

    def run() -> None:
        with ThreadPoolExecutor(max_workers=1) as threads:
            threads.submit(_work).result()
        # Else a test would wait in vain for words that the guard has turned away.
        assert list(GenerationJob.objects.exclude(state="done").values_list("subject", "state", "error")) == []

    return run


def _work() -> None:
    try:
        call_command("ecom_llm_worker", "--once", verbosity=0)
    finally:
        connections.close_all()


@pytest.fixture
def undescribed(shop: str) -> Product:
    """A product without variants, with enough in stock and no description of the shop's own."""
    candidates = Product.objects.listed().filter(description="", variants=None, stock__gte=5)
    return candidates.order_by("position")[0]
