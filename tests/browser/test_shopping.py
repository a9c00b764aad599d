"""A shopper's visit: from the front door to the thank-you page, with text that arrives on the way."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from ecom_llm.models import Event
from shop_demo.models import Order, Product
from tests.browser.conftest import MODELS_WORDS, PATIENCE_MS, OpenPage

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

MARK_PAGE = "() => { window.isSamePage = true }"
IS_SAME_PAGE = "() => window.isSamePage === true"
ADDRESS = {
    "Full name": "Ada Brandt", "E-mail": "ada@example.com", "Street and number": "Kai 3", "Postcode": "20457",
    "City": "Hamburg", "Country": "Germany",
}  # fmt: skip


def text_of(page: Page, kind: str) -> Locator:
    return page.locator(f"main [data-ecom-llm-kind={kind}]").first


def see_text_arrive(page: Page, shown: Locator, run_worker: Callable[[], None]) -> None:
    """The plain words stand there; the worker runs; the model's take their place on the same page."""
    expect(shown).to_have_attribute("data-ecom-llm-origin", "plain")
    expect(shown).not_to_have_text(MODELS_WORDS)
    page.evaluate(MARK_PAGE)
    run_worker()
    expect(shown).to_have_text(MODELS_WORDS)
    expect(shown).to_have_attribute("data-ecom-llm-origin", "model")
    assert page.evaluate(IS_SAME_PAGE)


def test_shopper_looks_reads_fresh_text_and_buys(
    open_page: OpenPage, undescribed: Product, run_worker: Callable[[], None]
) -> None:
    page = open_page("/")
    departments = page.get_by_role("navigation", name="Departments")
    departments.get_by_role("link", name=undescribed.category.name).click()
    page.locator("main").get_by_role("link", name=undescribed.name, exact=True).first.click()
    expect(page).to_have_url(re.compile(re.escape(undescribed.get_absolute_url())))
    description = text_of(page, "description")
    expect(description).to_contain_text(undescribed.name)
    see_text_arrive(page, description, run_worker)

    page.get_by_role("button", name="Add to basket").click()
    expect(page.locator("main")).to_contain_text(undescribed.name)
    page.get_by_role("link", name="To the checkout").click()
    for label, value in ADDRESS.items():
        page.get_by_label(label).fill(value)
    page.get_by_role("button", name="Place the order").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Thank you")
    order = Order.objects.get()
    expect(page.locator("main")).to_contain_text(order.reference)
    seen = set(Event.objects.values_list("kind", "product_id"))
    assert {(kind, undescribed.sku) for kind in ("view_item", "add_to_cart", "purchase")} <= seen


def test_reasons_arrive_beside_a_product(
    open_page: OpenPage, undescribed: Product, run_worker: Callable[[], None]
) -> None:
    page = open_page(undescribed.get_absolute_url())
    reason = page.locator("[data-ecom-llm-kind=reason][data-ecom-llm-pending]").first
    expect(reason).to_be_attached()
    page.evaluate(MARK_PAGE)
    run_worker()
    expect(page.locator("[data-ecom-llm-pending]")).to_have_count(0)
    expect(page.locator("[data-ecom-llm-kind=reason][data-ecom-llm-origin=model]").first).to_have_text(MODELS_WORDS)
    assert page.evaluate(IS_SAME_PAGE)


def test_search_copy_arrives_above_the_results(open_page: OpenPage, run_worker: Callable[[], None]) -> None:
    page = open_page("/")
    page.get_by_label("Search the shop").fill("kettle")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("kettle")
    expect(page.locator("main .card").first).to_contain_text(re.compile("kettle", re.IGNORECASE))
    see_text_arrive(page, text_of(page, "search_copy"), run_worker)
    assert Event.objects.filter(kind="search", query="kettle").exists()


def test_hostile_search_runs_nothing_in_the_page(open_page: OpenPage) -> None:
    page = open_page("/")
    page.get_by_label("Search the shop").fill("<img src=x onerror=window.isHurt=1> kettle")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("<img src=x onerror=")
    assert page.evaluate("() => window.isHurt === undefined")


def test_time_on_a_product_page_reaches_the_shop(open_page: OpenPage, undescribed: Product) -> None:
    page = open_page(undescribed.get_absolute_url())
    page.wait_for_timeout(1100)
    with page.expect_request("**/events/"):
        page.goto("/cart/")
    event = wait_for_dwell(page)
    assert event.product_id == undescribed.sku
    assert 1000 <= (event.engagement_ms or 0) <= 1_800_000


def wait_for_dwell(page: Page) -> Event:
    """A beacon's answer is told to nobody, so look for what it leaves behind."""
    for _ in range(PATIENCE_MS // 100):
        event = Event.objects.filter(kind="user_engagement").first()
        if event is not None:
            return event
        page.wait_for_timeout(100)
    pytest.fail("No time on the page was recorded.")
