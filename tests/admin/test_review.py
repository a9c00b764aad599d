from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from ecom_llm.catalog.adapters.memory import MemoryProduct
from ecom_llm.entities import EvidenceKind, Finding, Kind, ReasonSubject, Severity, TextKey
from ecom_llm.models import GenerationJob, Text, TextVersion
from ecom_llm.publish.drafts import Draft, store
from tests.conftest import MakeCatalog

LIST = "/admin/ecom_llm/text/"
HOSTILE = "\"><script>alert('x')</script>"


@pytest.fixture(autouse=True)
def _catalog(db: None, memory_catalog: MakeCatalog) -> None:
    memory_catalog()


@pytest.fixture
def editor() -> User:
    user = User.objects.create_user("ed", password="ed", is_staff=True)
    user.user_permissions.set(
        Permission.objects.filter(codename__in=["view_text", "change_text", "view_generationjob"])
    )
    return user


@pytest.fixture
def browser(editor: User) -> Client:
    """Where the editor is signed in."""
    client = Client()
    client.force_login(editor)
    return client


def make(
    body: str = "A light jacket.", *, kind: Kind = Kind.DESCRIPTION, subject: str = "jacket-1", **draft: Any
) -> TextVersion:
    facts = {"jacket-1": {"name": "Harbour Rain Jacket", "Material": "recycled nylon", "Weight": "999 g"}}
    values = {"facts": facts, "cited": {"jacket-1": {"Material": "recycled nylon"}}} | draft
    return store(TextKey(kind, subject, "en-gb"), Draft(body=body, **values), product_id="jacket-1")


@pytest.fixture
def in_review(use_settings: Any) -> TextVersion:
    use_settings(PUBLISH={"POLICY": {"description": "review"}})
    finding = Finding("claim.unsure", Severity.WARN, "Is it light?", 2, 7)
    return make(findings=[finding])


def review(browser: Client, version: TextVersion) -> str:
    answer = browser.get(f"{LIST}{version.text_id}/change/")
    assert answer.status_code == 200
    return answer.content.decode()


def decide(browser: Client, version: TextVersion, decision: str, **fields: str) -> str:
    body = {"version": str(version.pk), "decision": decision, **fields}
    answer = browser.post(f"{LIST}{version.text_id}/decide/", body, follow=True)
    assert answer.status_code == 200
    version.refresh_from_db()
    return answer.content.decode()


def test_review_shows_facts_findings_and_what_has_changed(browser: Client, in_review: TextVersion) -> None:
    page = review(browser, in_review)
    assert "Harbour Rain Jacket" in page
    assert '<mark class="review-finding--warn" title="Is it light?">light</mark>' in page
    assert "claim.unsure" in page
    assert page.count("review-cited") == 1
    assert "now: 420 g" in page


def test_approve_publishes(browser: Client, in_review: TextVersion, editor: User) -> None:
    assert "shoppers see it now" in decide(browser, in_review, "approve")
    assert in_review.state == TextVersion.State.PUBLISHED
    assert in_review.decided_by == editor


def test_reject_keeps_the_reason(browser: Client, in_review: TextVersion) -> None:
    assert "Too dull." in decide(browser, in_review, "reject", reason="Too\0 dull.")
    assert in_review.state == TextVersion.State.REJECTED


def test_edit_publishes_a_human_version(browser: Client, in_review: TextVersion) -> None:
    decide(browser, in_review, "edit", body="My own words.")
    published = Text.objects.get().published
    assert published is not None
    assert (published.body, published.origin) == ("My own words.", "human")


def test_rollback_publishes_the_archived_version(browser: Client) -> None:
    first = make("First.")
    make("Second.")
    first.refresh_from_db()
    assert first.state == TextVersion.State.ARCHIVED
    decide(browser, first, "rollback")
    assert first.state == TextVersion.State.PUBLISHED


def test_older_version_can_be_looked_at(browser: Client) -> None:
    first = make("First.")
    make("Second.")
    page = browser.get(f"{LIST}{first.text_id}/change/?version={first.pk}").content.decode()
    assert '<blockquote class="review-body" lang="en-gb" dir="auto">First.</blockquote>' in page


def test_decision_that_came_too_late_is_told_not_raised(browser: Client, in_review: TextVersion) -> None:
    decide(browser, in_review, "approve")
    assert "Cannot approve a version that is published." in decide(browser, in_review, "approve")


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"version": "x"},
        {"version": "", "decision": "approve"},
        {"version": "x", "decision": "approve"},
        {"decision": "approve"},
        {"version": "{newest}", "decision": "delete"},
        {"version": "{newest}", "decision": "edit", "body": " "},
    ],
)
def test_wrong_form_changes_nothing(browser: Client, in_review: TextVersion, fields: dict[str, str]) -> None:
    body = {name: value.replace("{newest}", str(in_review.pk)) for name, value in fields.items()}
    answer = browser.post(f"{LIST}{in_review.text_id}/decide/", body, follow=True)
    assert answer.status_code == 200
    assert TextVersion.objects.get().state == TextVersion.State.IN_REVIEW


def test_viewer_sees_no_buttons_and_cannot_decide(browser: Client, editor: User, in_review: TextVersion) -> None:
    editor.user_permissions.remove(editor.user_permissions.get(codename="change_text"))
    assert 'name="decision"' not in review(browser, in_review)
    body = {"version": str(in_review.pk), "decision": "approve"}
    assert browser.post(f"{LIST}{in_review.text_id}/decide/", body).status_code == 403


def test_strangers_are_sent_to_sign_in(client: Client, in_review: TextVersion) -> None:
    assert client.get(f"{LIST}{in_review.text_id}/change/").status_code == 302
    answer = client.post(f"{LIST}{in_review.text_id}/decide/", {"decision": "approve"})
    assert "/admin/login/" in answer["Location"]


def test_decision_needs_a_csrf_token(editor: User, in_review: TextVersion) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(editor)
    body = {"version": str(in_review.pk), "decision": "approve"}
    assert client.post(f"{LIST}{in_review.text_id}/decide/", body).status_code == 403


def test_decision_by_link_is_refused(browser: Client, in_review: TextVersion) -> None:
    assert browser.get(f"{LIST}{in_review.text_id}/decide/?decision=approve").status_code == 405


@pytest.mark.parametrize("path", ["999/change/", "x/change/", "999/decide/"])
def test_unknown_text_leads_back_to_the_list(browser: Client, path: str) -> None:
    answer = browser.post(LIST + path) if "decide" in path else browser.get(LIST + path)
    assert (answer.status_code, answer["Location"]) == (302, LIST)


def test_markup_is_escaped_everywhere(browser: Client, memory_catalog: MakeCatalog) -> None:
    memory_catalog([MemoryProduct(id="jacket-1", name=HOSTILE, category=HOSTILE, attributes={HOSTILE: HOSTILE})])
    finding = Finding(HOSTILE, Severity.WARN, HOSTILE, 0, 5)
    facts = {"jacket-1": {"name": HOSTILE, HOSTILE: HOSTILE}}
    version = make(HOSTILE, findings=[finding], facts=facts, cited=facts)
    make(HOSTILE, kind=Kind.SEARCH_COPY, subject=HOSTILE)
    for page in (review(browser, version), browser.get(LIST).content.decode()):
        assert "<script>alert" not in page
        assert "&lt;script&gt;" in page


def test_list_survives_a_nul_in_its_search(browser: Client) -> None:
    assert browser.get(f"{LIST}?q=%00").status_code == 200


def test_text_of_a_product_that_is_gone_can_be_reviewed(browser: Client, memory_catalog: MakeCatalog) -> None:
    version = make()
    memory_catalog([])
    assert "no longer in the catalogue" in review(browser, version)


def test_list_names_products_pairs_and_searches(browser: Client, django_assert_max_num_queries: Any) -> None:
    make()
    make(kind=Kind.REASON, subject=ReasonSubject("jacket-1", "kettle-1", EvidenceKind.VIEWED_AFTER).key)
    make(kind=Kind.SEARCH_COPY, subject="rain jacket")
    make(kind=Kind.REASON, subject="not a pair")
    with django_assert_max_num_queries(8):
        page = browser.get(LIST).content.decode()
    assert "Harbour Rain Jacket → Morning Pour-over Kettle" in page
    assert "“rain jacket”" in page


@pytest.mark.parametrize("query", ["?newest=published", "?kind=description", "?q=light", "?q=harbour", "?q=jacket-1"])
def test_list_finds_what_is_looked_for(browser: Client, query: str) -> None:
    version = make()
    assert f"/text/{version.text_id}/change/" in browser.get(LIST + query).content.decode()


@pytest.mark.parametrize("query", ["?newest=rejected", "?kind=reason", "?q=nowhere", "?newest=<script>"])
def test_list_leaves_out_the_rest(browser: Client, query: str) -> None:
    version = make()
    answer = browser.get(LIST + query, follow=True)
    assert answer.status_code == 200
    assert f"/text/{version.text_id}/change/" not in answer.content.decode()


@pytest.mark.parametrize(("action", "state"), [("approve_newest", "published"), ("reject_newest", "rejected")])
def test_decision_on_many(browser: Client, in_review: TextVersion, action: str, state: str) -> None:
    body = {"action": action, "_selected_action": [str(in_review.text_id)]}
    assert "1 text." in browser.post(LIST, body, follow=True).content.decode()
    in_review.refresh_from_db()
    assert in_review.state == state


def test_decision_on_many_tells_what_could_not_be_done(browser: Client) -> None:
    version = make()
    body = {"action": "approve_newest", "_selected_action": [str(version.text_id)]}
    assert "Cannot approve" in browser.post(LIST, body, follow=True).content.decode()


def test_texts_are_neither_added_nor_deleted_by_hand(browser: Client) -> None:
    version = make()
    assert browser.get(f"{LIST}add/").status_code == 403
    assert browser.post(f"{LIST}{version.text_id}/delete/", {"post": "yes"}).status_code == 403
    assert GenerationJob.objects.count() == 0
