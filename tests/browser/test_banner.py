"""The consent banner leaves the page to the shopper: small, its answers alike, never over what has the focus."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import FloatRect, Locator, Page, ViewportSize, expect

from tests.browser.conftest import OpenPage

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PHONE: ViewportSize = {"width": 390, "height": 844}
SMALL_PHONE: ViewportSize = {"width": 320, "height": 640}
WIDE: ViewportSize = {"width": 1280, "height": 900}
MOST_OF_A_PHONE = 0.22
SMALLEST_TARGET = 44
MOST_TAB_STOPS = 200
# Where the focused element ends and where the banner begins; nothing once the focus is in the banner.
FOCUS_AND_BANNER = """() => {
  const focused = document.activeElement;
  const banner = document.querySelector("[data-ecom-llm-banner]");
  if (banner.contains(focused)) return null;
  const { bottom, height } = focused.getBoundingClientRect();
  return { name: focused.outerHTML.slice(0, 120), bottom, height, top: banner.getBoundingClientRect().top };
}"""
WITHOUT_COLOURS = ":root { color-scheme: light dark; --ecom-llm-surface: initial; --ecom-llm-ink: initial }"
signals = pytest.mark.parametrize("headers", [{}, {"Sec-GPC": "1"}], ids=["no signal", "GPC"])


def banner_of(page: Page) -> Locator:
    return page.get_by_role("region", name="May we")


def box(shown: Locator) -> FloatRect:
    found = shown.bounding_box()
    assert found is not None
    return found


def answers(page: Page) -> list[FloatRect]:
    return [box(button) for button in banner_of(page).get_by_role("button").all()]


@signals
def test_banner_takes_little_of_a_phone(open_page: OpenPage, headers: dict[str, str]) -> None:
    page = open_page("/", viewport=PHONE, extra_http_headers=headers)
    assert box(banner_of(page))["height"] <= MOST_OF_A_PHONE * PHONE["height"]


@signals
@pytest.mark.parametrize("viewport", [SMALL_PHONE, PHONE, WIDE], ids=["320", "390", "1280"])
def test_answers_are_alike_and_in_one_row(open_page: OpenPage, viewport: ViewportSize, headers: dict[str, str]) -> None:
    page = open_page("/", viewport=viewport, extra_http_headers=headers)
    boxes = answers(page)
    assert len(boxes) == (2 if headers else 3)
    assert len({round(found["y"]) for found in boxes}) == 1
    assert max(found["width"] for found in boxes) - min(found["width"] for found in boxes) < 1
    assert min(found["height"] for found in boxes) >= SMALLEST_TARGET
    looks = [
        button.evaluate("(one) => { const it = getComputedStyle(one); return [it.color, it.background, it.font] }")
        for button in banner_of(page).get_by_role("button").all()
    ]
    assert all(look == looks[0] for look in looks)


@pytest.mark.parametrize("viewport", [PHONE, WIDE], ids=["390", "1280"])
def test_banner_never_covers_what_has_the_focus(open_page: OpenPage, viewport: ViewportSize) -> None:
    page = open_page("/", viewport=viewport)
    stops: list[dict[str, Any]] = []
    for _ in range(MOST_TAB_STOPS):
        page.keyboard.press("Tab")
        stop = page.evaluate(FOCUS_AND_BANNER)
        if stop is None:
            break
        stops.append(stop)
    assert len(stops) > 20
    # What is taller than the room above the banner cannot be shown whole.
    assert [stop for stop in stops if stop["height"] < stop["top"] and stop["bottom"] > stop["top"]] == []


def test_focus_goes_back_to_where_it_was(open_page: OpenPage) -> None:
    page = open_page("/cart/")
    search = page.get_by_label("Search the shop")
    search.focus()
    banner_of(page).get_by_role("button", name="Keep nothing").focus()
    page.keyboard.press("Enter")
    expect(banner_of(page)).to_have_count(0)
    expect(search).to_be_focused()


def test_decision_in_the_settings_answers_the_banner_too(open_page: OpenPage) -> None:
    page = open_page("/", viewport=PHONE)
    choices = page.locator("[data-ecom-llm-consent-settings]")
    choices.locator("summary").first.click()
    choices.get_by_role("button", name="Keep nothing").click()
    expect(banner_of(page)).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_banner_follows_the_pages_colour_scheme(open_page: OpenPage, scheme: Any) -> None:
    page = open_page("/", color_scheme=scheme)
    page.add_style_tag(content=WITHOUT_COLOURS)
    looks = banner_of(page).evaluate("(one) => [getComputedStyle(one).backgroundColor, getComputedStyle(one).color]")
    brightness = [sum(map(int, look.strip("rgb()").split(","))) / 3 for look in looks]
    assert (brightness[0] < brightness[1]) == (scheme == "dark")
    assert abs(brightness[0] - brightness[1]) > 150
