"""A wanted text from its job to the shop, through every stage, with the echo backend."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.core.management import call_command
from django.db import OperationalError

from ecom_llm import pipeline
from ecom_llm.entities import EvidenceKind, Kind, ReasonSubject, TextKey
from ecom_llm.exceptions import (
    BackendBrokenError,
    BackendBusyError,
    BackendMemoryError,
    ConfigurationError,
    ModelFileError,
    ModelLoadError,
)
from ecom_llm.generate import budgets
from ecom_llm.generate.backends.echo import EchoBackend
from ecom_llm.generate.requests import request_texts
from ecom_llm.models import GenerationJob, TextVersion
from ecom_llm.pipeline import picking
from tests.products import SAMPLE_PRODUCTS

pytestmark = pytest.mark.django_db

State = GenerationJob.State
JACKET = TextKey(Kind.DESCRIPTION, "jacket-1", "en")
KETTLE = TextKey(Kind.DESCRIPTION, "kettle-1", "en")
PAIR = TextKey(Kind.REASON, ReasonSubject("jacket-1", "jacket-2", EvidenceKind.VIEWED_AFTER).key, "en")
GOOD = "The Harbour Rain Jacket is made from recycled nylon in navy."
INVENTED = "The Harbour Rain Jacket weighs 900 g and is made from recycled nylon."

UseSettings = Callable[..., None]


@pytest.fixture(autouse=True)
def _catalog(memory_catalog: Callable[..., Any]) -> None:
    memory_catalog()


def echo(use_settings: UseSettings, **options: Any) -> None:
    backend = "ecom_llm.generate.backends.echo.EchoBackend"
    use_settings(BACKENDS={"default": {"BACKEND": backend, "OPTIONS": options}})


def run(worker: str = "test") -> pipeline.Report:
    total = pipeline.Report()
    while (report := pipeline.run_once(worker)).claimed:
        total.add(report)
    return total


@pytest.mark.parametrize("key", [JACKET, PAIR, TextKey(Kind.SEARCH_COPY, "jacket", "en")])
def test_wanted_text_of_each_kind_is_published(key: TextKey) -> None:
    assert request_texts([key]) == 1
    assert run().stored == 1
    version = TextVersion.objects.get()
    assert (version.state, version.origin, version.text.key) == ("published", "model", key)
    assert version.text.published == version
    assert version.facts
    assert version.prompt_version


def test_several_texts_are_asked_for_and_made_together() -> None:
    assert request_texts([JACKET, KETTLE, PAIR]) == 3
    report = run()
    assert (report.claimed, report.stored) == (3, 3)


def test_settled_text_is_not_asked_for_again_from_the_same_facts() -> None:
    request_texts([JACKET])
    run()
    assert request_texts([JACKET]) == 0
    assert request_texts([JACKET], is_forced=True) == 1


def test_text_is_asked_for_again_when_the_facts_have_changed(memory_catalog: Callable[..., Any]) -> None:
    request_texts([JACKET])
    run()
    memory_catalog([replace(SAMPLE_PRODUCTS[0], attributes={"Material": "wool"})])
    assert request_texts([JACKET]) == 1


def test_fact_that_changes_and_changes_back_is_worded_again(memory_catalog: Callable[..., Any]) -> None:
    for material in ("nylon", "wool", "nylon"):
        memory_catalog([replace(SAMPLE_PRODUCTS[0], attributes={"Material": material, "Colour": "navy"})])
        assert request_texts([JACKET]) == 1
        assert run().stored == 1
    published = TextVersion.objects.get(state="published")
    assert "nylon" in published.body


def test_language_without_a_prompt_of_its_own_is_not_written_in() -> None:
    assert request_texts([replace(JACKET, language="de")]) == 0
    assert not GenerationJob.objects.exists()


def test_catalogue_that_fails_on_one_product_costs_that_job_only(
    memory_catalog: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    request_texts([JACKET, KETTLE])
    catalog = memory_catalog()
    facts = type(catalog).facts

    def trip(self: Any, product: Any) -> Any:
        if product.id == "jacket-1":
            raise KeyError("Weight")
        return facts(self, product)

    monkeypatch.setattr(type(catalog), "facts", trip)
    run()
    states = dict(GenerationJob.objects.values_list("subject", "state"))
    assert states == {"jacket-1": State.FAILED, "kettle-1": State.DONE}
    assert "Weight" in GenerationJob.objects.get(subject="jacket-1").error


def test_missing_or_hidden_product_costs_no_job() -> None:
    keys = [TextKey(Kind.DESCRIPTION, name, "en") for name in ("nothing", "hidden-1", "jacket-1-l")]
    assert request_texts(keys) == 0
    assert request_texts(keys[:1]) == 0


def test_blocked_completion_is_tried_with_another_seed(use_settings: UseSettings) -> None:
    echo(use_settings, reply=[INVENTED, INVENTED, GOOD])
    request_texts([JACKET])
    assert run().stored == 1
    version = TextVersion.objects.get()
    assert (version.body, version.seed) == (GOOD, 1)


def test_text_that_is_always_blocked_gives_way_to_the_plain_sentence(use_settings: UseSettings) -> None:
    echo(use_settings, reply=INVENTED)
    request_texts([JACKET])
    report = run()
    assert (report.stored, report.blocked) == (0, 1)
    job = GenerationJob.objects.get()
    assert job.state == State.BLOCKED
    assert "number" in job.error
    assert not TextVersion.objects.exists()
    assert request_texts([JACKET]) == 0


def test_policy_holds_a_kind_for_review(use_settings: UseSettings) -> None:
    use_settings(PUBLISH={"POLICY": {"description": "review"}})
    request_texts([JACKET, PAIR])
    run()
    states = {version.text.kind: version.state for version in TextVersion.objects.all()}
    assert states == {"description": "in_review", "reason": "published"}


def test_product_edited_while_its_text_is_made_shows_the_newest_facts(
    use_settings: UseSettings, memory_catalog: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    request_texts([JACKET])
    screen = picking.screen

    def edit_then_screen(*args: Any, **options: Any) -> Any:
        monkeypatch.setattr(picking, "screen", screen)
        memory_catalog([replace(SAMPLE_PRODUCTS[0], attributes={"Material": "wool"})])
        return screen(*args, **options)

    monkeypatch.setattr(picking, "screen", edit_then_screen)
    report = run()
    assert (report.requeued, report.stored) == (1, 1)
    assert "wool" in TextVersion.objects.get().body
    assert GenerationJob.objects.get().attempts == 2


def test_product_deleted_while_its_job_waits_ends_the_job(memory_catalog: Callable[..., Any]) -> None:
    request_texts([JACKET])
    memory_catalog([])
    assert run().expired == 1
    job = GenerationJob.objects.get()
    assert (job.state, bool(job.error)) == (State.EXPIRED, True)


def test_stop_gives_the_jobs_back_unspent(use_settings: UseSettings) -> None:
    request_texts([JACKET, KETTLE])
    pipeline.run_once("test", should_stop=lambda: True)
    jobs = GenerationJob.objects.all()
    assert {(job.state, job.attempts) for job in jobs} == {(State.WAITING, 0)}


def test_missing_model_stops_the_worker_and_spends_nothing(use_settings: UseSettings) -> None:
    use_settings(
        BACKENDS={
            "default": {
                "BACKEND": "ecom_llm.generate.backends.transformers.TransformersBackend",
                "MODEL": "/nowhere/model.gguf",
            }
        }
    )
    request_texts([JACKET])
    with pytest.raises(ModelFileError):
        pipeline.run_once("test")
    job = GenerationJob.objects.get()
    assert (job.state, job.attempts) == (State.WAITING, 0)


def test_batch_that_raises_is_retried_alone_then_fails(
    use_settings: UseSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fall_over(*_: Any) -> None:
        raise RuntimeError("out of memory")

    monkeypatch.setattr(EchoBackend, "generate", fall_over)
    request_texts([JACKET, KETTLE])
    report = run()
    assert report.claimed == 6
    assert {(job.state, job.attempts) for job in GenerationJob.objects.all()} == {(State.FAILED, 3)}
    assert "out of memory" in GenerationJob.objects.all()[0].error


def test_worker_command_runs_what_waits_and_prints_its_counts(capsys: pytest.CaptureFixture[str]) -> None:
    request_texts([JACKET, KETTLE])
    call_command("ecom_llm_worker", "--once", "--json")
    assert '"stored": 2' in capsys.readouterr().out.splitlines()[-1]


def test_emoji_and_right_to_left_facts_come_through(memory_catalog: Callable[..., Any]) -> None:
    product = replace(
        SAMPLE_PRODUCTS[0], id="rtl", name="مصباح ☕️ Lamp", attributes={"צבע": "כחול", "Material": "brass 🪔"}
    )
    memory_catalog([product])
    request_texts([TextKey(Kind.DESCRIPTION, "rtl", "en")])
    assert run().stored == 1
    assert "مصباح ☕️ Lamp" in TextVersion.objects.get().body


def test_batch_that_does_not_fit_is_done_in_halves_and_spends_no_attempt(use_settings: UseSettings) -> None:
    echo(use_settings, memory_batch=1)
    request_texts([JACKET, KETTLE])
    assert run().stored == 2
    assert {(job.state, job.attempts) for job in GenerationJob.objects.all()} == {(State.DONE, 1)}


def test_single_job_that_does_not_fit_fails_in_the_end(use_settings: UseSettings) -> None:
    echo(use_settings, memory_batch=0)
    request_texts([JACKET])
    run()
    job = GenerationJob.objects.get()
    assert (job.state, job.attempts) == (State.FAILED, 3)
    assert "BackendMemoryError" in job.error


def test_busy_backend_costs_no_attempt_and_what_it_completed_is_kept(
    use_settings: UseSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    generate = EchoBackend.generate

    def turn_away(self: EchoBackend, prompts: Any, sampling: Any, on_token: Any = None) -> Any:
        first, *_ = generate(self, prompts, sampling, on_token)
        raise BackendBusyError("429", completions=[first, *[None] * (len(prompts) - 1)], retry_after_seconds=7)

    monkeypatch.setattr(EchoBackend, "generate", turn_away)
    request_texts([JACKET, KETTLE])
    report = pipeline.run_once("test")
    assert (report.stored, report.released, report.pause_seconds) == (1, 1, 7)
    assert {(job.state, job.attempts) for job in GenerationJob.objects.all()} == {(State.DONE, 1), (State.WAITING, 0)}
    # A text that was made is charged; one that was turned away is not.
    assert budgets.spent_by_kind()[Kind.DESCRIPTION].jobs == 1


def test_guard_picks_the_best_of_several_completions(use_settings: UseSettings) -> None:
    poor = "The Harbour Rain Jacket is navy."
    echo(use_settings, reply=[INVENTED, poor, GOOD])
    use_settings(GENERATE={"SAMPLING": {"description": {"n": 3}}, "TRIES": 1})
    request_texts([JACKET])
    assert run().stored == 1
    assert TextVersion.objects.get().body == GOOD
    job = GenerationJob.objects.get()
    # All three were paid for.
    assert job.completion_tokens == sum(len(text.split()) for text in (INVENTED, poor, GOOD))
    assert budgets.spent_by_kind()[Kind.DESCRIPTION].tokens == job.prompt_tokens + job.completion_tokens


def test_kind_whose_budget_is_spent_waits_and_others_go_on(use_settings: UseSettings) -> None:
    use_settings(GENERATE={"BUDGETS": {"description": {"jobs_per_hour": 1}}})
    request_texts([JACKET, KETTLE, PAIR])
    assert run().stored == 2
    assert list(GenerationJob.objects.filter(state=State.WAITING).values_list("kind", flat=True)) == ["description"]


def test_batch_past_its_deadline_spends_an_attempt_and_its_jobs_then_run_alone(use_settings: UseSettings) -> None:
    echo(use_settings, delay_seconds=1.5, ticks=30)
    use_settings(GENERATE={"BATCH_SECONDS": 1})
    request_texts([JACKET, KETTLE])
    assert pipeline.run_once("test").failed == 2
    jobs = GenerationJob.objects.all()
    assert {(job.state, job.attempts, job.runs_alone) for job in jobs} == {(State.WAITING, 1, True)}
    assert "DeadlineError" in jobs[0].error


def test_broken_device_ends_the_process_and_gives_back_what_was_not_begun(
    use_settings: UseSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(*_: Any) -> None:
        raise BackendBrokenError("CUDA error: an illegal memory access was encountered")

    monkeypatch.setattr(EchoBackend, "generate", break_down)
    use_settings(GENERATE={"BATCH_TOKENS": 1})
    request_texts([JACKET, KETTLE])
    with pytest.raises(BackendBrokenError):
        pipeline.run_once("test")
    assert sorted(GenerationJob.objects.values_list("state", "attempts")) == [("waiting", 0), ("waiting", 1)]


def test_product_whose_facts_never_rest_is_given_up(
    use_settings: UseSettings, memory_catalog: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    request_texts([JACKET])
    screen = picking.screen
    materials = iter(["wool", "silk", "jute", "hemp", "felt", "cork", "loden"])

    def edit_then_screen(*args: Any, **options: Any) -> Any:
        memory_catalog([replace(SAMPLE_PRODUCTS[0], attributes={"Material": next(materials)})])
        return screen(*args, **options)

    monkeypatch.setattr(picking, "screen", edit_then_screen)
    report = run()
    assert (report.claimed, report.requeued, report.failed) == (3, 2, 1)
    assert "changed" in GenerationJob.objects.get().error


def test_job_that_does_not_fit_alone_takes_no_neighbour_along(
    use_settings: UseSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    generate = EchoBackend.generate

    def run_out(self: EchoBackend, prompts: Any, sampling: Any, on_token: Any = None) -> Any:
        if any("Kettle" in prompt.messages[-1].content for prompt in prompts):
            raise BackendMemoryError
        return generate(self, prompts, sampling, on_token)

    monkeypatch.setattr(EchoBackend, "generate", run_out)
    request_texts([JACKET, KETTLE])
    assert pipeline.run_once("test").stored == 1
    jobs = {job.subject: (job.state, job.attempts) for job in GenerationJob.objects.all()}
    assert jobs == {"jacket-1": (State.DONE, 1), "kettle-1": (State.WAITING, 1)}


def test_busy_half_of_a_batch_mixes_no_products_up(use_settings: UseSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    generate = EchoBackend.generate

    def half(self: EchoBackend, prompts: Any, sampling: Any, on_token: Any = None) -> Any:
        if len(prompts) > 1:
            raise BackendMemoryError
        if "Kettle" in prompts[0].messages[-1].content:
            raise BackendBusyError(completions=[None])
        return generate(self, prompts, sampling, on_token)

    monkeypatch.setattr(EchoBackend, "generate", half)
    request_texts([KETTLE, JACKET])
    pipeline.run_once("test")
    for version in TextVersion.objects.select_related("text"):
        assert version.text.subject == "jacket-1"
        assert "Jacket" in version.body
    assert GenerationJob.objects.get(subject="kettle-1").attempts == 0


def test_backend_that_answers_too_little_spends_an_attempt_and_leaves_nothing_running(
    use_settings: UseSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(EchoBackend, "generate", lambda *_: [])
    request_texts([JACKET])
    assert pipeline.run_once("test").failed == 1
    assert GenerationJob.objects.get().state == State.WAITING


def test_statement_that_takes_too_long_fails_its_own_job_only(
    memory_catalog: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    request_texts([JACKET, KETTLE])
    catalog = memory_catalog()
    facts = type(catalog).facts

    def time_out(self: Any, product: Any) -> Any:
        if product.id == "jacket-1":
            raise OperationalError("canceling statement due to statement timeout")
        return facts(self, product)

    monkeypatch.setattr(type(catalog), "facts", time_out)
    run()
    states = dict(GenerationJob.objects.values_list("subject", "state"))
    assert states == {"jacket-1": State.FAILED, "kettle-1": State.DONE}


def test_unforeseen_error_spends_an_attempt_at_once_and_the_worker_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def trip(*_: Any) -> None:
        raise KeyError("unforeseen \0")

    monkeypatch.setattr("ecom_llm.pipeline.running.complete", trip)
    request_texts([JACKET])
    assert pipeline.run_once("test").failed == 1
    job = GenerationJob.objects.get()
    assert (job.state, job.attempts, job.runs_alone) == (State.WAITING, 1, True)
    assert "KeyError" in job.error


def test_model_that_cannot_be_loaded_now_costs_no_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise ModelLoadError

    monkeypatch.setattr(EchoBackend, "generate", fail)
    request_texts([JACKET])
    with pytest.raises(BackendBrokenError):
        pipeline.run_once("test")
    job = GenerationJob.objects.get()
    assert (job.state, job.attempts) == (State.WAITING, 0)
    assert budgets.spent_by_kind()[Kind.DESCRIPTION].jobs == 0


def test_sampling_that_makes_no_sense_stops_the_worker_and_spends_nothing(use_settings: UseSettings) -> None:
    use_settings(GENERATE={"SAMPLING": {"description": {"n": 0}}})
    request_texts([JACKET])
    with pytest.raises(ConfigurationError, match="n must be a whole number of 1 or more"):
        pipeline.run_once("test")
    assert GenerationJob.objects.get().attempts == 0
