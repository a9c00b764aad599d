"""What is logged on the way of a job tells which job, never what is in it."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Sequence
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models.functions import Now

from ecom_llm import pipeline, tasks
from ecom_llm.catalog.adapters.memory import MemoryCatalog
from ecom_llm.catalog.field_map import FieldReader
from ecom_llm.entities import Completion, EvidenceKind, Kind, Prompt, ReasonSubject, Sampling, TextKey
from ecom_llm.exceptions import BackendBrokenError, ModelLoadError
from ecom_llm.generate.backends.base import Backend, OnToken
from ecom_llm.generate.backends.echo import EchoBackend
from ecom_llm.generate.requests import request_texts
from ecom_llm.models import GenerationJob
from ecom_llm.pipeline import settling, sweeping

pytestmark = pytest.mark.django_db

State = GenerationJob.State

FACT, QUERY, WORDS = "quartzfleece", "zanzibar lantern", "voxwoven"
SECRETS = (FACT, QUERY, WORDS, "zephyrine", "short product text", "You write")
PRODUCTS = [
    {"id": f"p-{no}", "name": f"Zephyrine Zanzibar Lantern {word}", "attributes": {"Material": FACT}}
    for no, word in enumerate(("Red", "Blue"))
]
REASON = ReasonSubject("p-0", "p-1", EvidenceKind.VIEWED_AFTER).key
KEYS = [
    TextKey(Kind.DESCRIPTION, "p-0", "en"),
    TextKey(Kind.REASON, REASON, "en"),
    TextKey(Kind.SEARCH_COPY, QUERY, "en"),
]
Run = Callable[..., list[str]]


class TellingBackend(EchoBackend):
    """Fails with its prompts in its words, as a model's server may."""

    def generate(
        self, prompts: Sequence[Prompt], sampling: Sampling, on_token: OnToken | None = None
    ) -> list[Completion]:
        raise RuntimeError(f"I choked on {prompts!r}")


class BrokenBackend(EchoBackend):
    """Breaks for good with its prompts in its words."""

    error: type[BackendBrokenError] = BackendBrokenError

    def generate(
        self, prompts: Sequence[Prompt], sampling: Sampling, on_token: OnToken | None = None
    ) -> list[Completion]:
        raise self.error(f"CUDA error at {prompts!r}")


class RobbedBackend(EchoBackend):
    """Loses its lease while it is at work."""

    def generate(
        self, prompts: Sequence[Prompt], sampling: Sampling, on_token: OnToken | None = None
    ) -> list[Completion]:
        GenerationJob.objects.filter(state=State.RUNNING).update(lease_token=uuid.uuid4())
        return super().generate(prompts, sampling, on_token)


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Everything that a formatter could make of this app's records."""
    formatter = logging.Formatter()
    records = [record for record in caplog.records if record.name.startswith("ecom_llm")]
    return [f"{formatter.format(record)} {vars(record)!r}" for record in records]


def leaks(said: list[str]) -> list[tuple[str, str]]:
    return [(secret, text) for text in said for secret in SECRETS if secret.lower() in text.lower()]


@pytest.fixture
def run(
    memory_catalog: Callable[..., MemoryCatalog], use_settings: Callable[..., None], caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> Run:  # fmt: skip
    """Ask for a text of each kind, run and sweep until nothing waits; gives what was logged."""
    caplog.set_level(logging.DEBUG)
    memory_catalog(PRODUCTS)

    def carry(
        backend: type[Backend] = EchoBackend, before: Callable[[], None] | None = None, **options: Any
    ) -> list[str]:
        path = f"{backend.__module__}.{backend.__qualname__}"
        use_settings(BACKENDS={"default": {"BACKEND": path, "OPTIONS": options}})
        assert request_texts(KEYS) == len(KEYS)
        if before is not None:
            before()
        while pipeline.run_once("test").claimed:
            pipeline.sweep()
        return told(caplog)

    return carry


def states() -> set[str]:
    return set(GenerationJob.objects.values_list("state", flat=True))


def fail_with(*words: object) -> Callable[..., Any]:
    def fail(*args: Any, **kwargs: Any) -> Any:
        raise ValueError(*words)

    return fail


def test_texts_that_are_stored_are_not_logged(run: Run) -> None:
    said = run()
    assert states() == {State.DONE}
    assert leaks(said) == []


def test_texts_that_are_blocked_are_not_logged(run: Run) -> None:
    said = run(reply=f"The Zephyrine is {WORDS} and weighs 900 g.")
    assert states() == {State.BLOCKED}
    assert leaks(said) == []


def test_words_of_a_backend_that_fails_are_not_logged(run: Run) -> None:
    said = run(TellingBackend)
    assert states() == {State.FAILED}
    assert len(said) >= len(KEYS)
    assert leaks(said) == []
    # Where staff may read them: they were in the prompts.
    assert FACT in GenerationJob.objects.get(kind=Kind.DESCRIPTION).error
    assert QUERY in GenerationJob.objects.get(kind=Kind.SEARCH_COPY).error


def break_in_celery() -> None:
    with pytest.raises(SystemExit):
        tasks.run_jobs()


def break_in_the_command() -> str:
    with pytest.raises(CommandError) as raised:
        call_command("ecom_llm_worker", "--once")
    return str(raised.value)


@pytest.mark.parametrize("driver", [break_in_celery, break_in_the_command])
def test_words_of_a_backend_that_breaks_are_not_told_by_the_driver(
    driver: Callable[[], str | None], memory_catalog: Callable[..., Any], use_settings: Callable[..., None],
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    memory_catalog(PRODUCTS)
    use_settings(BACKENDS={"default": {"BACKEND": f"{__name__}.BrokenBackend"}})
    request_texts(KEYS)
    said = [driver() or "", *told(caplog)]
    assert any("backend is broken" in text and "BackendBrokenError" in text for text in said)
    assert leaks(said) == []
    assert FACT in GenerationJob.objects.get(kind=Kind.DESCRIPTION).error


def test_words_of_a_model_that_cannot_be_loaded_are_told_as_no_job_holds_them(
    use_settings: Callable[..., None], memory_catalog: Callable[..., Any], monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    memory_catalog(PRODUCTS)
    monkeypatch.setattr(BrokenBackend, "error", ModelLoadError)
    use_settings(BACKENDS={"default": {"BACKEND": f"{__name__}.BrokenBackend"}})
    request_texts(KEYS)
    assert "CUDA error" in break_in_the_command()
    break_in_celery()
    assert "CUDA error" in caplog.text


def test_words_of_a_catalogue_that_fails_are_not_logged(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    said = run(before=lambda: monkeypatch.setattr(MemoryCatalog, "facts", fail_with(FACT, QUERY)))
    assert states() == {State.FAILED}
    assert len(said) >= len(KEYS)
    assert leaks(said) == []


def test_texts_that_cannot_be_stored_are_not_logged(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    said = run(before=lambda: monkeypatch.setattr(settling, "store_many", fail_with(FACT, QUERY)))
    assert states() == {State.FAILED}
    assert len(said) >= len(KEYS)
    assert leaks(said) == []


def test_jobs_whose_lease_is_lost_are_told_by_id_only(run: Run) -> None:
    said = run(RobbedBackend)
    assert states() == {State.RUNNING}
    assert said
    assert leaks(said) == []


def test_poisoned_jobs_are_told_without_their_subjects(run: Run) -> None:
    def poison() -> None:
        lapsed = Now() - timedelta(minutes=1)
        GenerationJob.objects.update(state=State.RUNNING, lease_token=uuid.uuid4(), lease_expires_at=lapsed, attempts=3)
        pipeline.sweep()

    said = run(before=poison)
    assert states() == {State.FAILED}
    assert said
    assert leaks(said) == []


def test_words_of_learning_that_fails_are_not_logged(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeping, "learn", fail_with(FACT, QUERY))
    said = run()
    assert any("Learning failed" in text for text in said)
    assert leaks(said) == []


def test_words_of_a_field_that_fails_are_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    assert FieldReader("weight", fail_with(FACT)).read(SimpleNamespace(pk=7)) is None
    said = told(caplog)
    assert "weight failed for SimpleNamespace 7" in said[0]
    assert "ValueError" in said[0]
    assert "in fail" in said[0]
    assert leaks(said) == []


def test_requests_beyond_the_cap_are_counted_not_named(run: Run, use_settings: Callable[..., None]) -> None:
    use_settings(GENERATE={"BUDGETS": {"default": {"queue_cap": 1}}})
    more = [TextKey(Kind.DESCRIPTION, "p-1", "en")]
    said = run(before=lambda: request_texts(more) and None)
    assert any("queue is full" in text for text in said)
    assert leaks(said) == []
