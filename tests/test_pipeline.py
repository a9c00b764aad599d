"""A wanted text from its job to the shop, through every stage, with the echo backend."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.core.management import call_command

from ecom_llm import pipeline
from ecom_llm.entities import EvidenceKind, Kind, ReasonSubject, TextKey
from ecom_llm.exceptions import ModelFileError
from ecom_llm.generate.requests import request_texts
from ecom_llm.models import GenerationJob, TextVersion
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
    assert (version.body, version.seed) == (GOOD, 2)


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
    screen = pipeline.screen

    def edit_then_screen(*args: Any, **options: Any) -> Any:
        monkeypatch.setattr(pipeline, "screen", screen)
        memory_catalog([replace(SAMPLE_PRODUCTS[0], attributes={"Material": "wool"})])
        return screen(*args, **options)

    monkeypatch.setattr(pipeline, "screen", edit_then_screen)
    report = run()
    assert (report.requeued, report.stored) == (1, 1)
    assert "wool" in TextVersion.objects.get().body
    assert GenerationJob.objects.get().attempts == 1


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
    from ecom_llm.generate.backends.echo import EchoBackend

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
