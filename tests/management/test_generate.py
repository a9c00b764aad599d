"""`ecom_llm_generate` queues what is missing, and nothing twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from ecom_llm.models import GenerationJob, TextVersion
from tests.products import SAMPLE_PRODUCTS

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _catalog(memory_catalog: Callable[..., Any]) -> None:
    memory_catalog()


def test_all_queues_each_visible_product_with_something_to_say(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("ecom_llm_generate", "description", "--all", "--json")
    counts = json.loads(capsys.readouterr().out.splitlines()[-1])
    subjects = set(GenerationJob.objects.values_list("subject", flat=True))
    assert subjects == {"jacket-1", "jacket-2", "kettle-1"}
    assert counts["queued"] == 3


def test_second_run_queues_nothing_and_force_queues_again() -> None:
    call_command("ecom_llm_generate", "description", "--product", "jacket-1")
    call_command("ecom_llm_worker", "--once")
    call_command("ecom_llm_generate", "description", "--product", "jacket-1")
    assert GenerationJob.objects.count() == 1
    call_command("ecom_llm_generate", "description", "--product", "jacket-1", "--force")
    call_command("ecom_llm_worker", "--once")
    assert TextVersion.objects.count() == 2


def test_unknown_product_is_named_and_nothing_is_queued() -> None:
    with pytest.raises(CommandError, match="'nothing'"):
        call_command("ecom_llm_generate", "description", "--product", "jacket-1", "nothing")
    assert not GenerationJob.objects.exists()


def test_described_product_is_passed_over(memory_catalog: Callable[..., Any]) -> None:
    from dataclasses import replace

    memory_catalog([replace(SAMPLE_PRODUCTS[0], description="Ours.")])
    call_command("ecom_llm_generate", "description", "--all")
    assert not GenerationJob.objects.exists()
