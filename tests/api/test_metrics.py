"""`metrics/` tells those who may know how the queue is doing, and nobody else."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import InterfaceError, OperationalError, connection
from django.db.models.functions import Now
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from ecom_llm import metrics
from ecom_llm.api import metrics as api_metrics
from ecom_llm.entities import Kind
from ecom_llm.generate import budgets
from ecom_llm.models import GenerationJob
from tests.api.conftest import make_text

METRICS = "/ecom-llm/metrics/"
TOKEN = "a-token-of-thirty-two-characters"
QUERIES = 6

State = GenerationJob.State


@pytest.fixture
def scrape(client: Client, use_settings: Callable[..., None]) -> Callable[..., Any]:
    use_settings(MONITORING={"METRICS_TOKEN": TOKEN})

    def ask(**headers: str) -> Any:
        return client.get(METRICS, headers={"Authorization": f"Bearer {TOKEN}"} | headers)

    return ask


def figures(answer: Any) -> dict[tuple[str, ...], float]:
    """Each sample by its name and its labels' values in order of their names."""
    assert answer.status_code == 200, answer.content
    return {
        (sample.name, *(sample.labels[name] for name in sorted(sample.labels))): sample.value
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }


def make_job(subject: str, **fields: Any) -> GenerationJob:
    values = {"kind": "description", "language": "en", "input_hash": "x", "prompt_version": "1", "subject": subject}
    return GenerationJob.objects.create(**values | fields, expires_at=timezone.now() + timedelta(hours=1))


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer ", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", f"Basic {TOKEN}", TOKEN, "Bearer \u00e9"],
)
def test_wrong_token_is_refused(scrape: Callable[..., Any], authorization: str) -> None:
    answer = scrape(Authorization=authorization)
    assert answer.status_code == 403
    assert b"ecom_llm_" not in answer.content


@pytest.mark.parametrize("authorization", ["Bearer ", "Bearer", ""])
def test_no_token_is_right_where_none_is_set(client: Client, authorization: str) -> None:
    assert client.get(METRICS, headers={"Authorization": authorization}).status_code == 403


def test_shoppers_and_staff_without_permission_are_refused(client: Client) -> None:
    assert client.get(METRICS).status_code == 403
    client.force_login(User.objects.create_user("shopper"))
    assert client.get(METRICS).status_code == 403
    client.force_login(User.objects.create_user("clerk", is_staff=True))
    assert client.get(METRICS).status_code == 403


def test_staff_who_may_see_jobs_may_read(editor_client: Client) -> None:
    answer = editor_client.get(METRICS)
    assert figures(answer)["ecom_llm_jobs", "description", "waiting"] == 0
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_figures_are_for_reading_only(scrape: Callable[..., Any], client: Client) -> None:
    assert client.post(METRICS, headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 405


def test_jobs_are_told_by_kind_and_state(scrape: Callable[..., Any]) -> None:
    make_job("a")
    make_job("b")
    make_job("c", kind="reason", state=State.RUNNING)
    make_job("d", state=State.DONE, finished_at=Now(), prompt_tokens=70, completion_tokens=20, lapses=2)
    make_job("e", state=State.BLOCKED, finished_at=Now(), prompt_tokens=5, completion_tokens=1)
    make_job("f", state=State.DONE, finished_at=timezone.now() - timedelta(hours=2), prompt_tokens=1000)
    told = figures(scrape())
    assert told["ecom_llm_jobs", "description", "waiting"] == 2
    assert told["ecom_llm_jobs", "reason", "running"] == 1
    assert told["ecom_llm_jobs", "search_copy", "running"] == 0
    assert told["ecom_llm_jobs_ended_last_hour", "description", "done"] == 1
    assert told["ecom_llm_jobs_ended_last_hour", "description", "blocked"] == 1
    assert told["ecom_llm_jobs_ended_last_hour", "reason", "failed"] == 0
    assert told["ecom_llm_tokens_last_hour", "prompt", "description"] == 75
    assert told["ecom_llm_tokens_last_hour", "completion", "description"] == 21
    assert told["ecom_llm_lapses_last_hour", "description"] == 2


def test_age_of_the_oldest_waiting_job_is_told_by_kind(scrape: Callable[..., Any]) -> None:
    for subject, minutes in (("old", 30), ("new", 1)):
        GenerationJob.objects.filter(pk=make_job(subject).pk).update(created_at=Now() - timedelta(minutes=minutes))
    running = make_job("running", kind="reason", state=State.RUNNING)
    GenerationJob.objects.filter(pk=running.pk).update(created_at=Now() - timedelta(days=1))
    told = figures(scrape())
    assert 1800 <= told["ecom_llm_oldest_waiting_seconds", "description"] < 1830
    assert told["ecom_llm_oldest_waiting_seconds", "reason"] == 0


def test_budgets_left_are_told_by_kind(scrape: Callable[..., Any], use_settings: Callable[..., None]) -> None:
    use_settings(GENERATE={"BUDGETS": {"reason": {"jobs_per_hour": 10, "tokens_per_day": 100}}})
    budgets.charge("reason", jobs=4, tokens=130)
    told = figures(scrape())
    assert told["ecom_llm_budget_jobs_left", "reason"] == 6
    assert told["ecom_llm_budget_tokens_left", "reason"] == 0
    assert told["ecom_llm_budget_tokens_used", "reason"] == 130


def test_texts_in_the_shop_are_told_by_kind(scrape: Callable[..., Any]) -> None:
    make_text()
    make_text(subject="kettle-1")
    make_text(subject="lamp-1", in_review=True)
    assert figures(scrape())["ecom_llm_published_texts", "description"] == 0
    make_text(subject="kettle-1")
    told = figures(scrape())
    assert told["ecom_llm_published_texts", "description"] == 1
    assert told["ecom_llm_published_texts", "reason"] == 0


def test_what_this_process_counted_is_told_and_no_other_apps_figures(scrape: Callable[..., Any]) -> None:
    metrics.observe_load("told-model", 3.0)
    told = figures(scrape())
    assert told["ecom_llm_model_load_seconds_sum", "told-model"] == 3.0
    assert {name for name, *_ in told if not name.startswith("ecom_llm_")} == set()


def test_what_a_worker_of_this_machine_counted_is_told(
    scrape: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    code = (
        "from prometheus_client import Counter; Counter('shop_secrets', 'Not ours.').inc();"
        "from ecom_llm import metrics; metrics.observe_job('reason', 'failed')"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
    told = figures(scrape())
    assert told["ecom_llm_job_outcomes_total", "reason", "failed"] == 1
    assert ("shop_secrets_total",) not in told
    assert told["ecom_llm_jobs", "reason", "waiting"] == 0


def test_open_metrics_is_spoken_to_who_asks_for_it(scrape: Callable[..., Any]) -> None:
    answer = scrape(Accept="application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5")
    assert answer.headers["Content-Type"].startswith("application/openmetrics-text")
    assert answer.content.endswith(b"# EOF\n")


def test_history_and_kinds_cost_no_further_query(scrape: Callable[..., Any]) -> None:
    for kind in Kind:
        make_job("waiting", kind=kind)
        make_job("done", kind=kind, state=State.DONE, finished_at=Now())
    with CaptureQueriesContext(
        connection,
    ) as captured:
        scrape()
    assert len(captured) == QUERIES


def test_without_the_library_the_answer_says_what_to_install(
    scrape: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "prometheus_client.exposition", None)
    answer = scrape()
    assert answer.status_code == 501
    assert b"ecom-llm[prometheus]" in answer.content
    assert scrape(Authorization="").status_code == 403


def test_counters_that_cannot_be_read_are_left_out_and_told_once(
    scrape: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path / "nowhere"))
    api_metrics._tell_once.cache_clear()
    for _ in range(2):
        told = figures(scrape())
        assert told["ecom_llm_jobs", "reason", "waiting"] == 0
    (told_once,) = [record.message for record in caplog.records if record.name == "ecom_llm.api.metrics"]
    assert "ValueError" in told_once


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_database_that_is_away_is_no_crash(
    scrape: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def away() -> None:
        raise error("gone")

    monkeypatch.setattr("ecom_llm.api.gauges.spent_by_kind", away)
    assert scrape().status_code == 503
