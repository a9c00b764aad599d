"""Learning on a schedule of the shop's own, and workers that leave it alone."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from ecom_llm.models import LearnedState, LearningRun
from ecom_llm.pipeline import sweep
from ecom_llm.tasks import learn_events
from tests.conftest import MakeCatalog
from tests.recommend.conftest import record

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _shop(memory_catalog: MakeCatalog) -> None:
    memory_catalog()


def test_scheduled_task_learns_what_is_new_and_nothing_twice() -> None:
    record("p:1", "jacket-1", timezone.now() - timedelta(hours=1))
    for kind in ("rebuild", "increment"):
        learn_events()
        assert [run.kind for run in LearningRun.objects.all()][-1] == kind
        learn_events()
        record("p:2", "kettle-1", timezone.now())
    assert list(LearningRun.objects.order_by("pk").values_list("events", flat=True)) == [1, 1]


def test_rebuild_of_another_is_waited_for(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    learn_events()
    LearnedState.objects.update(rebuilding_until=timezone.now() + timedelta(minutes=1))
    record("p:1", "jacket-1", timezone.now())
    learn_events()
    assert "the next call goes on" in caplog.text


@pytest.mark.parametrize("is_on", [True, False])
def test_workers_learn_unless_told_not_to(is_on: bool, use_settings: Any) -> None:
    use_settings(RECOMMEND={"LEARN_IN_WORKERS": is_on, "EMBEDDINGS": ""})
    sweep()
    assert LearningRun.objects.exists() is is_on
