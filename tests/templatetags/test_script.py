"""The page script in a real browser: fresh text, what was seen and chosen, the banner."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from ecom_llm.catalog.adapters.memory import MemoryProduct
from ecom_llm.entities import Kind, TextKey
from ecom_llm.models import Event
from ecom_llm.publish.drafts import Draft, store
from tests.conftest import MakeCatalog
from tests.products import BROWSER

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
    # By its own account this is a headless one, and robots are not recorded.
    f"--user-agent={BROWSER}",
]  # fmt: skip
TEMPLATE = """{% load ecom_llm %}<!doctype html><html lang="en"><title>Shop</title><body>
{% product_description 'jacket-1' %}
<div data-ecom-llm-impression="jacket-1" style="height: 9rem"><a href="/elsewhere/">Jacket</a></div>
<div data-ecom-llm-impression="kettle-1" style="margin-top: 4000px; height: 9rem">Kettle</div>
{% consent_settings %}{% consent_banner %}{% ecom_llm_scripts %}"""


@pytest.fixture
def page(
    live_server: Any, settings: Any, tmp_path: Any, chromium_path: str, memory_catalog: MakeCatalog
) -> Iterator[Page]:
    """A page of a shop, served with a strict content security policy."""
    # Playwright's loop runs in this thread, and Django would take the ORM calls of a test for a view's.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    memory_catalog()
    (tmp_path / "script_page.html").write_text(TEMPLATE)
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path]}]
    settings.ROOT_URLCONF = "tests.templatetags.script_urls"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=ARGUMENTS)
        made = browser.new_page(viewport={"width": 390, "height": 800})
        problems: list[str] = []
        made.on("pageerror", lambda error: problems.append(str(error)))
        made.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        made.goto(f"{live_server.url}/page/")
        yield made
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
    # What is not found (a favicon, a product that is gone) is the network's to report, not a fault of the script.
    assert not [problem for problem in problems if not problem.startswith("Failed to load resource")]


def test_fresh_text_takes_the_plain_ones_place_without_a_reload(page: Page) -> None:
    shown = page.locator("[data-ecom-llm-kind=description]")
    expect(shown).to_contain_text("Harbour Rain Jacket")
    page.evaluate("() => { window.heard = []; addEventListener('ecom-llm:text', (e) => heard.push(e.detail.text)) }")
    words = "Dry in any harbour. <img src=x onerror=alert(1)>"
    store(TextKey(Kind.DESCRIPTION, "jacket-1", "en-gb"), Draft(body=words, facts={}, cited={}))
    expect(shown).to_have_text(words)
    expect(shown).to_have_attribute("data-ecom-llm-origin", "model")
    expect(page.locator("[data-ecom-llm-pending]")).to_have_count(0)
    assert page.evaluate("() => window.heard") == [words]
    assert page.locator("img").count() == 0


def test_seen_and_chosen_products_are_recorded_and_unseen_ones_are_not(page: Page) -> None:
    page.wait_for_timeout(1500)
    with page.expect_request("**/events/"):
        page.get_by_role("link", name="Jacket").click()
    page.wait_for_timeout(500)
    assert set(Event.objects.values_list("kind", "product_id")) == {
        ("view_item_list", "jacket-1"),
        ("select_item", "jacket-1"),
    }


def test_banner_goes_without_a_reload_and_nothing_is_sent_after_a_refusal(page: Page, live_server: Any) -> None:
    page.evaluate("() => { window.isSamePage = true }")
    page.locator("[data-ecom-llm-banner]").get_by_role("button", name="Keep nothing").click()
    expect(page.locator("[data-ecom-llm-banner]")).to_have_count(0)
    assert page.evaluate("() => window.isSamePage")
    page.get_by_role("link", name="Jacket").click()
    page.wait_for_timeout(500)
    assert not Event.objects.exists()
    page.goto(f"{live_server.url}/page/")
    expect(page.locator("[data-ecom-llm-banner]")).to_have_count(0)


def test_decision_can_be_changed_later(page: Page) -> None:
    page.locator("[data-ecom-llm-banner]").get_by_role("button", name="Keep nothing").click()
    choices = page.locator("[data-ecom-llm-consent-settings]")
    choices.locator("summary").first.click()
    choices.get_by_role("button", name="Personal picks").click()
    expect(choices.locator("button[value=personal]")).to_have_attribute("aria-current", "true")
    expect(choices).not_to_have_attribute("open", "")


def test_banner_works_without_javascript(page: Page, live_server: Any) -> None:
    context = page.context.browser.new_context(java_script_enabled=False)  # type: ignore[union-attr]
    plain = context.new_page()
    plain.goto(f"{live_server.url}/page/?from=here")
    plain.locator("[data-ecom-llm-banner]").get_by_role("button", name="Anonymous counts only").click()
    expect(plain).to_have_url(f"{live_server.url}/page/?from=here")
    expect(plain.locator("[data-ecom-llm-banner]")).to_have_count(0)
    cookies = {cookie["name"]: cookie["value"] for cookie in context.cookies()}
    assert cookies["ecom_llm_consent"] == "anonymous"


def test_waiting_ends_when_nothing_is_being_written(page: Page, memory_catalog: MakeCatalog) -> None:
    memory_catalog([MemoryProduct(id="other", name="Other")])
    expect(page.locator("[data-ecom-llm-pending]")).to_have_count(0)
    expect(page.locator("[data-ecom-llm-kind=description]")).to_contain_text("Harbour Rain Jacket")
