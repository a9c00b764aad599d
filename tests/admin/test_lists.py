from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from ecom_llm.models import BrokenEvent, Event, GenerationJob, LearningRun
from tests.conftest import MakeCatalog

JOBS = "/admin/ecom_llm/generationjob/"


@pytest.fixture(autouse=True)
def _catalog(db: None, memory_catalog: MakeCatalog) -> None:
    memory_catalog()


def make_job(**fields: Any) -> GenerationJob:
    now = timezone.now()
    values = {
        "kind": "description", "subject": "jacket-1", "language": "en-gb", "input_hash": "x", "prompt_version": "1",
        "product_id": "jacket-1", "state": "failed", "error": "<script>boom</script>",
        "started_at": now, "finished_at": now + timedelta(seconds=2.5), "expires_at": now,
    }  # fmt: skip
    return GenerationJob.objects.create(**values | fields)


def run_again(client: Client, job: GenerationJob) -> str:
    body = {"action": "run_again", "_selected_action": [str(job.pk)]}
    return client.post(JOBS, body, follow=True).content.decode()


def test_jobs_are_listed_with_their_duration_and_error(admin_client: Client) -> None:
    make_job()
    page = admin_client.get(JOBS).content.decode()
    assert "2.5 s" in page
    assert "&lt;script&gt;boom" in page
    assert "<script>boom" not in page


def test_running_job_tells_how_long_it_has_run_and_a_waiting_one_does_not(admin_client: Client) -> None:
    started = timezone.now() - timedelta(seconds=30)
    job = make_job(state="running", started_at=started, finished_at=None, prompt_tokens=1200, completion_tokens=34)
    page = admin_client.get(JOBS).content.decode()
    assert " s so far" in page
    assert "1,200 + 34" in page
    GenerationJob.objects.filter(pk=job.pk).update(state="waiting")
    assert " s so far" not in admin_client.get(JOBS).content.decode()


def test_poisoned_jobs_can_be_picked_out(admin_client: Client) -> None:
    make_job(subject="neighbour")
    make_job(subject="raised", runs_alone=True)
    make_job(subject="crashed", runs_alone=True, lapses=2)
    for value, subjects in (("suspected", {"raised", "crashed"}), ("lapsed", {"crashed"})):
        listed = admin_client.get(JOBS, {"poison": value}).context["cl"].result_list
        assert {job.subject for job in listed} == subjects


def test_list_of_jobs_costs_as_many_queries_however_long_it_is(admin_client: Client) -> None:
    counts = []
    for number in range(2):
        for job in range(20):
            make_job(subject=f"{number}-{job}")
        with CaptureQueriesContext(connection) as captured:
            admin_client.get(JOBS)
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_jobs_own_page_cannot_be_edited(admin_client: Client) -> None:
    job = make_job()
    assert admin_client.get(f"{JOBS}{job.pk}/change/").status_code == 200
    assert admin_client.post(f"{JOBS}{job.pk}/change/", {"state": "done"}).status_code == 403
    assert admin_client.post(f"{JOBS}{job.pk}/delete/", {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("state", ["failed", "blocked", "expired"])
def test_job_that_ended_badly_can_be_run_again(admin_client: Client, state: str) -> None:
    job = make_job(state=state)
    assert "Asked again for 1 text." in run_again(admin_client, job)
    assert GenerationJob.objects.filter(subject="jacket-1", state="waiting").count() == 1


def test_job_that_is_done_is_not_run_again(admin_client: Client) -> None:
    assert "Asked again for 0 texts." in run_again(admin_client, make_job(state="done"))
    assert not GenerationJob.objects.filter(state="waiting").exists()


def test_who_only_reads_jobs_cannot_run_one_again() -> None:
    user = User.objects.create_user("reader", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="view_generationjob"))
    client = Client()
    client.force_login(user)
    run_again(client, make_job())
    assert not GenerationJob.objects.filter(state="waiting").exists()


def test_events_and_runs_can_be_read(admin_client: Client) -> None:
    Event.objects.create(kind="search", occurred_at=timezone.now(), consent="anonymous", query="<script>")
    LearningRun.objects.create(finished_at=timezone.now(), events=1, pairs=1, seconds=0.1)
    BrokenEvent.objects.create(reason="kind 'looked' is not known", body="<script>" + "x" * 5_000)
    assert "x" * 200 not in admin_client.get("/admin/ecom_llm/brokenevent/").content.decode()
    for name in ("brokenevent", "event", "learningrun"):
        page = admin_client.get(f"/admin/ecom_llm/{name}/")
        assert page.status_code == 200
        assert 'id="result_list"' in page.content.decode()
        assert admin_client.get(f"/admin/ecom_llm/{name}/add/").status_code == 403
