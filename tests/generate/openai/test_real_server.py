"""Through the pipeline, and against `transformers serve` with the packaged model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ecom_llm import pipeline
from ecom_llm.entities import Fact, Kind, ProductFacts, Prompt, Sampling, TextKey
from ecom_llm.exceptions import BackendError
from ecom_llm.generate.backends.openai import OpenAIBackend
from ecom_llm.generate.phrases import for_prompt
from ecom_llm.generate.requests import request_texts
from ecom_llm.generate.templates import get_prompt_template
from ecom_llm.models import TextVersion
from tests.generate.openai.asking import LIKELIEST, always
from tests.generate.openai.servers import (
    Reply,
    Stub,
    completion,
    save_packaged_model,
    transformers_serve,
)


@pytest.mark.django_db
def test_text_comes_through_the_pipeline(settings: Any, stub: Stub, memory_catalog: Callable[..., Any]) -> None:
    stub.behaviour = always(Reply(completion(" a walnut handle.")))
    memory_catalog([{"id": "kettle", "name": "Alder Kettle", "attributes": {"Handle": "walnut"}}])
    settings.ECOM_LLM = settings.ECOM_LLM | {"BACKENDS": {"default": entry(stub.base_url, "some/model")}}
    request_texts([TextKey(Kind.DESCRIPTION, "kettle", "en")])
    assert pipeline.run_once("test").stored == 1
    assert TextVersion.objects.get().body == "The Alder Kettle has a walnut handle."


def entry(base_url: str, model: str, **options: Any) -> dict[str, Any]:
    return {
        "BACKEND": "ecom_llm.generate.backends.openai.OpenAIBackend",
        "MODEL": model,
        "OPTIONS": {"base_url": base_url, **options},
    }


KETTLE = ProductFacts(
    "kettle", "Alder Kettle", "Kitchen", (Fact("Material", "stainless steel"), Fact("Handle", "walnut"))
)
LAMP = ProductFacts("lamp", "Fern Lamp", "Lighting", (Fact("Shade", "linen"), Fact("Base", "oak")))


def prompt_for(product: ProductFacts) -> Prompt:
    messages, prefix = get_prompt_template(Kind.DESCRIPTION, "en").render({"product": for_prompt(product, 3)})
    return Prompt(messages, prefix)


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., dict[str, Any]]]:
    """`transformers serve` with the packaged model; gives the entry of BACKENDS for it."""
    model = save_packaged_model(tmp_path_factory.mktemp("model"))
    with transformers_serve(model) as base_url:
        yield lambda **options: entry(base_url, str(model), **{"prefix_mode": "instruction"} | options)


@pytest.mark.model
def test_real_server_completes_prompts(real: Callable[..., dict[str, Any]]) -> None:
    completions = OpenAIBackend("default", real(concurrency=2)).generate(
        [prompt_for(KETTLE), prompt_for(LAMP)], LIKELIEST
    )
    for item, product, said in zip(completions, (KETTLE, LAMP), ("walnut", "linen"), strict=True):
        assert item.text.startswith(prompt_for(product).prefix)
        assert said in item.text
        assert item.prompt_tokens > item.completion_tokens > 0


@pytest.mark.model
def test_real_server_that_gives_one_is_asked_for_each_sample(real: Callable[..., dict[str, Any]]) -> None:
    sampling = Sampling(max_new_tokens=12, temperature=0.0, n=2)
    assert len(OpenAIBackend("default", real()).generate([prompt_for(LAMP)], sampling)) == 2


@pytest.mark.model
def test_real_server_names_what_it_does_not_take(real: Callable[..., dict[str, Any]]) -> None:
    with pytest.raises(BackendError, match="prefix_mode"):
        OpenAIBackend("default", real(prefix_mode="continue")).generate([prompt_for(LAMP)], LIKELIEST)


@pytest.mark.model
@pytest.mark.django_db
def test_text_of_a_real_server_goes_through_the_guard(
    settings: Any, memory_catalog: Callable[..., Any], real: Callable[..., dict[str, Any]]
) -> None:
    memory_catalog(
        [{"id": "kettle", "name": KETTLE.name, "attributes": {item.name: item.value for item in KETTLE.facts}}]
    )
    settings.ECOM_LLM = settings.ECOM_LLM | {"BACKENDS": {"default": real()}}
    request_texts([TextKey(Kind.DESCRIPTION, "kettle", "en")])
    assert pipeline.run_once("test").stored == 1
    version = TextVersion.objects.get()
    assert version.state == "published"
    assert version.cited["kettle"]["Handle"] == "walnut"
