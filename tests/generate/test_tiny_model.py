"""The transformers backend on a real model of random weights: what it refuses and how it ends."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("transformers")

from ecom_llm import pipeline
from ecom_llm.entities import Kind, Message, Prompt, Sampling, TextKey
from ecom_llm.exceptions import BackendError, ConfigurationError
from ecom_llm.generate.backends.transformers import TransformersBackend
from ecom_llm.generate.requests import request_texts
from ecom_llm.models import GenerationJob
from tests.generate.tiny import CHATML, NO_SYSTEM, make_tokenizer, save_model

PROMPT = Prompt((Message("system", "Be brief."), Message("user", "Lamp")), "The lamp")
SHORT = Sampling(max_new_tokens=3, temperature=0)
State = GenerationJob.State


def make_backend(folder: Path, template: str = CHATML, **options: Any) -> TransformersBackend:
    context_tokens = options.pop("context_tokens", 4096)
    model = save_model(folder, make_tokenizer(template), context_tokens=context_tokens)
    return TransformersBackend("default", {"MODEL": model, "OPTIONS": {"cache_dir": "", **options}})


def write(backend: TransformersBackend, monkeypatch: pytest.MonkeyPatch, ids: list[int]) -> str:
    """What becomes of a completion of these tokens."""

    def complete(requests: Any, is_done: Any, on_token: Any) -> None:
        for token in ids:
            requests[0].written.append(token)
            if is_done(requests[0]):
                return

    monkeypatch.setattr(backend._load().engine, "complete", complete)
    return backend.generate([PROMPT], SHORT)[0].text


def test_model_without_a_system_role_writes(tmp_path: Path) -> None:
    backend = make_backend(tmp_path, NO_SYSTEM)
    (completion,) = backend.generate([PROMPT], SHORT)
    assert completion.text.startswith("The lamp")
    assert completion.prompt_tokens == backend.count_tokens(PROMPT)


def test_turns_that_the_model_does_not_take_are_a_matter_of_settings(tmp_path: Path) -> None:
    backend = make_backend(tmp_path, NO_SYSTEM)
    with pytest.raises(ConfigurationError, match="chat template"):
        backend.generate([Prompt((Message("assistant", "Lamp"),))], SHORT)


@pytest.mark.parametrize("engine", ["rows", "plain"])
def test_whole_numbers_are_taken_for_temperature_and_penalty(tmp_path: Path, engine: str) -> None:
    backend = make_backend(tmp_path, engine=engine)
    assert backend.generate([PROMPT], Sampling(max_new_tokens=2, temperature=1, top_p=1, repetition_penalty=2))


def test_prompt_that_the_context_has_no_room_for_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    backend = make_backend(tmp_path, context_tokens=64)
    ticks: list[int] = []
    long = Prompt((Message("user", "Lamp " * 20),))
    with pytest.raises(BackendError, match=r"no room for 3 more: .* reads 64 at most"):
        backend.generate([PROMPT, long], SHORT, lambda: ticks.append(1))
    assert ticks == []
    full = 64 - backend.count_tokens(PROMPT)
    assert backend.generate([PROMPT], Sampling(max_new_tokens=full, temperature=0))
    with pytest.raises(BackendError, match="no room"):
        backend.generate([PROMPT], Sampling(max_new_tokens=full + 1, temperature=0))


@pytest.mark.django_db
def test_prompt_that_is_too_long_fails_alone(
    tmp_path: Path, memory_catalog: Callable[..., Any], use_settings: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    names = {"short": "Fern Lamp", "long": "Fern Lamp " * 400}
    memory_catalog(
        [{"id": key, "name": name, "attributes": {"Material": "oak", "Shade": "linen"}} for key, name in names.items()]
    )
    use_settings(GENERATE={"SAMPLING": {"description": {"max_new_tokens": 2, "n": 1}}, "TRIES": 1})
    backend = make_backend(tmp_path)
    monkeypatch.setattr("ecom_llm.pipeline.running.backend_for", lambda kind: backend)
    request_texts([TextKey(Kind.DESCRIPTION, key, "en") for key in names])
    while pipeline.run_once("test").claimed:
        pass
    jobs = {job.subject: job for job in GenerationJob.objects.all()}
    assert (jobs["long"].state, "no room" in jobs["long"].error) == (State.FAILED, True)
    # Nothing that a model of random weights writes is published, but it was let write, at its first attempt.
    assert (jobs["short"].state, jobs["short"].attempts) == (State.BLOCKED, 1)


@pytest.mark.parametrize("rest", ["-shade", "s shine", "; oak"])
def test_no_space_is_put_where_the_model_wrote_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rest: str) -> None:
    ids = make_tokenizer()(rest, add_special_tokens=False)["input_ids"]
    assert write(make_backend(tmp_path), monkeypatch, ids) == f"The lamp{rest}"


def test_end_of_the_turn_is_no_word_though_the_tokenizer_does_not_flag_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = make_backend(tmp_path)
    ready = backend._load()
    words = ready.loaded.tokenizer(" shines.#", add_special_tokens=False)["input_ids"]
    ready.stop_tokens = frozenset(words[-1:])
    assert write(backend, monkeypatch, [*words, *words]) == "The lamp shines."
