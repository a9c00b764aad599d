from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from ecom_llm.capture.consent import consent_of
from ecom_llm.entities import Consent
from tests.api.conftest import ROOT

CONSENT = f"{ROOT}me/consent/"


def decided(client: Client) -> str:
    return client.cookies["ecom_llm_consent"].value


@pytest.mark.parametrize("level", list(Consent))
def test_script_decides_in_json(client: Client, level: Consent) -> None:
    answer = client.post(CONSENT, {"level": level}, content_type="application/json")
    assert (answer.status_code, answer.json()) == (200, {"level": level})
    assert decided(client) == level


def test_form_leads_back_to_its_page(client: Client) -> None:
    answer = client.post(CONSENT, {"level": "none", "next": "/products/?a=1"})
    assert (answer.status_code, answer["Location"]) == (303, "/products/?a=1")
    assert decided(client) == "none"
    assert answer["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "\\\\evil.example", "http:///evil", ""]
)
def test_form_never_leads_to_another_site(client: Client, target: str) -> None:
    answer = client.post(CONSENT, {"level": "none", "next": target})
    assert (answer.status_code, answer["Location"]) == (303, "/")


def test_browser_that_objects_is_told_what_holds(client: Client) -> None:
    answer = client.post(CONSENT, {"level": "personal"}, content_type="application/json", headers={"Sec-GPC": "1"})
    assert answer.json() == {"level": "anonymous"}
    assert not client.cookies.get("ecom_llm_visitor") or not client.cookies["ecom_llm_visitor"].value


@pytest.mark.parametrize("body", [{}, {"level": ""}, {"level": "all"}, {"level": ["none"]}, {"level": "none\0"}])
def test_unknown_level_is_400(client: Client, body: dict[str, Any]) -> None:
    assert client.post(CONSENT, body, content_type="application/json").status_code == 400


def test_decision_without_csrf_token_is_refused() -> None:
    client = Client(enforce_csrf_checks=True)
    assert client.post(CONSENT, {"level": "personal"}).status_code == 403
    assert client.post(CONSENT, {"level": "personal"}, content_type="application/json").status_code == 403
    assert "ecom_llm_consent" not in client.cookies


@pytest.mark.parametrize("is_json", [True, False])
def test_decision_with_csrf_token_is_taken(is_json: bool) -> None:
    client = Client(enforce_csrf_checks=True)
    token = "a" * 32
    client.cookies["csrftoken"] = token
    if is_json:
        headers = {"X-CSRFToken": token}
        answer = client.post(CONSENT, {"level": "personal"}, content_type="application/json", headers=headers)
    else:
        answer = client.post(CONSENT, {"level": "personal", "csrfmiddlewaretoken": token})
    assert answer.status_code in {200, 303}
    assert decided(client) == "personal"


def test_decision_holds_for_the_next_request(client: Client, rf: Any) -> None:
    client.post(CONSENT, {"level": "none"})
    request = rf.get("/")
    request.COOKIES = {name: morsel.value for name, morsel in client.cookies.items()}
    assert consent_of(request) is Consent.NONE


def test_half_a_character_is_refused_in_words(client: Client) -> None:
    answer = client.post(CONSENT, '{"level": "\\ud800"}', content_type="application/json")
    assert answer.status_code == 400
    assert answer.json()["level"] == ['"\ud800" is not a valid choice.']
