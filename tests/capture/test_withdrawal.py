"""Changing one's mind: what a lower level may not keep is asked to be forgotten, whoever says so."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import signing
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from ecom_llm.capture.consent import given_up, has_withdrawn, set_consent, withdraw_if_objected
from ecom_llm.capture.identity import SALT
from ecom_llm.capture.salts import daily_salt, forget_salt
from ecom_llm.capture.visitors import get_visitor, keep_visitor, renew_visitor
from ecom_llm.models import DailySalt, Erasure
from tests.capture.conftest import broken_database

pytestmark = pytest.mark.django_db

EVA = "p:" + "e" * 32


@pytest.fixture
def eva(rf: RequestFactory) -> RequestFactory:
    """Requests of a browser that has agreed to everything."""
    rf.cookies["ecom_llm_consent"] = "personal"
    rf.cookies["ecom_llm_visitor"] = signing.get_cookie_signer(salt=SALT).sign("e" * 32)
    return rf


def asked() -> set[str]:
    return set(Erasure.objects.values_list("visitor", flat=True))


def is_deleted(response: HttpResponse) -> bool:
    cookie = response.cookies.get("ecom_llm_visitor")
    return cookie is not None and cookie["max-age"] == 0


def yesterday() -> None:
    """Let a day pass."""
    today = timezone.localdate(timezone=timezone.get_default_timezone())
    DailySalt.objects.update(day=today - timedelta(days=1))
    forget_salt()


def test_personal_to_anonymous_gives_up_the_id(eva: RequestFactory) -> None:
    get_visitor(eva.get("/"))
    daily_salt()
    set_consent(eva.post("/"), HttpResponse(), "anonymous")
    assert asked() == {EVA}


def test_personal_to_none_also_gives_up_todays_and_yesterdays_hashes(eva: RequestFactory) -> None:
    eva.cookies["ecom_llm_consent"] = "anonymous"
    before = get_visitor(eva.get("/")).key
    yesterday()
    today = get_visitor(eva.get("/")).key
    assert before != today
    eva.cookies["ecom_llm_consent"] = "personal"
    set_consent(eva.post("/"), HttpResponse(), "none")
    assert asked() == {EVA, before, today}


def test_another_browsers_hash_is_not_given_up(rf: RequestFactory) -> None:
    other = get_visitor(rf.get("/", HTTP_USER_AGENT="Mozilla/5.0 other")).key
    assert other not in given_up(rf.post("/"), "none")
    assert len(given_up(rf.post("/"), "none")) == 1


def test_agreeing_or_refusing_again_gives_up_nothing(eva: RequestFactory, rf: RequestFactory) -> None:
    daily_salt()
    assert given_up(eva.post("/"), "personal") == set()
    del rf.cookies["ecom_llm_visitor"]
    rf.cookies["ecom_llm_consent"] = "none"
    assert given_up(rf.post("/"), "none") == set()


def test_agreeing_to_everything_in_a_browser_that_objects_gives_up_the_id(eva: RequestFactory) -> None:
    set_consent(eva.post("/", headers={"Sec-GPC": "1"}), HttpResponse(), "personal")
    assert asked() == {EVA}


@pytest.mark.parametrize("header", ["Sec-GPC", "DNT"])
def test_objection_is_honoured_as_a_withdrawal(eva: RequestFactory, header: str) -> None:
    response = HttpResponse()
    request = eva.get("/", headers={header: "1"})
    assert has_withdrawn(request)
    assert withdraw_if_objected(request, response)
    assert asked() == {EVA}
    assert is_deleted(response)
    assert "Sec-GPC" in response["Vary"]


def test_browser_that_objects_with_each_request_is_written_down_once(eva: RequestFactory) -> None:
    for _ in range(3):
        withdraw_if_objected(eva.get("/", headers={"Sec-GPC": "1"}), HttpResponse())
    assert Erasure.objects.count() == 1


def test_id_without_a_decision_for_it_is_withdrawn(eva: RequestFactory) -> None:
    eva.cookies["ecom_llm_consent"] = "none"
    assert withdraw_if_objected(eva.get("/"), HttpResponse())
    assert asked() == {EVA}


def test_who_agrees_keeps_the_id(eva: RequestFactory) -> None:
    response = HttpResponse()
    assert not withdraw_if_objected(eva.get("/"), response)
    assert not asked()
    assert not response.cookies


def test_browser_without_an_id_costs_no_query(rf: RequestFactory, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert not withdraw_if_objected(rf.get("/", headers={"Sec-GPC": "1"}), HttpResponse())


def test_forged_cookie_is_deleted_and_nobody_is_forgotten(eva: RequestFactory) -> None:
    eva.cookies["ecom_llm_visitor"] = "a" * 32 + ":1:forged"
    response = HttpResponse()
    assert withdraw_if_objected(eva.get("/", headers={"Sec-GPC": "1"}), response)
    assert is_deleted(response)
    assert not asked()


def test_decision_of_this_very_answer_is_left_alone(eva: RequestFactory) -> None:
    response = HttpResponse()
    request = eva.post("/", headers={"Sec-GPC": "1"})
    set_consent(request, response, "anonymous")
    assert not withdraw_if_objected(request, response)


@pytest.mark.django_db(transaction=True)
def test_withdrawal_that_cannot_be_written_down_keeps_the_cookie_as_a_reminder(eva: RequestFactory) -> None:
    decided, objected = HttpResponse(), HttpResponse()
    with broken_database():
        assert set_consent(eva.post("/"), decided, "anonymous") == "anonymous"
        assert not withdraw_if_objected(eva.get("/", headers={"Sec-GPC": "1"}), objected)
    assert decided.cookies["ecom_llm_consent"].value == "anonymous"
    assert not is_deleted(decided)
    assert not is_deleted(objected)
    # The next page does it.
    eva.cookies["ecom_llm_consent"] = "anonymous"
    assert withdraw_if_objected(eva.get("/"), HttpResponse())
    assert asked() == {EVA}


def test_browser_that_objects_never_gets_an_id(rf: RequestFactory) -> None:
    rf.cookies["ecom_llm_consent"] = "personal"
    request, response = rf.get("/", headers={"Sec-GPC": "1"}), HttpResponse()
    assert get_visitor(request).key.startswith("a:")
    keep_visitor(request, response)
    set_consent(request, response, "personal")
    assert not response.cookies["ecom_llm_visitor"].value


@pytest.mark.parametrize("name", ["SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE"])
def test_cookies_are_for_tls_only_where_the_shops_own_are(rf: RequestFactory, settings: Any, name: str) -> None:
    setattr(settings, name, True)
    response = HttpResponse()
    set_consent(rf.post("/"), response, "personal")
    for cookie in ("ecom_llm_visitor", "ecom_llm_consent"):
        morsel = response.cookies[cookie]
        assert (morsel["secure"], morsel["httponly"], morsel["samesite"], morsel["domain"]) == (True, True, "Lax", "")


def test_renewed_visitor_goes_into_the_cookie(
    eva: RequestFactory, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    request, response = eva.get("/"), HttpResponse()
    assert get_visitor(request).key == EVA
    renewed = renew_visitor(request)
    assert get_visitor(request) == renewed != EVA
    keep_visitor(request, response)
    assert response.cookies["ecom_llm_visitor"].value.startswith(renewed.key.removeprefix("p:"))
