from __future__ import annotations

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from rest_framework.request import Request

from ecom_llm.capture.consent import consent_of, has_decided, set_consent
from ecom_llm.capture.identity import read_visitor_id
from ecom_llm.entities import Consent
from tests.capture.conftest import Configure


def test_without_a_decision_the_default_holds(rf: RequestFactory, configure: Configure) -> None:
    assert consent_of(rf.get("/")) is Consent.ANONYMOUS
    configure(PRIVACY={"DEFAULT_CONSENT": "none"})
    assert consent_of(rf.get("/")) is Consent.NONE
    assert not has_decided(rf.get("/"))


@pytest.mark.parametrize("level", list(Consent))
def test_the_cookie_holds_the_decision(rf: RequestFactory, level: Consent) -> None:
    rf.cookies["ecom_llm_consent"] = level.value
    assert consent_of(rf.get("/")) is level
    assert has_decided(rf.get("/"))


def test_nonsense_in_the_cookie_is_no_decision(rf: RequestFactory) -> None:
    rf.cookies["ecom_llm_consent"] = "everything"
    assert consent_of(rf.get("/")) is Consent.ANONYMOUS
    assert not has_decided(rf.get("/"))


@pytest.mark.parametrize("header", ["sec-gpc", "dnt"])
@pytest.mark.parametrize(
    ("decided", "holds"), [("personal", "anonymous"), ("anonymous", "anonymous"), ("none", "none")]
)
def test_a_browser_that_objects_is_capped_at_anonymous(
    rf: RequestFactory, header: str, decided: str, holds: str
) -> None:
    rf.cookies["ecom_llm_consent"] = decided
    assert consent_of(rf.get("/", headers={header: "1"})) == holds
    assert consent_of(rf.get("/", headers={header: "0"})) == decided


def test_deciding_for_personal_sets_a_cookie_that_no_script_reads(rf: RequestFactory) -> None:
    response = HttpResponse()
    assert set_consent(rf.get("/", secure=True), response, "personal") is Consent.PERSONAL
    cookie = response.cookies["ecom_llm_visitor"]
    assert (cookie["httponly"], cookie["samesite"], cookie["secure"]) == (True, "Lax", True)
    assert cookie["max-age"] == 180 * 24 * 60 * 60
    assert response.cookies["ecom_llm_consent"].value == "personal"


def test_the_cookie_also_works_where_a_demo_has_no_tls(rf: RequestFactory) -> None:
    response = HttpResponse()
    set_consent(rf.get("/"), response, Consent.PERSONAL)
    assert not response.cookies["ecom_llm_visitor"]["secure"]


def test_deciding_again_keeps_the_id(rf: RequestFactory) -> None:
    first, second = HttpResponse(), HttpResponse()
    set_consent(rf.get("/"), first, "personal")
    rf.cookies["ecom_llm_visitor"] = first.cookies["ecom_llm_visitor"].value
    set_consent(rf.get("/"), second, "personal")
    rf.cookies["ecom_llm_visitor"] = second.cookies["ecom_llm_visitor"].value
    known = read_visitor_id(rf.get("/"))
    assert known
    assert first.cookies["ecom_llm_visitor"].value.startswith(known)


@pytest.mark.django_db
@pytest.mark.parametrize("level", ["none", "anonymous"])
def test_deciding_for_less_deletes_the_visitor_cookie(rf: RequestFactory, level: str) -> None:
    response = HttpResponse()
    set_consent(Request(rf.post("/")), response, level)
    assert response.cookies["ecom_llm_visitor"].value == ""
    assert response.cookies["ecom_llm_visitor"]["max-age"] == 0


def test_no_id_is_given_to_a_browser_that_objects(rf: RequestFactory) -> None:
    response = HttpResponse()
    assert set_consent(rf.post("/", HTTP_SEC_GPC="1"), response, "personal") is Consent.ANONYMOUS
    assert response.cookies["ecom_llm_visitor"].value == ""


def test_an_unknown_level_is_refused(rf: RequestFactory) -> None:
    with pytest.raises(ValueError, match="everything"):
        set_consent(rf.post("/"), HttpResponse(), "everything")
