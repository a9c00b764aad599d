"""Pages are whole at two widths and can be used from the keyboard alone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from shop_demo.models import Product
from tests.browser.conftest import OpenPage

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

WIDE: ViewportSize = {"width": 1280, "height": 900}
NARROW: ViewportSize = {"width": 390, "height": 800}
PAGES = ("/", "/departments/tents/", "/search/?q=kettle", "/search/?q=zzz", "/cart/")
MOST_TAB_STOPS = 200

OVERFLOW = """() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  return [...document.body.querySelectorAll("*")]
    .filter((element) => element.getBoundingClientRect().right > width + 1)
    .map((element) => `${element.tagName}.${element.className}`);
}"""
UNDRAWN = (
    """() => [...document.images].filter((image) => image.complete && !image.naturalWidth).map((image) => image.src)"""
)
FOCUS_IS_IN_BANNER = "() => document.activeElement.closest('[data-ecom-llm-banner]') !== null"


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["1280", "390"])
def test_pages_are_whole(open_page: OpenPage, undescribed: Product, viewport: ViewportSize) -> None:
    page = open_page("/", viewport=viewport)
    for path in (*PAGES, undescribed.get_absolute_url()):
        page.goto(path, wait_until="load")
        expect(page.get_by_role("heading", level=1)).to_have_count(1)
        assert page.evaluate(OVERFLOW) == [], path
        assert page.evaluate(UNDRAWN) == [], path
    page.get_by_role("button", name="Add to basket").click()
    expect(page.get_by_role("link", name="To the checkout")).to_be_visible()
    assert page.evaluate(OVERFLOW) == [], "a filled basket"
    page.get_by_role("link", name="To the checkout").click()
    expect(page.get_by_role("button", name="Place the order")).to_be_visible()
    assert page.evaluate(OVERFLOW) == [], "the checkout"


def test_skip_link_comes_first_and_leads_to_the_content(open_page: OpenPage) -> None:
    page = open_page("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the main content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_banner_is_answered_from_the_keyboard(open_page: OpenPage) -> None:
    page = open_page("/cart/")
    tab_to_banner(page)
    expect(page.get_by_role("button", name="Personal picks").last).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.locator("[data-ecom-llm-banner] button[value=none]")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("[data-ecom-llm-banner]")).to_have_count(0)
    consent = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}
    assert consent["ecom_llm_consent"] == "none"


def tab_to_banner(page: Page) -> None:
    for _ in range(MOST_TAB_STOPS):
        page.keyboard.press("Tab")
        if page.evaluate(FOCUS_IS_IN_BANNER):
            return
    pytest.fail(f"The banner was not reached in {MOST_TAB_STOPS} tab stops.")
