"""What a visitor wants recommended, and from what: hidden products, and the switch to what is not personal."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client, RequestFactory
from django.utils import timezone

from ecom_llm.capture.beacon import make_token
from ecom_llm.capture.erased import hash_of
from ecom_llm.capture.visitors import get_visitor
from ecom_llm.models import Erasure, NotInterested
from ecom_llm.recommend.learning import learn
from tests.api.conftest import ROOT, browser_of
from tests.recommend.conftest import record

NOT_INTERESTED = f"{ROOT}me/not-interested/"
SHOW_AGAIN = f"{NOT_INTERESTED}again/"
CHOICE = f"{ROOT}me/recommendations/"
RECOMMENDATIONS = f"{ROOT}recommendations/"
EVA, ADAM = "e" * 32, "a" * 32
OWN = {"Origin": "http://testserver"}


def browser(visitor: str) -> Client:
    """A browser that has agreed to everything, on one of the shop's pages."""
    return browser_of(visitor, headers=OWN)


@pytest.fixture
def client() -> Client:
    """One that has decided nothing."""
    return Client(headers=OWN)


def post(client: Client, address: str, **body: Any) -> Any:
    return client.post(address, body, content_type="application/json")


def hidden(client: Client) -> list[str]:
    return client.get(NOT_INTERESTED).json()["product_ids"]


def shown(client: Client, **query: Any) -> list[str]:
    answer = client.get(RECOMMENDATIONS, {"limit": 24} | query).json()
    return [item["product_id"] for item in answer["recommendations"]]


def test_hidden_product_is_recommended_no_more_until_it_is_taken_back() -> None:
    learn()
    eva, adam = browser(EVA), browser(ADAM)
    assert "kettle-1" in shown(eva)
    assert post(eva, NOT_INTERESTED, product_id="kettle-1").status_code == 204
    assert "kettle-1" not in shown(eva)
    assert "kettle-1" in shown(adam)
    assert (hidden(eva), hidden(adam)) == (["kettle-1"], [])
    assert eva.delete(f"{NOT_INTERESTED}?product_id=kettle-1").status_code == 204
    assert hidden(eva) == []
    assert "kettle-1" in shown(eva)


def test_variant_stands_for_its_product() -> None:
    eva = browser(EVA)
    post(eva, NOT_INTERESTED, product_id="jacket-1-l")
    assert hidden(eva) == ["jacket-1"]


def test_all_are_taken_back_without_a_name() -> None:
    eva = browser(EVA)
    for product_id in ("kettle-1", "lamp-1"):
        post(eva, NOT_INTERESTED, product_id=product_id)
    assert eva.delete(NOT_INTERESTED).status_code == 204
    assert hidden(eva) == []


def test_form_takes_all_back_and_leads_back_to_its_page() -> None:
    eva = browser(EVA)
    for product_id in ("kettle-1", "lamp-1"):
        post(eva, NOT_INTERESTED, product_id=product_id)
    answer = eva.post(SHOW_AGAIN, {"next": "/cart/", "token": make_token()})
    assert (answer.status_code, answer["Location"]) == (303, "/cart/")
    assert hidden(eva) == []


def test_form_of_who_has_no_list_empties_none_and_leads_back(client: Client) -> None:
    post(client, NOT_INTERESTED, product_id="kettle-1")
    answer = client.post(SHOW_AGAIN, {"next": "/cart/", "token": make_token()})
    assert (answer.status_code, answer["Location"]) == (303, "/cart/")
    assert NotInterested.objects.count() == 1


def test_nobody_takes_back_what_another_hid() -> None:
    post(browser(EVA), NOT_INTERESTED, product_id="kettle-1")
    browser(ADAM).delete(NOT_INTERESTED)
    assert NotInterested.objects.count() == 1


def test_who_shares_an_anonymous_key_is_told_nothing_and_empties_nothing(client: Client) -> None:
    learn()
    assert post(client, NOT_INTERESTED, product_id="kettle-1").status_code == 204
    assert "kettle-1" not in shown(client)
    assert hidden(client) == []
    answer = client.delete(NOT_INTERESTED)
    assert answer.status_code == 403
    assert answer.json()["detail"].startswith("Name a product.")
    assert NotInterested.objects.count() == 1
    assert client.delete(f"{NOT_INTERESTED}?product_id=kettle-1").status_code == 204
    assert "kettle-1" in shown(client)


def test_form_leads_back_to_its_page() -> None:
    eva = browser(EVA)
    answer = eva.post(NOT_INTERESTED, {"product_id": "kettle-1", "next": "/products/?a=1"})
    assert (answer.status_code, answer["Location"]) == (303, "/products/?a=1")
    assert "kettle-1" not in shown(eva)


@pytest.mark.parametrize("address", [NOT_INTERESTED, SHOW_AGAIN, CHOICE])
def test_form_never_leads_to_another_site(address: str) -> None:
    answer = browser(EVA).post(
        address, {"product_id": "kettle-1", "personal": "false", "token": make_token(), "next": "https://evil.example/"}
    )
    assert (answer.status_code, answer["Location"]) == (303, "/")


def test_visitor_who_agreed_to_nothing_is_told_why_it_cannot_be_kept(client: Client) -> None:
    client.cookies["ecom_llm_consent"] = "none"
    answer = post(client, NOT_INTERESTED, product_id="kettle-1")
    assert answer.status_code == 403
    assert "agreed to nothing" in answer.json()["detail"]
    assert client.delete(f"{NOT_INTERESTED}?product_id=kettle-1").status_code == 204
    assert not NotInterested.objects.exists()
    # A form leads back to its page all the same, not to an answer for programs.
    answer = client.post(NOT_INTERESTED, {"product_id": "kettle-1", "next": "/cart/"})
    assert (answer.status_code, answer["Location"]) == (303, "/cart/")


@pytest.mark.parametrize("product_id", ["gone", "hidden-1", "x" * 101, "a\0b", "", None])
def test_product_that_is_none_is_refused(product_id: str | None) -> None:
    assert post(browser(EVA), NOT_INTERESTED, product_id=product_id).status_code in {400, 404}


@pytest.mark.parametrize("product_id", ["gone", "x" * 300, "a%00b", "%ED%A0%80"])
def test_taking_back_what_was_not_hidden_changes_nothing(product_id: str) -> None:
    eva = browser(EVA)
    post(eva, NOT_INTERESTED, product_id="kettle-1")
    assert eva.delete(f"{NOT_INTERESTED}?product_id={product_id}").status_code == 204
    assert hidden(eva) == ["kettle-1"]


@pytest.mark.parametrize("body", [{}, {"personal": "perhaps"}, {"personal": None}, {"personal": []}])
def test_choice_that_is_none_is_refused(client: Client, body: dict[str, Any]) -> None:
    assert post(client, CHOICE, **body).status_code == 400
    assert client.post(CHOICE, {"next": "/"}).status_code == 400


def test_switch_turns_off_what_rests_on_the_visit_and_on_again() -> None:
    for number in range(5):
        for minute, product_id in enumerate(("jacket-2", "lamp-1")):
            record(f"p:{number}", product_id, timezone.now() - timedelta(hours=2, minutes=-minute))
    learn()
    eva = browser(EVA)
    record(f"p:{EVA}", "jacket-2", timezone.now() - timedelta(minutes=1))

    def first() -> dict[str, Any]:
        answer = eva.get(RECOMMENDATIONS).json()
        return {"personal": answer["personal"], "evidence": answer["recommendations"][0]["evidence"]["kind"]}

    assert first() == {"personal": True, "evidence": "viewed_after"}
    assert "jacket-2" not in shown(eva)
    assert post(eva, CHOICE, personal=False).json() == {"personal": False}
    assert eva.get(CHOICE).json() == {"personal": False}
    assert first() == {"personal": False, "evidence": "popular"}
    # What was looked at is a product like any other again.
    assert "jacket-2" in shown(eva)
    assert post(eva, CHOICE, personal=True).json() == {"personal": True}
    assert first() == {"personal": True, "evidence": "viewed_after"}


def test_client_without_cookies_asks_for_it_each_time() -> None:
    eva = browser(EVA)
    record(f"p:{EVA}", "kettle-1", timezone.now())
    learn()
    assert "kettle-1" not in shown(eva)
    answer = eva.get(RECOMMENDATIONS, {"personal": "false", "limit": 24}).json()
    assert answer["personal"] is False
    assert "kettle-1" in [item["product_id"] for item in answer["recommendations"]]


def test_what_is_hidden_stays_hidden_when_nothing_personal_is_used() -> None:
    learn()
    eva = browser(EVA)
    post(eva, NOT_INTERESTED, product_id="kettle-1")
    post(eva, CHOICE, personal=False)
    assert "kettle-1" not in shown(eva)


@pytest.mark.parametrize("level", ["none", "anonymous"])
def test_switch_needs_no_consent_and_holds_no_id(client: Client, level: str) -> None:
    client.cookies["ecom_llm_consent"] = level
    post(client, CHOICE, personal=False)
    assert client.cookies["ecom_llm_recommendations"].value == "general"
    post(client, CHOICE, personal=True)
    assert client.cookies["ecom_llm_recommendations"].value == ""


@pytest.mark.parametrize("address", [NOT_INTERESTED, CHOICE])
@pytest.mark.parametrize(
    "headers", [{}, {"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}]
)
def test_other_sites_change_nothing(address: str, headers: dict[str, str]) -> None:
    eva = browser_of(EVA, headers=headers)
    token = make_token() if headers else "forged"
    body = {"product_id": "kettle-1", "token": token}
    assert post(eva, address, **body, personal=False).status_code == 403
    assert eva.post(address, {**body, "personal": "false"}).status_code == 403
    assert eva.delete(f"{NOT_INTERESTED}?product_id=kettle-1").status_code == 403
    assert not NotInterested.objects.exists()
    assert "ecom_llm_recommendations" not in eva.cookies


def test_other_sites_take_nothing_back() -> None:
    post(browser(EVA), NOT_INTERESTED, product_id="kettle-1")
    eva = browser_of(EVA, headers={"Origin": "https://evil.example"})
    assert eva.post(SHOW_AGAIN, {"token": make_token()}).status_code == 403
    assert NotInterested.objects.count() == 1


def test_pages_token_stands_in_for_a_header_that_the_browser_does_not_send() -> None:
    eva = browser_of(EVA)
    assert eva.post(NOT_INTERESTED, {"product_id": "kettle-1", "token": make_token()}).status_code == 303
    assert hidden(eva) == ["kettle-1"]


def test_key_that_was_forgotten_hours_ago_may_hide_again(client: Client) -> None:
    key = get_visitor(RequestFactory().get("/")).key
    Erasure.objects.create(
        visitor_hash=hash_of(key), asked_at=timezone.now() - timedelta(hours=3),
        done_at=timezone.now() - timedelta(hours=3),
    )  # fmt: skip
    assert post(client, NOT_INTERESTED, product_id="kettle-1").status_code == 204


def test_nothing_of_the_visitors_can_be_used_at_none(client: Client) -> None:
    client.cookies["ecom_llm_consent"] = "none"
    assert client.get(RECOMMENDATIONS).json()["personal"] is False
