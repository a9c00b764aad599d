from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from ecom_llm.models import GenerationJob, TextVersion
from tests.api.conftest import ROOT, make_text

TEXTS = f"{ROOT}texts/"


def decide(client: Client, version: TextVersion, action: str, **body: Any) -> Any:
    body = {"version": str(version.pk), **body}
    return client.post(f"{TEXTS}{version.text_id}/{action}/", body, content_type="application/json")


def make_job(**fields: Any) -> GenerationJob:
    values = {
        "kind": "description",
        "subject": "jacket-1",
        "language": "en-gb",
        "input_hash": "x",
        "prompt_version": "1",
    }
    return GenerationJob.objects.create(**values | fields, expires_at=timezone.now() + timedelta(hours=1))


@pytest.mark.parametrize("path", ["texts/", "jobs/", "texts/1/", "jobs/1/"])
def test_shoppers_and_staff_without_permission_are_refused(client: Client, path: str) -> None:
    assert client.get(ROOT + path).status_code == 403
    client.force_login(User.objects.create_user("shopper"))
    assert client.get(ROOT + path).status_code == 403
    client.force_login(User.objects.create_user("clerk", is_staff=True))
    assert client.get(ROOT + path).status_code == 403


def test_viewer_may_read_but_not_decide(client: Client, editor: User, editor_client: Client) -> None:
    editor.user_permissions.remove(editor.user_permissions.get(codename="change_text"))
    version = make_text(in_review=True)
    assert editor_client.get(TEXTS).status_code == 200
    assert decide(editor_client, version, "approve").status_code == 403


def test_decision_needs_a_csrf_token(editor: User) -> None:
    version = make_text(in_review=True)
    client = Client(enforce_csrf_checks=True)
    client.force_login(editor)
    assert decide(client, version, "approve").status_code == 403
    version.refresh_from_db()
    assert version.state == TextVersion.State.IN_REVIEW


def test_texts_are_listed_with_their_versions(editor_client: Client) -> None:
    version = make_text("<script>alert(1)</script>")
    (text,) = editor_client.get(TEXTS).json()["results"]
    assert text["published"] == str(version.pk)
    assert text["versions"][0]["body"] == "<script>alert(1)</script>"
    assert text["versions"][0]["facts"] == {"jacket-1": {"Material": "recycled nylon"}}


def test_listing_runs_the_same_queries_for_many_texts(
    editor_client: Client, django_assert_max_num_queries: Any
) -> None:
    for number in range(20):
        make_text(subject=f"p{number}")
    with django_assert_max_num_queries(8):
        assert editor_client.get(TEXTS).json()["count"] == 20


def test_approve_publishes(editor_client: Client, editor: User) -> None:
    version = make_text(in_review=True)
    answer = decide(editor_client, version, "approve")
    assert answer.status_code == 200
    assert answer.json()["published"] == str(version.pk)
    version.refresh_from_db()
    assert version.decided_by == editor


def test_reject_takes_a_published_text_out_of_the_shop(editor_client: Client) -> None:
    version = make_text()
    answer = decide(editor_client, version, "reject", reason="Dull.")
    assert answer.json()["published"] is None
    assert "Dull." in str(answer.json()["versions"][0]["findings"])


def test_edit_publishes_a_human_version(editor_client: Client) -> None:
    answer = decide(editor_client, make_text(), "edit", body="My own words.").json()
    assert answer["versions"][0]["body"] == "My own words."
    assert answer["versions"][0]["origin"] == "human"
    assert answer["published"] == answer["versions"][0]["id"]


def test_rollback_shows_the_older_version_again(editor_client: Client) -> None:
    version = make_text()
    decide(editor_client, version, "edit", body="My own words.")
    assert decide(editor_client, version, "rollback").json()["published"] == str(version.pk)


def test_decision_that_the_state_does_not_permit_is_409(editor_client: Client) -> None:
    answer = decide(editor_client, make_text(), "approve")
    assert answer.status_code == 409
    assert "published" in answer.json()["detail"]


@pytest.mark.parametrize("body", [{}, {"version": "x"}, {"version": None}, [], "x", {"version": {}}])
@pytest.mark.parametrize("action", ["approve", "reject", "edit", "rollback"])
def test_decision_without_a_version_is_400(editor_client: Client, action: str, body: Any) -> None:
    path = f"{TEXTS}{make_text(in_review=True).text_id}/{action}/"
    assert editor_client.post(path, body, content_type="application/json").status_code == 400


def test_version_of_another_text_is_404(editor_client: Client) -> None:
    version, other = make_text(in_review=True), make_text(subject="kettle-1")
    body = {"version": str(other.pk)}
    path = f"{TEXTS}{version.text_id}/approve/"
    assert editor_client.post(path, body, content_type="application/json").status_code == 404
    body = {"version": str(uuid.uuid4())}
    assert editor_client.post(path, body, content_type="application/json").status_code == 404


@pytest.mark.parametrize("body", ["", " ", "x" * 20_001, None, 7.5, {}])
def test_edit_without_proper_words_is_400(editor_client: Client, body: Any) -> None:
    answer = decide(editor_client, make_text(), "edit", body=body)
    assert answer.status_code == (200 if body == 7.5 else 400)


@pytest.mark.parametrize("path", ["texts/999/", "jobs/999/", "texts/x/", "jobs/99999999999999999999/", "texts/-1/"])
def test_unknown_id_is_404(editor_client: Client, path: str) -> None:
    assert editor_client.get(ROOT + path).status_code == 404


def test_jobs_are_listed_and_filtered(editor_client: Client) -> None:
    make_job(state="failed", error="Out of attempts.")
    make_job(subject="kettle-1")
    answer = editor_client.get(f"{ROOT}jobs/?state=failed").json()
    assert [job["error"] for job in answer["results"]] == ["Out of attempts."]


@pytest.mark.parametrize("query", ["state=x", "kind=<script>", "state=%00"])
def test_unknown_filter_value_is_400(editor_client: Client, query: str) -> None:
    assert editor_client.get(f"{ROOT}jobs/?{query}").status_code == 400


@pytest.mark.parametrize("page", ["0", "-1", "x", "9" * 30])
def test_page_that_is_not_there_is_404(editor_client: Client, page: str) -> None:
    assert editor_client.get(f"{ROOT}jobs/?page={page}").status_code == 404


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_jobs_and_texts_cannot_be_written_over(editor_client: Client, method: str) -> None:
    job, version = make_job(), make_text()
    for path in (f"jobs/{job.pk}/", f"texts/{version.text_id}/"):
        assert getattr(editor_client, method)(ROOT + path).status_code in {403, 405}
