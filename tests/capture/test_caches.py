"""A cache in front of the shop, or around one of its views, hands nobody another visitor's page or id."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.template.response import TemplateResponse
from django.test import Client
from django.urls import include, path
from django.views.decorators.cache import cache_page
from pytest_django import Settings

from ecom_llm.capture.identity import SALT
from ecom_llm.channels import product_page
from ecom_llm.recommend.current_visit import CurrentVisit
from tests.capture.test_erased_visitors import EVA
from tests.pairs import make_pairs

pytestmark = pytest.mark.django_db

CAPTURE = "ecom_llm.capture.middleware.CaptureMiddleware"
IN_FRONT = [
    "django.middleware.cache.UpdateCacheMiddleware",
    CAPTURE,
    "django.middleware.cache.FetchFromCacheMiddleware",
]
PICKS = "{% load ecom_llm %}{% recommendations as recs %}{% for rec in recs %}{{ rec.product_id }} {% endfor %}"
BANNER = "{% load ecom_llm %}{% consent_banner %}"

made: list[str] = []


def page(request: HttpRequest, template: str = PICKS) -> HttpResponse:
    made.append(request.path)
    return HttpResponse(engines["django"].from_string(template).render({}, request))


def late_page(request: HttpRequest) -> TemplateResponse:
    made.append(request.path)
    return TemplateResponse(request, engines["django"].from_string(PICKS))


urlpatterns = [
    path("picks/", page),
    path("kept-picks/", cache_page(60)(page)),
    path("late-picks/", cache_page(60)(late_page)),
    path("banner/", page, {"template": BANNER}),
    path("ecom-llm/", include("ecom_llm.urls")),
]


@pytest.fixture(autouse=True)
def _cached_shop(settings: Settings) -> None:
    settings.ROOT_URLCONF = __name__
    settings.MIDDLEWARE = IN_FRONT
    made.clear()
    make_pairs("lantern", "kettle")


@pytest.fixture
def eva(client: Client) -> Client:
    client.cookies["ecom_llm_consent"] = "personal"
    client.cookies["ecom_llm_visitor"] = signing.get_cookie_signer(salt=SALT).sign(EVA.removeprefix("p:"))
    return client


@pytest.mark.parametrize(
    ("address", "middleware"),
    [("/picks/", IN_FRONT), ("/kept-picks/", [CAPTURE]), ("/late-picks/", [CAPTURE])],
    ids=["in front", "around a view", "around a view that is rendered later"],
)
def test_picks_that_rest_on_a_visitors_own_past_are_nobody_elses(
    eva: Client, settings: Settings, address: str, middleware: list[str]
) -> None:
    settings.MIDDLEWARE = middleware
    answer = eva.get(address)
    assert answer["Cache-Control"] == "private"
    assert "Cookie" in answer["Vary"]
    Client().get(address)
    assert len(made) == 2


@pytest.mark.parametrize("address", ["/picks/", "/kept-picks/"])
def test_picks_that_rest_on_what_was_just_viewed_are_nobody_elses(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(product_page, "read_visit", lambda visitor, **_: CurrentVisit(viewed=("lantern",)))
    answer = Client().get(address)
    assert answer["Cache-Control"] == "private"
    assert b"kettle" in answer.content
    monkeypatch.undo()
    assert "private" not in Client().get(address).headers.get("Cache-Control", "")
    assert len(made) == 2


@pytest.mark.parametrize("address", ["/picks/", "/kept-picks/"])
def test_picks_for_everyone_may_be_kept(address: str) -> None:
    for _ in range(2):
        assert "private" not in Client().get(address).headers.get("Cache-Control", "")
    assert len(made) == 1


def test_new_id_is_given_to_one_browser_only() -> None:
    ids = []
    for _ in range(2):
        # As after a deletion: the decision is still there, and no other cookie tells one browser from another.
        browser: Any = Client()
        browser.cookies["ecom_llm_consent"] = "personal"
        answer = browser.get("/picks/")
        assert answer["Cache-Control"] == "private"
        ids.append(browser.cookies["ecom_llm_visitor"].value)
    assert len(set(ids)) == 2


def test_browser_that_was_not_asked_yet_is_asked_whoever_came_before() -> None:
    decided = Client()
    decided.cookies["ecom_llm_consent"] = "none"
    assert b"data-ecom-llm-banner" not in decided.get("/banner/").content
    assert b"data-ecom-llm-banner" in Client().get("/banner/").content
    objecting = Client().get("/banner/", headers={"Sec-GPC": "1"})
    assert b'value="personal"' not in objecting.content
