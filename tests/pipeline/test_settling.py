"""A batch's jobs end together, and one that cannot takes no neighbour along."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.db import InterfaceError, OperationalError, connection
from django.test.utils import CaptureQueriesContext

from ecom_llm import pipeline
from ecom_llm.catalog.adapters.memory import MemoryCatalog, MemoryProduct
from ecom_llm.entities import Kind, Spent, TextKey
from ecom_llm.generate import interrupted, jobs, reaping, requests
from ecom_llm.generate.requests import request_texts
from ecom_llm.models import GenerationJob, TextVersion
from ecom_llm.pipeline import settling
from ecom_llm.pipeline.report import Report
from ecom_llm.pipeline.settling import Outcome, settle
from ecom_llm.pipeline.work import Work, prepare
from ecom_llm.publish.drafts import Draft, store_many
from ecom_llm.signals import text_published

pytestmark = pytest.mark.django_db

State = GenerationJob.State
PRODUCTS = [
    MemoryProduct(id=f"p{number}", name=f"Lamp {number}", category="Lamps", attributes={"Material": "brass"})
    for number in range(20)
]


@pytest.fixture(autouse=True)
def _catalog(memory_catalog: Callable[..., Any]) -> None:
    memory_catalog(PRODUCTS)


@pytest.fixture
def told() -> Iterator[list[TextVersion]]:
    heard: list[TextVersion] = []
    text_published.connect(lambda version, **_: heard.append(version), weak=False, dispatch_uid="test")
    yield heard
    text_published.disconnect(dispatch_uid="test")


def claimed(number: int) -> list[Work]:
    """So many jobs, claimed and prepared."""
    request_texts([TextKey(Kind.DESCRIPTION, product.id, "en") for product in PRODUCTS[:number]])
    return prepare(jobs.claim(number, worker="test", lease_seconds=60), Report())


def stored(item: Work) -> Outcome:
    return Outcome(item, Draft(body=item.material.plain, facts={}, cited={}, input_hash=item.material.hash))


def states() -> dict[str, str]:
    return dict(GenerationJob.objects.values_list("subject", "state"))


def bodies() -> set[str]:
    return set(TextVersion.objects.filter(state="published").values_list("text__subject", flat=True))


def lose(job: GenerationJob) -> None:
    """As when the lease lapses and another worker claims the job."""
    GenerationJob.objects.filter(pk=job.pk).update(lease_expires_at="2020-01-01T00:00:00Z")
    reaping.reap(max_attempts=3)
    assert [again.pk for again in jobs.claim(1, worker="other", lease_seconds=60)] == [job.pk]


def test_sixteen_jobs_take_as_many_statements_as_one() -> None:
    counts = []
    for number in (1, 16):
        TextVersion.objects.all().delete()
        GenerationJob.objects.all().delete()
        work = claimed(number)
        with CaptureQueriesContext(connection) as captured:
            settle([stored(item) for item in work], Report())
        assert GenerationJob.objects.filter(state=State.DONE).count() == len(bodies()) == number
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_each_job_ends_as_its_own_outcome_says(memory_catalog: Callable[..., MemoryCatalog]) -> None:
    work = claimed(5)
    for place, item in enumerate(work):
        item.spent = Spent(10 + place, 2 * place, 0.5)
    steel = replace(PRODUCTS[3], attributes={"Material": "steel"})
    memory_catalog([*PRODUCTS[:3], steel])
    report = Report()
    settle([stored(work[0]), Outcome(work[1], error="Never passed."), *map(stored, work[2:])], report)

    assert states() == {"p0": "done", "p1": "blocked", "p2": "done", "p3": "waiting", "p4": "expired"}
    assert bodies() == {"p0", "p2"}
    assert (report.stored, report.blocked, report.requeued, report.expired) == (2, 1, 1, 1)
    spent = GenerationJob.objects.order_by("subject").values_list(
        "prompt_tokens", "completion_tokens", "generation_seconds"
    )
    assert list(spent) == [(10 + place, 2 * place, 0.5) for place in range(5)]
    errors = dict(GenerationJob.objects.values_list("subject", "error"))
    assert (errors["p0"], errors["p1"]) == ("", "Never passed.")
    assert "gone" in errors["p4"]
    assert not GenerationJob.objects.exclude(lease_token=None).exists()


@pytest.mark.django_db(transaction=True)
def test_job_whose_lease_was_lost_writes_nothing_and_its_neighbours_end(told: list[TextVersion]) -> None:
    work = claimed(4)
    lose(work[2].job)
    report = Report()
    settle([stored(item) for item in work], report)
    assert (report.stored, report.lost) == (3, 1)
    assert states() == {"p0": "done", "p1": "done", "p2": "running", "p3": "done"}
    assert bodies() == {"p0", "p1", "p3"}
    assert sorted(version.text.subject for version in told) == ["p0", "p1", "p3"]


def test_stale_worker_publishes_none_of_its_batch() -> None:
    work = claimed(3)
    assert work[0].job.lease_token is not None
    jobs.release(work[0].job.lease_token)
    report = Report()
    settle([stored(item) for item in work], report)
    assert (report.stored, report.lost) == (0, 3)
    assert set(states().values()) == {"waiting"}
    assert not TextVersion.objects.exists()


def test_requeued_job_whose_lease_was_lost_stays_as_it_is(memory_catalog: Callable[..., MemoryCatalog]) -> None:
    work = claimed(2)
    lose(work[0].job)
    memory_catalog([replace(PRODUCTS[0], attributes={"Material": "steel"}), PRODUCTS[1]])
    before = GenerationJob.objects.get(subject="p0").input_hash
    report = Report()
    settle([stored(item) for item in work], report)
    assert (report.lost, report.stored, report.requeued) == (1, 1, 0)
    job = GenerationJob.objects.get(subject="p0")
    assert (job.state, job.worker, job.input_hash) == ("running", "other", before)


@pytest.mark.django_db(transaction=True)
def test_product_that_fails_as_its_text_is_stored_costs_its_own_job_only(
    told: list[TextVersion], memory_catalog: Callable[..., MemoryCatalog], monkeypatch: pytest.MonkeyPatch
) -> None:
    work = claimed(3)
    facts = MemoryCatalog.facts

    def trip(self: MemoryCatalog, product: Any) -> Any:
        if product.id == "p1":
            raise KeyError("Weight")
        return facts(self, product)

    monkeypatch.setattr(MemoryCatalog, "facts", trip)
    report = Report()
    settle([stored(item) for item in work], report)
    assert (report.stored, report.failed) == (2, 1)
    assert states() == {"p0": "done", "p1": "waiting", "p2": "done"}
    failed = GenerationJob.objects.get(subject="p1")
    assert (failed.runs_alone, failed.error) == (True, "KeyError: 'Weight'")
    assert sorted(version.text.subject for version in told) == ["p0", "p2"]


def test_statement_that_never_succeeds_costs_its_own_job_an_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    def time_out(entries: Any) -> Any:
        if any(entry.key.subject == "p1" for entry in entries):
            raise OperationalError("canceling statement due to statement timeout")
        return store_many(entries)

    work = claimed(3)
    monkeypatch.setattr(settling, "store_many", time_out)
    report = Report()
    settle([stored(item) for item in work], report)
    assert (report.stored, report.failed) == (2, 1)
    assert states() == {"p0": "done", "p1": "waiting", "p2": "done"}
    assert GenerationJob.objects.get(subject="p1").attempts == 1


@pytest.mark.parametrize("number", [1, 3])
def test_statement_that_fails_once_costs_no_text(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail_once(_: Any) -> None:
        monkeypatch.setattr(settling, "store_many", store_many)
        raise OperationalError("deadlock detected")

    work = claimed(number)
    monkeypatch.setattr(settling, "store_many", fail_once)
    report = Report()
    settle([stored(item) for item in work], report)
    assert (report.stored, report.failed) == (number, 0)


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_database_that_goes_away_as_texts_are_stored_costs_no_attempt(
    error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any) -> None:
        raise error("connection already closed")

    request_texts([TextKey(Kind.DESCRIPTION, product.id, "en") for product in PRODUCTS[:2]])
    with monkeypatch.context() as outage:
        outage.setattr(settling, "store_many", away)
        outage.setattr(interrupted, "_answers", lambda _: False)
        with pytest.raises(error):
            pipeline.run_once("test")
    assert interrupted.give_back() == 2
    assert set(GenerationJob.objects.values_list("state", "attempts")) == {(State.WAITING, 0)}


def ask_with(version: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """Ask for a text when the prompt was another one."""
    find = requests.get_prompt_template
    with monkeypatch.context() as earlier:
        earlier.setattr(requests, "get_prompt_template", lambda *names: replace(find(*names), version=version))
        return request_texts([TextKey(Kind.DESCRIPTION, "p0", "en")])


def ask_again() -> int:
    return request_texts([TextKey(Kind.DESCRIPTION, "p0", "en")])


def test_job_that_waited_while_its_prompt_changed_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ask_with("older", monkeypatch) == 1
    assert pipeline.run_once("test").stored == 1
    job, version = GenerationJob.objects.get(), TextVersion.objects.get()
    assert job.prompt_version == version.prompt_version != "older"
    assert ask_again() == 0


def block_every_try(use_settings: Callable[..., None]) -> None:
    backend = "ecom_llm.generate.backends.echo.EchoBackend"
    options = {"reply": "The lamp weighs 900 g."}
    use_settings(BACKENDS={"default": {"BACKEND": backend, "OPTIONS": options}})


def raise_at_every_try(use_settings: Callable[..., None]) -> None:
    backend = "ecom_llm.generate.backends.echo.EchoBackend"
    use_settings(BACKENDS={"default": {"BACKEND": backend, "OPTIONS": {"memory_batch": 0}}})


@pytest.mark.parametrize(
    ("break_down", "state"), [(block_every_try, State.BLOCKED), (raise_at_every_try, State.FAILED)]
)
def test_facts_that_were_tried_in_vain_rest_and_others_are_asked_for(
    break_down: Callable[..., None], state: str, use_settings: Callable[..., None],
    memory_catalog: Callable[..., MemoryCatalog], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    break_down(use_settings)
    ask_with("older", monkeypatch)
    memory_catalog([replace(PRODUCTS[0], attributes={"Material": "steel"})])
    while pipeline.run_once("test").claimed:
        pass
    assert GenerationJob.objects.get().state == state
    assert ask_again() == 0
    # Those of the request were never tried.
    memory_catalog(PRODUCTS)
    assert ask_again() == 1
