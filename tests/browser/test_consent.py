"""What a visitor's decision does to cookies and events, with JavaScript and without."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from ecom_llm.models import Event
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
    choices.locator("summary").click()
    choices.get_by_role("button", name=choice).click()
    expect(choices.locator(f"button[value={level}]")).to_have_attribute("aria-current", "true")


def cookies(page: Page) -> dict[str, Any]:
    return {cookie["name"]: cookie for cookie in page.context.cookies()}


def visitors() -> set[str]:
    """Which sorts of visitor events were recorded of: `p:` with an id that lasts, `a:` with the day's hash."""
    return {visitor[:2] for visitor in Event.objects.values_list("visitor", flat=True)}


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


def test_browser_that_objects_gets_no_id_even_after_consent(open_page: OpenPage, undescribed: Product) -> None:
    page = open_page("/", extra_http_headers={"Sec-GPC": "1"})
    decide(page, "Personal picks")
    page.goto(undescribed.get_absolute_url())
    assert "ecom_llm_visitor" not in cookies(page)
    assert visitors() == {"a:"}
