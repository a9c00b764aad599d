"""A shopper says what they do not want recommended, and that nothing of theirs is to be used."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from ecom_llm.models import NotInterested
from tests.browser.conftest import OpenPage

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

AGREED = {"name": "ecom_llm_consent", "value": "anonymous"}


def agree(page: Page, shop: str) -> None:
    """Without the banner, which lies over the page's end."""
    page.context.add_cookies([{**AGREED, "url": shop}])  # type: ignore[typeddict-item]
    page.reload()


def open_why(page: Page, product_id: str) -> Locator:
    card = card_of(page, product_id)
    card.get_by_text("Why this?").click()
    return card


def card_of(page: Page, product_id: str) -> Locator:
    return page.locator(f'.card--rec[data-ecom-llm-impression="{product_id}"]')


def first_shown(page: Page) -> str:
    return str(page.locator(".card--rec").first.get_attribute("data-ecom-llm-impression"))


def test_product_is_hidden_and_taken_back_without_a_reload(open_page: OpenPage, shop: str) -> None:
    page = open_page("/")
    agree(page, shop)
    product_id = first_shown(page)
    page.evaluate("() => { window.isSamePage = true }")
    card = open_why(page, product_id)
    card.get_by_role("button", name="Not interested").click()
    expect(card.get_by_role("status")).to_have_text("We will not recommend it to you again.")
    expect(card).to_have_class(re.compile("ecom-llm-unwanted"))
    assert [row.product_id for row in NotInterested.objects.all()] == [product_id]
    card.get_by_role("button", name="Show it again").click()
    expect(card.get_by_role("status")).to_have_text("It may be recommended again.")
    assert not NotInterested.objects.exists()
    card.get_by_role("button", name="Not interested").click()
    expect(card.get_by_role("button", name="Show it again")).to_be_visible()
    assert page.evaluate("() => window.isSamePage")
    page.reload()
    expect(page.locator(".card--rec")).to_have_count(4)
    expect(card_of(page, product_id)).to_have_count(0)


def test_two_clicks_in_a_row_are_one(open_page: OpenPage, shop: str) -> None:
    page = open_page("/")
    agree(page, shop)
    card = open_why(page, first_shown(page))
    # Slow enough that the second comes while the first is under way.
    page.route("**/me/not-interested/**", lambda route: (time.sleep(0.5), route.continue_()))
    card.get_by_role("button", name="Not interested").dblclick()
    expect(card.get_by_role("button", name="Show it again")).to_be_visible()
    expect(card.get_by_role("status")).to_have_text("We will not recommend it to you again.")
    assert NotInterested.objects.count() == 1


def test_what_cannot_be_remembered_is_told_and_leaves_the_page_as_it_is(open_page: OpenPage, shop: str) -> None:
    page = open_page("/")
    agree(page, shop)
    card = open_why(page, first_shown(page))
    card.get_by_role("button", name="Not interested").click()
    expect(card.get_by_role("button", name="Show it again")).to_be_visible()
    page.route("**/me/not-interested/**", lambda route: route.abort("aborted"))
    card.get_by_role("button", name="Show it again").click()
    expect(card.get_by_role("status")).to_have_text("That could not be remembered. Please try again later.")
    expect(card.get_by_role("button", name="Show it again")).to_be_visible()
    assert NotInterested.objects.count() == 1
    page.unroute("**/me/not-interested/**")
    card.get_by_role("button", name="Show it again").click()
    expect(card.get_by_role("status")).to_have_text("It may be recommended again.")
    assert not NotInterested.objects.exists()


@pytest.mark.parametrize("options", [{}, {"java_script_enabled": False}], ids=["script", "no script"])
def test_what_was_looked_at_is_used_until_the_shopper_says_otherwise(
    open_page: OpenPage, shop: str, options: dict[str, Any]
) -> None:
    page = open_page("/", **options)
    agree(page, shop)
    viewed = first_shown(page)
    page.goto(f"/products/{viewed}/")
    page.goto("/")
    # What was just looked at is not recommended again, which is one use that is made of it.
    expect(card_of(page, viewed)).to_have_count(0)
    open_why(page, first_shown(page)).get_by_role("button", name="Do not use what I looked at").click()
    expect(card_of(page, viewed)).to_have_count(1)
    open_why(page, viewed).get_by_role("button", name="Use what I looked at", exact=True).click()
    expect(card_of(page, viewed)).to_have_count(0)


def test_product_is_hidden_without_a_script(open_page: OpenPage, shop: str) -> None:
    page = open_page("/", java_script_enabled=False)
    agree(page, shop)
    product_id = first_shown(page)
    open_why(page, product_id).get_by_role("button", name="Not interested").click()
    expect(page).to_have_url(re.compile(r"/$"))
    expect(card_of(page, product_id)).to_have_count(0)


@pytest.mark.parametrize("options", [{}, {"java_script_enabled": False}], ids=["script", "no script"])
def test_what_was_hidden_is_recommended_again_once_the_shopper_says_so(
    open_page: OpenPage, shop: str, options: dict[str, Any]
) -> None:
    page = open_page("/", **options)
    page.get_by_role("button", name="Personal picks").first.click()
    page.goto("/")
    product_id = first_shown(page)
    open_why(page, product_id).get_by_role("button", name="Not interested").click()
    page.goto("/")
    expect(card_of(page, product_id)).to_have_count(0)
    page.get_by_text("Privacy choices").click()
    page.get_by_role("button", name="Recommend again what I hid").click()
    expect(card_of(page, product_id)).to_have_count(1)
    expect(page).to_have_url(re.compile(r"/$"))
