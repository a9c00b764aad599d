"""Bulk generation feeds the queue as it drains, stops when told to, and goes on where it stopped."""

from __future__ import annotations

import io
import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import DEFAULT_DB_ALIAS, OperationalError, connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from ecom_llm import pipeline
from ecom_llm.catalog.adapters.memory import MemoryCatalog
from ecom_llm.channels.wanted import BULK_PRIORITY, LIST_PRIORITY, PAGE_PRIORITY
from ecom_llm.entities import EvidenceKind, Kind, TextKey
from ecom_llm.exceptions import ConfigurationError
from ecom_llm.generate import jobs
from ecom_llm.generate.requests import request_texts
from ecom_llm.management.commands import ecom_llm_generate
from ecom_llm.management.feeding import Feeder, spooled
from ecom_llm.models import Event, GenerationJob
from tests.faults.processes import PRODUCTS
from tests.pairs import make_pairs

pytestmark = pytest.mark.django_db

State = GenerationJob.State
# Bulk work takes three quarters of it.
CAP, BULK_CAP = 16, 12


@pytest.fixture(autouse=True)
def _shop(memory_catalog: Callable[..., Any], use_settings: Callable[..., None], monkeypatch: Any) -> None:
    memory_catalog(PRODUCTS)
    use_settings(GENERATE={"BUDGETS": {"default": {"queue_cap": CAP}}})
    monkeypatch.setattr(ecom_llm_generate, "POLL_SECONDS", 0.01)


def generate(*arguments: str) -> tuple[dict[str, Any], str]:
    """The counts and what was told."""
    out, told = io.StringIO(), io.StringIO()
    try:
        call_command("ecom_llm_generate", *arguments, "--json", stdout=out, stderr=told)
    except SystemExit as ended:
        told.write(f"exit code {ended.code}")
    return json.loads(out.getvalue().splitlines()[-1]), told.getvalue()


def waiting() -> int:
    return GenerationJob.objects.filter(state=State.WAITING).count()


@contextmanager
def worker(seen: list[int] | None = None) -> Iterator[None]:
    """A worker in a thread, which notes how many jobs wait."""
    stop = threading.Event()

    def work() -> None:
        try:
            while not stop.is_set():
                if seen is not None:
                    seen.append(waiting())
                if not pipeline.run_once("test").claimed:
                    stop.wait(0.01)
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(30)


def test_full_queue_is_left_room_for_pages_and_told() -> None:
    counts, told = generate("description", "--all")
    assert (counts["queued"], waiting()) == (BULK_CAP, BULK_CAP)
    assert counts["refused"] + counts["unread"] + counts["settled"] + counts["queued"] == len(PRODUCTS)
    assert "--wait" in told
    assert "goes on from here" in told
    assert set(GenerationJob.objects.values_list("priority", flat=True)) == {BULK_PRIORITY}
    pages = [TextKey(Kind.DESCRIPTION, f"lamp-{number}", "en") for number in range(60, 64)]
    assert request_texts(pages, PAGE_PRIORITY) == CAP - BULK_CAP


def test_same_command_goes_on_where_the_queue_was_full() -> None:
    total = 0
    for _ in range(-(-len(PRODUCTS) // BULK_CAP)):
        total += generate("description", "--all")[0]["queued"]
        call_command("ecom_llm_worker", "--once", verbosity=0)
    assert total == len(PRODUCTS)
    assert GenerationJob.objects.filter(state=State.DONE).count() == len(PRODUCTS)
    assert generate("description", "--all")[0]["queued"] == 0


@pytest.mark.django_db(transaction=True)
def test_waiting_feeds_the_queue_as_it_drains_and_never_past_its_cap() -> None:
    seen: list[int] = []
    with worker(seen):
        counts, told = generate("description", "--all", "--wait")
    assert (counts["asked"], counts["queued"], counts["done"]) == (len(PRODUCTS),) * 3
    assert (counts["left"], counts["unread"], counts["refused"]) == (0, 0, 0)
    assert f"{len(PRODUCTS)} were made" in told
    assert max(seen) <= BULK_CAP
    assert GenerationJob.objects.count() == len(PRODUCTS)


@pytest.mark.django_db(transaction=True)
def test_forced_run_words_each_text_once_more_and_not_twice() -> None:
    with worker():
        generate("description", "--all", "--wait")
        counts, _ = generate("description", "--all", "--wait", "--force")
    assert counts["queued"] == len(PRODUCTS)
    assert GenerationJob.objects.filter(state=State.DONE).count() == 2 * len(PRODUCTS)


@pytest.mark.django_db(transaction=True)
def test_ctrl_c_ends_it_with_what_is_done_and_the_next_run_goes_on() -> None:
    interrupt = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
    interrupt.start()
    counts, told = generate("description", "--all", "--wait")
    interrupt.join()
    assert "exit code 130" in told
    assert f"{BULK_CAP} are queued, and workers go on" in told
    assert counts["queued"] == BULK_CAP
    with worker():
        counts, told = generate("description", "--all", "--wait")
    assert "exit code" not in told
    assert (counts["queued"], counts["done"]) == (len(PRODUCTS) - BULK_CAP, len(PRODUCTS))
    assert GenerationJob.objects.count() == len(PRODUCTS)


def test_signals_are_as_before_afterwards() -> None:
    before = signal.getsignal(signal.SIGINT)
    generate("description", "--product", "lamp-1")
    assert signal.getsignal(signal.SIGINT) is before


def test_reasons_are_those_of_the_recommendations_beside_each_product() -> None:
    make_pairs("lamp-1", "lamp-2", kind=EvidenceKind.VIEWED_TOGETHER)
    counts, _ = generate("reason", "--product", "lamp-1")
    assert counts["queued"] == 1
    assert GenerationJob.objects.get().subject == "lamp-1\tlamp-2\tviewed_together"
    assert generate("reason", "--all")[0]["queued"] == 0


def search(words: str, *visitors: str) -> None:
    for visitor in visitors:
        Event.objects.create(
            kind="search", occurred_at=timezone.now(), consent="anonymous", query=words, visitor=visitor
        )


def test_search_copy_is_for_what_enough_visitors_searched_and_the_shop_has(use_settings: Callable[..., None]) -> None:
    use_settings(CHANNELS={"SEARCH_MIN_VISITORS": 2})
    search("lamp", "a:1", "a:2")
    search("brass", "a:1", "a:1")
    search("zeppelin", "a:1", "a:2")
    counts, _ = generate("search_copy", "--all")
    assert (counts["asked"], counts["queued"], counts["settled"]) == (2, 1, 1)
    assert GenerationJob.objects.get().subject == "lamp"


def test_search_copy_for_a_product_is_refused() -> None:
    with pytest.raises(CommandError, match="use --all"):
        generate("search_copy", "--product", "lamp-1")


def test_language_without_a_prompt_is_refused() -> None:
    with pytest.raises(CommandError, match="no prompt for description in 'cy'"):
        generate("description", "--all", "--language", "cy")


@pytest.mark.parametrize("language", ["xx", "en-" + "a" * 30, "EN"])
def test_language_that_no_page_is_shown_in_is_refused(language: str) -> None:
    with pytest.raises(CommandError, match="LANGUAGES"):
        generate("description", "--all", "--language", language)


@pytest.mark.parametrize(("language", "middleware", "is_told"), [
    ("en", [], True), ("en", [ecom_llm_generate.LOCALE_MIDDLEWARE], False), ("en-us", [], False),
])  # fmt: skip
def test_language_that_pages_are_hardly_in_is_told(
    settings: Any, language: str, middleware: list[str], is_told: bool
) -> None:
    settings.LANGUAGE_CODE, settings.MIDDLEWARE = "en-us", middleware
    _, told = generate("description", "--product", "lamp-1", "--language", language)
    assert ("Without LocaleMiddleware your pages are in 'en-us'" in told) is is_told


def fail_on(product_id: str, error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the shop's catalogue raise where it reads a product's facts."""
    read = MemoryCatalog.facts

    def facts(self: MemoryCatalog, product: Any) -> Any:
        if product.id == product_id:
            raise error
        return read(self, product)

    monkeypatch.setattr(MemoryCatalog, "facts", facts)


def test_product_that_the_catalogue_fails_on_is_passed_over_and_told(
    memory_catalog: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    memory_catalog(PRODUCTS[:5])
    fail_on("lamp-3", KeyError("a secret weight"), monkeypatch)
    assert generate("description", "--all")[0]["queued"] == 4
    assert "lamp-3" in caplog.text
    assert "KeyError" in caplog.text
    assert "secret" not in caplog.text


def test_reasons_beside_a_product_that_the_catalogue_fails_on_are_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    for seed, other in (("lamp-1", "lamp-2"), ("lamp-3", "lamp-4")):
        make_pairs(seed, other, kind=EvidenceKind.VIEWED_TOGETHER)
    fail_on("lamp-4", KeyError("weight"), monkeypatch)
    assert generate("reason", "--all")[0]["queued"] == 1


@pytest.mark.parametrize("error", [ConfigurationError("No such field."), OperationalError("The server is gone.")])
def test_what_is_no_fault_of_a_product_ends_the_command(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(connections[DEFAULT_DB_ALIAS]), "is_usable", lambda self: False)
    fail_on("lamp-3", error, monkeypatch)
    with pytest.raises((ConfigurationError, CommandError), match=str(error)):
        call_command("ecom_llm_generate", "description", "--all")


def test_nothing_to_feed_waits_for_nothing_that_pages_ask_for_later() -> None:
    before, later = (TextKey(Kind.DESCRIPTION, product_id, "en") for product_id in ("lamp-1", "lamp-2"))
    request_texts([before], PAGE_PRIORITY)
    with spooled([]) as spool:
        feeder = Feeder(Kind.DESCRIPTION, "en", spool, is_all=True, is_forced=False)
        assert request_texts([later], PAGE_PRIORITY) == 1
        assert feeder.active() == 1


def test_page_brings_bulk_work_forward_and_costs_no_write_the_next_time() -> None:
    generate("description", "--all")
    asked = TextKey(Kind.DESCRIPTION, "lamp-11", settings.LANGUAGE_CODE)
    request_texts([asked], PAGE_PRIORITY)
    with CaptureQueriesContext(connection) as captured:
        request_texts([asked], LIST_PRIORITY)
        request_texts([asked], PAGE_PRIORITY)
    assert all(query["sql"].startswith("SELECT") for query in captured)
    (first, *_) = jobs.claim(1, worker="test", lease_seconds=60)
    assert (first.subject, first.priority) == ("lamp-11", PAGE_PRIORITY)


def test_job_that_waits_for_older_facts_is_brought_forward_too(memory_catalog: Callable[..., Any]) -> None:
    key = TextKey(Kind.DESCRIPTION, "lamp-1", "en")
    request_texts([key], BULK_PRIORITY)
    memory_catalog([PRODUCTS[1] | {"attributes": {"Material": "steel"}}])
    request_texts([key], PAGE_PRIORITY)
    assert GenerationJob.objects.get().priority == PAGE_PRIORITY
