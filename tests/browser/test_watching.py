"""What the script sees of a visit: cards in view, clicks and how long a page is looked at, on a clock of its own."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from shop_demo.models import Product
from tests.browser.conftest import OpenPage

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

START_MS = 1_800_000_000_000
CARD = "[data-ecom-llm-impression]"
# Keeps what would be sent, and takes away what browsers offer on secure pages only.
CATCH_BEACONS = """
delete Crypto.prototype.randomUUID;
window.beacons = [];
navigator.sendBeacon = (url, blob) => { window.beacons.push(blob); return true; };
const askedFor = window.fetch;
window.fetch = (url, options) => {
  if (url.endsWith("/consent/")) window.beaconsBeforeDecision = window.beacons.length;
  return askedFor(url, options);
};
"""
SENT = """async () => {
  const bodies = await Promise.all(window.beacons.map((blob) => blob.text()));
  return bodies.flatMap((body) => JSON.parse(body).events);
}"""
SET_HIDDEN = """(isHidden) => {
  Object.defineProperty(document, "hidden", { configurable: true, get: () => isHidden });
  document.dispatchEvent(new Event("visibilitychange"));
}"""
# The script's observer of the same card is told before this one.
MARK_AT_RATIO = """([selector, least, most]) => {
  const card = document.querySelector(selector);
  delete card.dataset.isReady;
  const told = ([{ intersectionRatio: ratio }]) => {
    if (ratio >= least && ratio <= most) card.dataset.isReady = "yes";
  };
  new IntersectionObserver(told, { threshold: [0.01, 0.5] }).observe(card);
}"""
LEAVE_IN_VIEW = """([selector, part]) => {
  const box = document.querySelector(selector).getBoundingClientRect();
  window.scrollBy({ top: box.top + part * box.height - innerHeight, behavior: "instant" });
}"""


@pytest.fixture
def watched(open_page: OpenPage, undescribed: Product) -> Page:
    """A product's page whose clock stands still until a test moves it, and whose events stay in it."""
    page = open_page("/cart/", viewport={"width": 1280, "height": 900})
    page.add_init_script(CATCH_BEACONS)
    page.clock.install(time=START_MS / 1000)
    page.goto(undescribed.get_absolute_url())
    page.clock.pause_at(START_MS / 1000 + 60)
    page.evaluate("() => dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    return page


def leave_in_view(page: Page, part: float) -> None:
    """Scroll until this part of the first card can be seen, and wait until observers know."""
    page.evaluate(LEAVE_IN_VIEW, [CARD, part])
    page.evaluate(MARK_AT_RATIO, [CARD, part - 0.1, part + 0.1])
    expect(page.locator(CARD).first).to_have_attribute("data-is-ready", "yes")


def hide(page: Page) -> None:
    page.evaluate(SET_HIDDEN, True)


def show(page: Page) -> None:
    page.evaluate(SET_HIDDEN, False)


def sent(page: Page, kind: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = page.evaluate(SENT)
    return [event for event in found if event["kind"] == kind]


def first_card(page: Page) -> str:
    return page.locator(CARD).first.get_attribute("data-ecom-llm-impression") or ""


def seen(page: Page) -> set[str]:
    """Whose cards were seen, once the page has sent all that waits."""
    hide(page)
    return {event["product_id"] for event in sent(page, "view_item_list")}


def decide(page: Page, level: str, where: str = "[data-ecom-llm-banner]") -> None:
    page.locator(f"{where} button[value={level}]").click()
    expect(page.locator(f"[data-ecom-llm-consent-settings] button[value={level}]")).to_have_attribute(
        "aria-current", "true"
    )


def test_card_is_seen_after_a_second_half_in_view(watched: Page) -> None:
    leave_in_view(watched, 0.7)
    watched.clock.run_for(1000)
    assert first_card(watched) in seen(watched)


def test_card_is_not_seen_before_the_second_is_over(watched: Page) -> None:
    leave_in_view(watched, 0.7)
    watched.clock.run_for(990)
    assert seen(watched) == set()


def test_card_less_than_half_in_view_is_not_seen(watched: Page) -> None:
    leave_in_view(watched, 0.3)
    watched.clock.run_for(5000)
    assert first_card(watched) not in seen(watched)


def test_card_is_not_seen_while_the_page_is_hidden(watched: Page) -> None:
    leave_in_view(watched, 0.7)
    watched.clock.run_for(500)
    hide(watched)
    watched.clock.run_for(60_000)
    assert seen(watched) == set()
    show(watched)
    watched.clock.run_for(1000)
    assert first_card(watched) in seen(watched)


def test_card_is_seen_once(watched: Page) -> None:
    for _ in range(3):
        leave_in_view(watched, 0.7)
        watched.clock.run_for(1000)
        watched.evaluate("() => window.scrollTo({ top: 0, behavior: 'instant' })")
    hide(watched)
    products = [event["product_id"] for event in sent(watched, "view_item_list")]
    assert products.count(first_card(watched)) == 1


def test_link_followed_from_a_card_is_told_at_once(watched: Page) -> None:
    watched.evaluate("() => addEventListener('click', (event) => event.preventDefault())")
    watched.locator(f"{CARD} a[href]").first.click()
    assert [event["product_id"] for event in sent(watched, "select_item")] == [first_card(watched)]


def test_time_in_front_of_the_shopper_is_told_when_the_page_goes(watched: Page, undescribed: Product) -> None:
    watched.clock.run_for(7000)
    hide(watched)
    (told,) = sent(watched, "user_engagement")
    assert (told["product_id"], told["engagement_ms"], told["ago_ms"]) == (undescribed.sku, 7000, 0)


def test_time_is_told_once_a_view(watched: Page) -> None:
    watched.clock.run_for(7000)
    hide(watched)
    show(watched)
    watched.clock.run_for(7000)
    hide(watched)
    assert len(sent(watched, "user_engagement")) == 1


def test_less_than_a_second_is_not_told_and_time_out_of_sight_not_counted(watched: Page) -> None:
    watched.clock.run_for(900)
    hide(watched)
    assert sent(watched, "user_engagement") == []
    watched.clock.run_for(60_000)
    show(watched)
    watched.clock.run_for(2000)
    hide(watched)
    assert [event["engagement_ms"] for event in sent(watched, "user_engagement")] == [2900]


def test_time_in_another_window_is_not_counted(watched: Page) -> None:
    watched.clock.run_for(2000)
    watched.evaluate("() => { document.hasFocus = () => false; dispatchEvent(new Event('blur')); }")
    watched.clock.run_for(60_000)
    watched.evaluate("() => dispatchEvent(new Event('focus'))")
    watched.clock.run_for(3000)
    hide(watched)
    assert [event["engagement_ms"] for event in sent(watched, "user_engagement")] == [5000]


def test_nobody_looks_longer_than_half_an_hour(watched: Page) -> None:
    watched.clock.fast_forward(3 * 60 * 60 * 1000)
    hide(watched)
    assert [event["engagement_ms"] for event in sent(watched, "user_engagement")] == [1_800_000]


def test_page_that_comes_back_from_the_browsers_memory_is_counted_anew(watched: Page) -> None:
    watched.clock.run_for(7000)
    hide(watched)
    watched.clock.run_for(60_000)
    show(watched)
    watched.evaluate("() => dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    watched.clock.run_for(4000)
    watched.evaluate("() => dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))")
    assert [event["engagement_ms"] for event in sent(watched, "user_engagement")] == [7000, 4000]


def test_page_of_no_product_tells_no_time(watched: Page) -> None:
    watched.goto("/")
    watched.clock.run_for(7000)
    hide(watched)
    assert sent(watched, "user_engagement") == []


def test_events_carry_time_ordered_ids_and_how_long_ago_they_were(watched: Page) -> None:
    leave_in_view(watched, 0.7)
    watched.clock.run_for(1000)
    seen_at = watched.evaluate("() => Date.now()")
    watched.clock.run_for(3000)
    hide(watched)
    events = watched.evaluate(SENT)
    ids = [uuid.UUID(event["id"]) for event in events]
    assert len(set(ids)) == len(ids) >= 2
    assert {(made.version, made.variant) for made in ids} == {(7, uuid.RFC_4122)}
    (card, *_) = sent(watched, "view_item_list")
    assert card["ago_ms"] == 3000
    assert uuid.UUID(card["id"]).int >> 80 == seen_at


def test_lowered_consent_drops_what_waits(watched: Page) -> None:
    leave_in_view(watched, 0.7)
    watched.clock.run_for(2000)
    decide(watched, "none")
    watched.clock.run_for(10_000)
    hide(watched)
    assert watched.evaluate(SENT) == []


def test_raised_consent_first_sends_what_waits_under_the_old_level(watched: Page) -> None:
    leave_in_view(watched, 0.7)
    watched.clock.run_for(2000)
    decide(watched, "personal")
    assert watched.evaluate("() => window.beaconsBeforeDecision") == 1
    assert first_card(watched) in {event["product_id"] for event in sent(watched, "view_item_list")}


def test_events_of_a_higher_level_are_not_sent_under_a_lower_one(watched: Page) -> None:
    decide(watched, "personal")
    leave_in_view(watched, 0.7)
    watched.clock.run_for(4000)
    watched.locator("[data-ecom-llm-consent-settings] > summary").click()
    decide(watched, "anonymous", "[data-ecom-llm-consent-settings]")
    watched.clock.run_for(2000)
    hide(watched)
    assert sent(watched, "view_item_list") == []
    assert [event["engagement_ms"] for event in sent(watched, "user_engagement")] == [2000]
