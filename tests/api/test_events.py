from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import signing
from django.test import Client
from django.utils import timezone

from ecom_llm.api.parsers import MAX_BODY_BYTES
from ecom_llm.capture.beacon import TOKEN_SALT, make_token
from ecom_llm.models import Event
from tests.api.conftest import ROOT

EVENTS = f"{ROOT}events/"
VIEW = {"kind": "view_item_list", "product_id": "jacket-1"}


def post(client: Client, body: Any, headers: dict[str, str] | None = None) -> Any:
    return client.post(EVENTS, body, content_type="application/json", headers=headers)


def test_batch_from_the_shops_page_is_recorded(client: Client, page: dict[str, str]) -> None:
    answer = post(client, {"events": [VIEW, {"kind": "search", "query": "Rain JACKET"}]}, page)
    assert (answer.status_code, answer.json()) == (202, {"accepted": 2, "rejected": []})
    assert set(Event.objects.values_list("kind", "product_id", "query")) == {
        ("view_item_list", "jacket-1", ""),
        ("search", "", "rain jacket"),
    }


def test_page_token_stands_in_for_the_header(client: Client) -> None:
    assert post(client, {"token": make_token(), "events": [VIEW]}).status_code == 202


@pytest.mark.parametrize(
    "token", ["", "wrong", "events:1:forged", signing.TimestampSigner(salt="other").sign("events")]
)
def test_neither_header_nor_token_is_refused(client: Client, token: str) -> None:
    assert post(client, {"token": token, "events": [VIEW]}).status_code == 403
    assert not Event.objects.exists()


def test_expired_token_is_refused(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    token = signing.TimestampSigner(salt=TOKEN_SALT).sign("events")
    monkeypatch.setattr("django.core.signing.time.time", lambda: __import__("time").monotonic() + 10**10)
    assert post(client, {"token": token, "events": [VIEW]}).status_code == 403


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://testserver.evil.example", "http://["])
def test_other_sites_are_refused_even_with_a_token(client: Client, origin: str) -> None:
    answer = post(client, {"token": make_token(), "events": [VIEW]}, {"Origin": origin})
    assert answer.status_code == 403
    assert not Event.objects.exists()


def test_sender_cannot_name_a_visitor(client: Client, page: dict[str, str]) -> None:
    post(client, {"events": [{**VIEW, "visitor": "p:someone", "consent": "personal"}]}, page)
    event = Event.objects.get()
    assert event.visitor != "p:someone"
    assert event.consent == "anonymous"


def test_visitor_who_refused_is_not_recorded(client: Client, page: dict[str, str]) -> None:
    client.cookies["ecom_llm_consent"] = "none"
    assert post(client, {"events": [VIEW]}, page).json() == {"accepted": 0, "rejected": []}
    assert not Event.objects.exists()


def test_same_event_twice_is_kept_once(client: Client, page: dict[str, str]) -> None:
    body = {"events": [{**VIEW, "id": str(uuid.uuid4())}]}
    post(client, body, page)
    post(client, body, page)
    assert Event.objects.count() == 1


def test_variant_counts_for_its_product(client: Client, page: dict[str, str]) -> None:
    post(client, {"events": [{"kind": "select_item", "product_id": "jacket-1-l"}]}, page)
    assert Event.objects.get().product_id == "jacket-1"


@pytest.mark.parametrize(
    ("event", "words"),
    [
        ({"kind": "purchase", "product_id": "jacket-1"}, "purchase"),
        ({"kind": "\ud800", "product_id": "jacket-1"}, "kind"),
        ({"kind": "view_item\0", "product_id": "jacket-1"}, "kind"),
        ({"kind": 10**4000, "product_id": "jacket-1"}, "kind"),
        ({"kind": json.loads("[" * 200 + "]" * 200), "product_id": "jacket-1"}, "kind"),
        ({"kind": "user_engagement", "product_id": "jacket-1"}, "engagement_ms"),
        ({"kind": "user_engagement", "engagement_ms": 2000}, "product_id"),
        ({"kind": "user_engagement", "product_id": "jacket-1", "engagement_ms": 1_800_001}, "engagement_ms"),
        ({"kind": "user_engagement", "product_id": "jacket-1", "engagement_ms": -1}, "engagement_ms"),
        ({"kind": "user_engagement", "product_id": "jacket-1", "engagement_ms": True}, "engagement_ms"),
        ({**VIEW, "ago_ms": -1}, "ago_ms"),
        ({**VIEW, "ago_ms": 86_400_001}, "ago_ms"),
        ({**VIEW, "ago_ms": 1.5}, "ago_ms"),
        ({**VIEW, "ago_ms": None}, "ago_ms"),
        ({**VIEW, "ago_ms": {"$gt": 0}}, "ago_ms"),
        ({**VIEW, "id": 2**128}, "id"),
        ({**VIEW, "id": ["018f"]}, "id"),
        ({"kind": "view_item"}, "product_id"),
        ({"kind": "search"}, "query"),
        ({"kind": "view_item", "product_id": "x" * 101}, "product_id"),
        ({"kind": "view_item", "product_id": "a\0b"}, "product_id"),
        ({"kind": "search", "query": "\ud800"}, "query"),
        ({"kind": "view_item", "product_id": {"$ne": 1}}, "product_id"),
        ({"kind": "add_to_cart", "product_id": "jacket-1", "quantity": 10**30}, "quantity"),
        ({"kind": "add_to_cart", "product_id": "jacket-1", "quantity": -1}, "quantity"),
        ({"kind": "view_item", "product_id": "jacket-1", "id": "7"}, "id"),
        ({"kind": ["view_item"]}, "kind"),
        ({}, "kind"),
        (7, ""),
        (None, ""),
        ("view_item", ""),
        ([], ""),
    ],
)
def test_wrong_event_is_named_and_the_others_are_recorded(
    client: Client, page: dict[str, str], event: Any, words: str
) -> None:
    answer = post(client, json.dumps({"events": [event, VIEW]}), page)
    assert answer.status_code == 202
    assert answer.json()["accepted"] == 1
    (rejected,) = answer.json()["rejected"]
    assert rejected["index"] == 0
    assert words in rejected["error"]


def test_unknown_product_is_told_by_no_answer_and_not_kept(client: Client, page: dict[str, str]) -> None:
    answer = post(client, {"events": [{**VIEW, "product_id": "nothing"}, VIEW]}, page)
    assert answer.json()["rejected"] == []
    assert list(Event.objects.values_list("product_id", flat=True)) == ["jacket-1"]


def test_time_on_a_page_is_recorded(client: Client, page: dict[str, str]) -> None:
    post(client, {"events": [{"kind": "user_engagement", "product_id": "jacket-1", "engagement_ms": 4200}]}, page)
    assert Event.objects.values_list("kind", "product_id", "engagement_ms").get() == (
        "user_engagement", "jacket-1", 4200
    )  # fmt: skip


def test_event_happened_as_long_ago_as_it_says(client: Client, page: dict[str, str]) -> None:
    before = timezone.now()
    post(client, {"events": [{**VIEW, "ago_ms": 3_600_000}]}, page)
    earliest = before - timedelta(hours=1)
    assert earliest <= Event.objects.get().occurred_at <= earliest + (timezone.now() - before)


def test_same_id_twice_in_a_batch_counts_once(client: Client, page: dict[str, str]) -> None:
    same = {**VIEW, "id": "0190c1d0-0000-7000-8000-000000000001"}
    assert post(client, {"events": [same, VIEW | same, same]}, page).status_code == 202
    assert Event.objects.count() == 1


def test_value_of_an_order_is_not_taken_from_a_browser(client: Client, page: dict[str, str]) -> None:
    post(client, {"events": [{**VIEW, "value": "1000000", "currency": "EUR", "order_id": "1"}]}, page)
    event = Event.objects.get()
    assert (event.value, event.currency, event.order_id) == (None, "", "")


@pytest.mark.parametrize(
    "headers",
    [
        {"User-Agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"},
        {"Purpose": "prefetch"},
    ],
)
def test_robots_script_is_not_recorded(client: Client, page: dict[str, str], headers: dict[str, str]) -> None:
    answer = post(client, {"events": [VIEW]}, {**page, **headers})
    assert (answer.status_code, answer.json()["accepted"]) == (202, 0)
    assert not Event.objects.exists()


def test_staff_is_recorded_only_if_the_shop_says_so(
    editor_client: Client, page: dict[str, str], use_settings: Callable[..., None]
) -> None:
    use_settings(CAPTURE={"RECORD_STAFF": False})
    assert post(editor_client, {"events": [VIEW]}, page).json()["accepted"] == 0
    use_settings(CAPTURE={"RECORD_STAFF": True})
    assert post(editor_client, {"events": [VIEW]}, page).json()["accepted"] == 1


@pytest.mark.parametrize("depth", [100, 900, 3000])
@pytest.mark.parametrize("name", ["kind", "id", "product_id", "ago_ms"])
@pytest.mark.parametrize("nest", ["[", '{"a":'])
def test_nesting_of_any_depth_is_refused_in_words(
    client: Client, page: dict[str, str], depth: int, name: str, nest: str
) -> None:
    nested = nest * depth + "1" + ("]" if nest == "[" else "}") * depth
    event = f'{{"kind": "view_item", "product_id": "jacket-1", "{name}": {nested}}}'
    answer = post(client, f'{{"events": [{event}]}}', page)
    assert answer.status_code in (202, 400)
    assert not Event.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        "", "{", "null", "7", "[]", '{"events": 7}', '{"events": {}}', '{"events": null}', "{}", '{"events": [NaN]}',
        "[" * 5000, '{"events": ' + "[" * 30000, b"\xff\xfe", '{"token": {}, "events": []}',
        '{"token": "a\\u0000", "events": []}',
        json.dumps({"events": [VIEW] * 51}), '{"events": [' + "9" * 5000 + "]}",
    ],
)  # fmt: skip
def test_wrong_body_is_400(client: Client, page: dict[str, str], body: Any) -> None:
    answer = post(client, body, page)
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/json"
    assert not Event.objects.exists()


def test_body_over_64_kib_is_413(client: Client, page: dict[str, str]) -> None:
    assert post(client, json.dumps({"events": [], "x": "y" * MAX_BODY_BYTES}), page).status_code == 413


def test_form_is_415_and_get_is_405(client: Client, page: dict[str, str]) -> None:
    assert client.post(EVENTS, {"events": "x"}, headers=page).status_code == 415
    assert client.get(EVENTS).status_code == 405
