"""What a visitor's decision does to cookies and events, with JavaScript and without."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.signals import request_started
from playwright.sync_api import Page, expect

from ecom_llm.models import BrokenEvent, Erasure, Event, VisitorAccount
from ecom_llm.privacy.erasing import resume
from shop_demo.models import Product
from tests.browser.conftest import OpenPage

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

with_and_without_script = pytest.mark.parametrize("has_script", [True, False], ids=["script", "no script"])


def decide(page: Page, choice: str) -> None:
    banner = page.locator("[data-ecom-llm-banner]")
    banner.get_by_role("button", name=choice).click()
    expect(banner).to_have_count(0)


def change_mind(page: Page, choice: str, level: str) -> None:
    """Decide anew in the footer, and wait until it holds."""
    choices = page.locator("[data-ecom-llm-consent-settings]")
    choices.locator("summary").first.click()
    choices.get_by_role("button", name=choice).click()
    expect(choices.locator(f"button[value={level}]")).to_have_attribute("aria-current", "true")


def cookies(page: Page) -> dict[str, Any]:
    return {cookie["name"]: cookie for cookie in page.context.cookies()}


def visitors(**which: str) -> set[str]:
    """Which sorts of visitor events were recorded of: `p:` with an id that lasts, `a:` with the day's hash."""
    return {visitor[:2] for visitor in Event.objects.filter(**which).values_list("visitor", flat=True)}


@with_and_without_script
def test_refusal_leaves_no_cookie_with_an_id_and_no_event(
    open_page: OpenPage, undescribed: Product, has_script: bool
) -> None:
    page = open_page("/", java_script_enabled=has_script)
    decide(page, "Keep nothing")
    page.goto(undescribed.get_absolute_url())
    page.get_by_role("button", name="Add to basket").click()
    expect(page.locator("main")).to_contain_text("Your basket")
    assert cookies(page)["ecom_llm_consent"]["value"] == "none"
    assert "ecom_llm_visitor" not in cookies(page)
    assert not Event.objects.exists()


@with_and_without_script
def test_consent_gives_a_lasting_id_that_no_script_can_read(
    open_page: OpenPage, undescribed: Product, has_script: bool
) -> None:
    page = open_page("/", java_script_enabled=has_script)
    decide(page, "Personal picks")
    visitor = cookies(page)["ecom_llm_visitor"]
    assert (visitor["httpOnly"], visitor["sameSite"]) == (True, "Lax")
    page.goto(undescribed.get_absolute_url())
    page.goto("/search/?q=kettle")
    assert cookies(page)["ecom_llm_visitor"]["value"] == visitor["value"]
    assert set(Event.objects.values_list("kind", flat=True)) >= {"view_item", "search"}
    assert visitors() == {"p:"}
    assert Event.objects.values("visitor").distinct().count() == 1


@with_and_without_script
def test_withdrawn_consent_takes_the_id_away(open_page: OpenPage, undescribed: Product, has_script: bool) -> None:
    page = open_page("/", java_script_enabled=has_script)
    decide(page, "Personal picks")
    change_mind(page, "Keep nothing", "none")
    assert "ecom_llm_visitor" not in cookies(page)
    page.goto(undescribed.get_absolute_url())
    assert not Event.objects.exists()
    assert "ecom_llm_visitor" not in cookies(page)


def test_visitor_who_has_not_decided_is_counted_without_an_id(open_page: OpenPage, undescribed: Product) -> None:
    page = open_page(undescribed.get_absolute_url())
    expect(page.locator("[data-ecom-llm-banner]")).to_be_visible()
    assert "ecom_llm_visitor" not in cookies(page)
    assert visitors() == {"a:"}


def test_browser_that_objects_is_not_asked_for_more_and_gets_no_id(open_page: OpenPage, undescribed: Product) -> None:
    page = open_page("/", extra_http_headers={"Sec-GPC": "1"})
    banner = page.locator("[data-ecom-llm-banner]")
    expect(banner).to_contain_text("Your browser asks us not to follow you. We keep to that.")
    expect(page.locator("button[value=personal]")).to_have_count(0)
    decide(page, "Anonymous counts only")
    page.goto(undescribed.get_absolute_url())
    assert "ecom_llm_visitor" not in cookies(page)
    assert visitors() == {"a:"}


def test_objection_holds_against_an_earlier_consent(open_page: OpenPage, undescribed: Product) -> None:
    page = open_page("/")
    decide(page, "Personal picks")
    page.set_extra_http_headers({"Sec-GPC": "1"})
    page.goto(undescribed.get_absolute_url())
    choices = page.locator("[data-ecom-llm-consent-settings]")
    expect(choices.locator("button[value=anonymous]")).to_have_attribute("aria-current", "true")
    assert visitors(kind="view_item") == {"a:"}


def test_visitor_takes_their_data_along(open_page: OpenPage, undescribed: Product) -> None:
    page = open_page("/")
    decide(page, "Personal picks")
    page.goto(undescribed.get_absolute_url())
    page.locator("[data-ecom-llm-consent-settings] > summary").click()
    with page.expect_download() as started:
        page.get_by_role("link", name="Download my data").click()
    data = json.loads(started.value.path().read_text())
    assert undescribed.sku in {event["product_id"] for event in data["events"]}


@with_and_without_script
def test_visitor_deletes_their_data(open_page: OpenPage, undescribed: Product, has_script: bool) -> None:
    page = open_page("/", java_script_enabled=has_script)
    decide(page, "Personal picks")
    page.goto(undescribed.get_absolute_url())
    former = cookies(page)["ecom_llm_visitor"]["value"]
    assert visitors() == {"p:"}
    page.locator("[data-ecom-llm-consent-settings] > summary").click()
    page.get_by_text("Delete my data", exact=True).click()
    with page.expect_response("**/me/**"):
        page.get_by_role("button", name="Delete it now").click()
    if has_script:
        expect(page.get_by_role("status").filter(has_text="Your data is deleted.")).to_be_visible()
    else:
        expect(page.get_by_role("heading", level=1)).to_have_text(undescribed.name)
    assert cookies(page).get("ecom_llm_visitor", {}).get("value") != former
    assert not Event.objects.filter(visitor__contains=former.split(":")[0]).exists()


# Of these, the first remembers the decision and the second is Django's against forged requests; neither is looked up.
WITHOUT_AN_ID = {"ecom_llm_consent", "csrftoken"}


def look_around(page: Page, product: Product) -> None:
    """What a shopper does who sees cards for a second, follows one, dwells, searches and fills a basket."""
    page.goto("/")
    page.locator("[data-ecom-llm-impression]").first.scroll_into_view_if_needed()
    page.wait_for_timeout(1_200)
    page.locator("[data-ecom-llm-impression] a").first.click()
    page.goto(product.get_absolute_url())
    page.wait_for_timeout(1_200)
    page.goto("/search/?q=kettle")


@contextmanager
def objecting() -> Iterator[None]:
    """Have the browser's every request object; Playwright's extra headers miss what a left page sends."""

    def object_(environ: dict[str, Any], **_: Any) -> None:
        environ["HTTP_SEC_GPC"] = "1"

    request_started.connect(object_)
    yield
    request_started.disconnect(object_)


def rows_with_an_id() -> list[str]:
    """Rows of any table that name a visitor; what a withdrawal itself leaves, until its time is over, is a hash."""
    models = (Event, BrokenEvent, VisitorAccount, Erasure)
    return [visitor for model in models for visitor in model.objects.values_list("visitor", flat=True) if visitor]


@with_and_without_script
def test_refused_leaves_no_cookie_and_no_row_with_an_id(
    open_page: OpenPage, undescribed: Product, has_script: bool
) -> None:
    page = open_page("/", java_script_enabled=has_script)
    decide(page, "Keep nothing")
    # What was counted before the decision has gone with it.
    assert rows_with_an_id() == []
    look_around(page, undescribed)
    page.goto("/")
    assert set(cookies(page)) <= WITHOUT_AN_ID
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0
    assert rows_with_an_id() == []
    assert not Event.objects.exists()


@with_and_without_script
@pytest.mark.parametrize("lower", [("Keep nothing", "none"), ("Anonymous counts only", "anonymous")])
def test_given_then_withdrawn_leaves_none(
    open_page: OpenPage, undescribed: Product, has_script: bool, lower: tuple[str, str]
) -> None:
    page = open_page("/", java_script_enabled=has_script)
    decide(page, "Personal picks")
    look_around(page, undescribed)
    # A second tab is open meanwhile, and tells what it saw when it is left.
    tab = page.context.new_page()
    tab.goto(undescribed.get_absolute_url())
    tab.wait_for_timeout(1_200)
    assert "p:" in visitors()
    change_mind(page, *lower)
    tab.goto("/")
    tab.close()
    page.goto("/")
    page.go_back()
    page.goto("/")
    assert set(cookies(page)) <= WITHOUT_AN_ID
    assert not [visitor for visitor in rows_with_an_id() if visitor.startswith("p:")]
    assert lower[1] == "anonymous" or not Event.objects.exists()


@with_and_without_script
def test_global_privacy_control_is_honoured(open_page: OpenPage, undescribed: Product, has_script: bool) -> None:
    page = open_page("/", java_script_enabled=has_script)
    decide(page, "Personal picks")
    look_around(page, undescribed)
    assert "p:" in visitors()
    with objecting():
        page.goto("/")
        # At once; an idle worker then deletes what is left.
        assert set(cookies(page)) <= WITHOUT_AN_ID
        look_around(page, undescribed)
        resume()
        assert set(cookies(page)) <= WITHOUT_AN_ID
    assert {visitor[:2] for visitor in rows_with_an_id()} == {"a:"}
