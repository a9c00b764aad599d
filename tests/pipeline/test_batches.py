"""Batches keep to the token budget in every try, and grow again after memory was short."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ecom_llm import pipeline
from ecom_llm.catalog.adapters.memory import MemoryProduct
from ecom_llm.entities import Kind, TextKey
from ecom_llm.exceptions import BackendMemoryError
from ecom_llm.generate.backends.base import FITTED_BEFORE_MORE
from ecom_llm.generate.backends.echo import EchoBackend
from ecom_llm.generate.requests import request_texts
from ecom_llm.pipeline import completing

pytestmark = pytest.mark.django_db

JOBS = 8
PRODUCTS = [
    MemoryProduct(id=f"p{number}", name=f"Lamp {number}", attributes={"Material": "brass"}) for number in range(JOBS)
]
UseSettings = Callable[..., None]


@pytest.fixture(autouse=True)
def _asked(memory_catalog: Callable[..., Any]) -> None:
    memory_catalog(PRODUCTS)
    request_texts(TextKey(Kind.DESCRIPTION, product.id, "en") for product in PRODUCTS)


@pytest.fixture
def rows(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Completions in each batch, in turn."""
    seen: list[int] = []
    generate = EchoBackend.generate

    def count(self: EchoBackend, prompts: Any, sampling: Any, on_token: Any = None) -> Any:
        seen.append(len(prompts) * sampling.n)
        return generate(self, prompts, sampling, on_token)

    monkeypatch.setattr(EchoBackend, "generate", count)
    return seen


def test_try_that_draws_several_takes_fewer_jobs_a_batch(
    use_settings: UseSettings, monkeypatch: pytest.MonkeyPatch, rows: list[int]
) -> None:
    monkeypatch.setattr(completing, "pick", lambda *_: None)
    monkeypatch.setattr(EchoBackend, "count_tokens", lambda *_: 36)
    # A row takes 36 tokens and 64 new ones.
    use_settings(GENERATE={"BATCH_TOKENS": JOBS * 100})
    pipeline.run_once("test")
    assert rows == [JOBS] * 5


def test_batch_grows_again_once_smaller_ones_have_fitted_for_a_while() -> None:
    backend = EchoBackend("default", {})
    backend.note_fitted(64)
    assert backend.fitting_jobs is None
    backend.note_too_large(64)
    for _ in range(FITTED_BEFORE_MORE):
        assert backend.fitting_jobs == 32
        # The end of a claim, not a batch that was cut to fit.
        backend.note_fitted(31)
        backend.note_fitted(32)
    assert backend.fitting_jobs == 64


def test_batch_that_does_not_fit_is_cut_for_the_next_claim_too(
    use_settings: UseSettings, monkeypatch: pytest.MonkeyPatch, rows: list[int]
) -> None:
    counted = EchoBackend.generate

    def run_out(self: EchoBackend, prompts: Any, sampling: Any, on_token: Any = None) -> Any:
        if len(prompts) > 2:
            raise BackendMemoryError
        return counted(self, prompts, sampling, on_token)

    monkeypatch.setattr(EchoBackend, "generate", run_out)
    use_settings(GENERATE={"BATCH_JOBS": JOBS // 2})
    pipeline.run_once("test")
    pipeline.run_once("test")
    assert rows == [2] * (JOBS // 2)
