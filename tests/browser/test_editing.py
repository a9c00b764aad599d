"""An editor judges texts that wait for review; shoppers see what was approved and nothing else."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Locator, Page, expect

from ecom_llm.models import TextVersion
from shop_demo.models import Product
from tests.browser.conftest import MODELS_WORDS, OpenPage

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

REASON = "Says nothing about the product."
OWN_WORDS = "Ours since the first shop. \u0645\u0631\u062d\u0628\u0627 🫖"


@pytest.fixture
def in_review(
    open_page: OpenPage, undescribed: Product, use_settings: Callable[..., None], run_worker: Callable[[], None]
) -> tuple[Product, Page]:
    """A product whose text waits for review, and the page on which a shopper is looking at it."""
    use_settings(PUBLISH={"POLICY": {"description": "review"}})
    page = open_page(undescribed.get_absolute_url())
    run_worker()
    assert TextVersion.objects.get(text__kind="description").state == TextVersion.State.IN_REVIEW
    return undescribed, page


def description(page: Page) -> Locator:
    return page.locator("main [data-ecom-llm-kind=description]").first


def review_page(open_page: OpenPage, product: Product) -> Page:
    """Log in to the admin as an editor and open the text from the list."""
    User.objects.create_superuser("editor", password="let me edit")
    page = open_page("/admin/ecom_llm/text/")
    page.get_by_label("Username").fill("editor")
    page.get_by_label("Password").fill("let me edit")
    page.get_by_role("button", name="Log in").click()
    page.locator("#result_list tr", has_text="description").get_by_role("link", name=product.name).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(product.name)
    return page


def test_editor_reads_the_facts_and_approves(open_page: OpenPage, in_review: tuple[Product, Page]) -> None:
    product, shopper = in_review
    editor = review_page(open_page, product)
    expect(editor.locator("blockquote")).to_have_text(MODELS_WORDS)
    facts = editor.get_by_role("region", name="What it may rest on")
    for label, value in product.attributes.items():
        expect(facts.get_by_role("row").filter(has_text=label).first).to_contain_text(value)
    expect(description(shopper)).to_have_attribute("data-ecom-llm-origin", "plain")
    editor.get_by_role("button", name="Approve and publish").click()
    expect(editor.get_by_text("Approved: shoppers see it now.")).to_be_visible()
    shopper.reload()
    expect(description(shopper)).to_have_text(MODELS_WORDS)
    expect(description(shopper)).to_have_attribute("data-ecom-llm-origin", "model")
    assert str(TextVersion.objects.get(text__kind="description").decided_by) == "editor"


def test_rejected_text_never_reaches_a_shopper(open_page: OpenPage, in_review: tuple[Product, Page]) -> None:
    product, shopper = in_review
    editor = review_page(open_page, product)
    editor.get_by_label("Why reject it?").fill(REASON)
    editor.get_by_role("button", name="Reject").click()
    expect(editor.get_by_text(REASON)).to_be_visible()
    shopper.reload()
    expect(description(shopper)).to_have_attribute("data-ecom-llm-origin", "plain")
    expect(description(shopper)).not_to_have_text(MODELS_WORDS)
    assert TextVersion.objects.get(text__kind="description").state == TextVersion.State.REJECTED


def test_editors_own_words_take_the_models_place(open_page: OpenPage, in_review: tuple[Product, Page]) -> None:
    product, shopper = in_review
    editor = review_page(open_page, product)
    editor.get_by_label("Or write it yourself").fill(OWN_WORDS)
    editor.get_by_role("button", name="Publish my words").click()
    expect(editor.get_by_text("Your words are published.", exact=True)).to_be_visible()
    shopper.reload()
    expect(description(shopper)).to_have_text(OWN_WORDS)
    expect(description(shopper)).to_have_attribute("data-ecom-llm-origin", "human")
