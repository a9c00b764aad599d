"""Many processes at one job table: nothing is claimed, asked for or made twice, and a wrong clock harms nobody."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now

from ecom_llm.entities import JobRequest, Kind, TextKey
from ecom_llm.generate import queue
from ecom_llm.generate.material import gather
from ecom_llm.generate.requests import request_texts
from ecom_llm.models import GenerationJob, TextVersion
from shop_demo.models import Product
from tests.faults.conftest import IS_FULL, RecordFigure
from tests.faults.drivers import ask, count, model_pids, wait_for_model_pid
from tests.faults.processes import ROOT, environment, running, shop_settings, wait_until, worker
from tests.faults.shoppers import stock_shelves, visit, web_server, with_demo_catalogue
from tests.needs import skip_or_fail

pytestmark = pytest.mark.django_db(transaction=True)

State = GenerationJob.State
Rounds = Callable[[int, int], int]
# Until every process has started, on a busy machine.
START_SECONDS = 6 if IS_FULL else 3
# Where Debian's libfaketime puts it.
FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"
CLAIM_LIMIT = 7


def together(module: str, *numbers: int) -> list[str]:
    """Run a module in a process for each number, all starting at one moment; what each says last."""
    start = str(time.time() + START_SECONDS)
    started = [
        subprocess.Popen(
            [sys.executable, "-m", module, str(number), start],
            cwd=ROOT, env=environment(), stdout=subprocess.PIPE, text=True,
        )
        for number in numbers
    ]  # fmt: skip
    said = [process.communicate(timeout=240)[0] for process in started]
    assert [process.returncode for process in started] == [0] * len(started)
    return [lines.splitlines()[-1] for lines in said]


def test_claimers_at_once_never_take_a_job_twice_or_more_than_their_limit(
    settings: Any, rounds: Rounds, figure: RecordFigure
) -> None:
    wanted, claimers = rounds(5000, 300), rounds(8, 3)
    settings.ECOM_LLM = shop_settings()
    queue.enqueue(
        (JobRequest(TextKey(Kind.DESCRIPTION, f"thing-{number}", "en"), "hash", "v1") for number in range(wanted)),
        ttl_hours=1, queue_cap=wanted,
    )  # fmt: skip
    said = [json.loads(line) for line in together("tests.faults.claimer", *[CLAIM_LIMIT] * claimers)]
    taken = [pk for one in said for pk in one["ids"]]
    largest = max(size for one in said for size in one["sizes"])
    twice = len(taken) - len(set(taken))
    shares = sorted(len(one["ids"]) for one in said)
    figure(
        5, f"{claimers} claimers: {len(taken)} of {wanted} claims, {twice} twice; largest {largest} of {CLAIM_LIMIT};"
        f" each took {shares[0]} to {shares[-1]}",
        is_held=sorted(taken) == list(GenerationJob.objects.order_by("pk").values_list("pk", flat=True))
        and largest <= CLAIM_LIMIT and len(taken) == wanted,
    )  # fmt: skip


@pytest.mark.parametrize("delay_seconds", [0, 1], ids=["a quick model", "a slow model"])
def test_identical_requests_at_once_make_one_job_and_one_text(
    delay_seconds: int, settings: Any, rounds: Rounds, figure: RecordFigure
) -> None:
    wanted, processes = rounds(1000, 120), rounds(8, 2)
    settings.ECOM_LLM = shop_settings(backend={"delay_seconds": delay_seconds})
    with worker():
        together("tests.faults.requester", *[wanted // processes] * processes)
        wait_until(lambda: count(State.DONE) > 0 and count(*GenerationJob.ACTIVE) == 0)
    made, versions = GenerationJob.objects.count(), TextVersion.objects.count()
    figure(
        18, f"{wanted} requests by {processes} processes with 8 threads, {delay_seconds} s a text: {made} job,"
        f" {versions} generation",
        is_held=made == versions == 1,
    )  # fmt: skip


def test_pages_visited_at_once_make_one_job_and_one_text(settings: Any, rounds: Rounds, figure: RecordFigure) -> None:
    visits = rounds(400, 40)
    settings.ECOM_LLM = with_demo_catalogue(shop_settings())
    pages = stock_shelves(1) * visits
    with web_server() as port, worker():
        seen = visit(port, pages)
        wait_until(lambda: count(State.DONE) > 0 and count(*GenerationJob.ACTIVE) == 0)
    failed = sum(one.status != 200 for one in seen)
    made, versions = GenerationJob.objects.count(), TextVersion.objects.count()
    figure(
        18, f"{len(seen)} visits to one product's page, {failed} failed: {made} job, {versions} generation",
        is_held=made == versions == 1 and not failed and len(seen) == visits,
    )  # fmt: skip


def test_product_edited_while_its_text_is_made_shows_the_newest_input(
    settings: Any, rounds: Rounds, figure: RecordFigure
) -> None:
    edits = rounds(50, 5)
    settings.ECOM_LLM = with_demo_catalogue(shop_settings(BATCH_JOBS=5, backend={"delay_seconds": 1.5, "ticks": 15}))
    stock_shelves(edits)
    keys = [TextKey(Kind.DESCRIPTION, f"lamp-{number}", "en") for number in range(edits)]
    assert request_texts(keys) == edits
    edited: set[str] = set()
    with worker():
        while len(edited) < edits:
            wait_until(lambda: GenerationJob.objects.filter(state=State.RUNNING).exclude(subject__in=edited).exists())
            edited.update(edit_running(edited))
        wait_until(lambda: count(*GenerationJob.ACTIVE) == 0)
    assert not GenerationJob.objects.exclude(state=State.DONE).values_list("state", "error").first()
    newest = sum(shows_newest(key) for key in keys)
    figure(
        19, f"{newest} of {edits} show the newest input", is_held=newest == edits == TextVersion.objects.count(),
    )  # fmt: skip


def edit_running(edited: set[str]) -> list[str]:
    """Edit the products whose texts are being made at the moment, each once.

    Returns:
        The products whose text was still being made, from the old facts, when the edit was committed.
    """
    running_jobs = GenerationJob.objects.filter(state=State.RUNNING).exclude(subject__in=edited)
    held = dict(running_jobs.values_list("subject", "lease_token"))
    for sku in held:
        product = Product.objects.get(sku=sku)
        product.attributes = {"Material": "copper"}
        product.save()
    still = GenerationJob.objects.filter(subject__in=held, state=State.RUNNING).values_list("subject", "lease_token")
    assert dict(still) == held, "a text was finished before its product could be edited"
    return list(held)


def shows_newest(key: TextKey) -> bool:
    """Whether the published text was made from what the product says now."""
    material = gather(key)
    version = TextVersion.objects.get(text__subject=key.subject, state="published")
    return version.input_hash == material.hash and version.body == material.plain and "copper" in version.body


def test_worker_whose_clock_is_ahead_reaps_no_lease_early(
    settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rounds: Rounds, figure: RecordFigure
) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("The database's clock is the process's own on SQLite, so one process alone cannot have it wrong.")
    if not os.path.exists(FAKETIME):
        skip_or_fail("services", f"A wrong clock needs libfaketime at {FAKETIME} (Debian package faketime).")
    held_seconds = rounds(15, 4)
    slow = {"delay_seconds": held_seconds, "ticks": held_seconds * 10}
    settings.ECOM_LLM = shop_settings(BATCH_JOBS=4, LEASE_SECONDS=3, backend=slow)
    ask(8)
    with worker():
        right = wait_for_model_pid()
        # The worker that is ahead does the rest at once and then sweeps. (Under libfaketime it could not sleep.)
        settings.ECOM_LLM = shop_settings(BATCH_JOBS=4, LEASE_SECONDS=3)
        ahead = environment() | {"LD_PRELOAD": FAKETIME, "FAKETIME": "+10m", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
        assert clock_of(ahead) > time.time() + 590
        with running([sys.executable, "manage.py", "ecom_llm_worker"], ahead):
            wait_until(lambda: count(State.DONE) == 4)
            assert model_pids() == [right]
            wait_until(lambda: count(State.DONE) == 8)
    early = GenerationJob.objects.exclude(attempts=1, lapses=0).count()
    by_right = GenerationJob.objects.filter(worker__endswith=f":{right}").count()
    misdated = GenerationJob.objects.filter(finished_at__gt=Now()).count()
    figure(
        20, f"{held_seconds} s of leases of 3 s beside a worker 10 minutes ahead: {early} of 8 reaped early,"
        f" {misdated} misdated",
        is_held=early == 0 and by_right == 4 and misdated == 0,
    )  # fmt: skip


def clock_of(env: dict[str, str]) -> float:
    """What a process with these variables takes for the time."""
    command = [sys.executable, "-c", "import time; print(time.time())"]
    return float(subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout)
