"""What another site, or a line break in what is sent, can do: nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from ecom_llm.capture.beacon import make_token
from ecom_llm.models import Event
from tests.api.conftest import ROOT, browser_of, make_text, record, rows_of

EVENTS, ME, ERASE, CONSENT = f"{ROOT}events/", f"{ROOT}me/", f"{ROOT}me/erase/", f"{ROOT}me/consent/"
EVA = "e" * 32
VIEW = {"kind": "view_item", "product_id": "jacket-1"}
FOREIGN = {"Origin": "https://evil.example"}
TOKEN = "a" * 32
READ = ["products/jacket-1/texts/", "recommendations/", "search-copy/?q=jacket", "me/"]
# What each of these reads.
FORM, JSON = ("level=none", "application/x-www-form-urlencoded"), ('{"level": "none"}', "application/json")
SENT = {CONSENT: JSON, ME: JSON, ERASE: FORM}
PATHS = [*READ, "events/", "me/erase/", "me/consent/", "jobs/", "texts/", "texts/1/approve/"]


# Other sites


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "application/x-www-form-urlencoded"])
def test_other_site_records_nothing_in_a_shoppers_name(content_type: str) -> None:
    eva = browser_of(EVA)
    # Anyone can read the token on a page of the shop.
    for token in ("", make_token()):
        body = json.dumps({"token": token, "events": [VIEW]})
        for headers in (FOREIGN, FOREIGN | {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "cross-site"}):
            answer = eva.post(EVENTS, body, content_type=content_type, headers=headers)
            assert answer.status_code == 403
    assert not Event.objects.exists()


@pytest.mark.parametrize("token", ["", "b" * 32])
@pytest.mark.parametrize(("method", "path"), [("post", CONSENT), ("delete", ME), ("post", ERASE)])
def test_other_site_neither_decides_nor_erases_for_a_shopper(method: str, path: str, token: str) -> None:
    eva = browser_of(EVA, enforce_csrf_checks=True)
    eva.cookies["csrftoken"] = TOKEN
    record(EVA)
    # A form of another site: the cookies of a careless browser, but not the token in them.
    for form in ({"level": "none", "csrfmiddlewaretoken": token}, {"level": "none"}):
        assert getattr(eva, method)(path, form, headers=FOREIGN).status_code in {403, 415}
    body, content_type = SENT[path]
    answer = getattr(eva, method)(path, body, content_type=content_type, headers={"X-CSRFToken": token})
    assert answer.status_code == 403
    assert len(rows_of(EVA)) == 1
    assert eva.cookies["ecom_llm_consent"].value == "personal"


@pytest.mark.parametrize(("method", "path"), [("post", CONSENT), ("delete", ME), ("post", ERASE)])
def test_token_does_not_help_a_foreign_origin(method: str, path: str) -> None:
    eva = browser_of(EVA, enforce_csrf_checks=True)
    eva.cookies["csrftoken"] = TOKEN
    record(EVA)
    headers = FOREIGN | {"X-CSRFToken": TOKEN}
    body, content_type = SENT[path]
    assert getattr(eva, method)(path, body, content_type=content_type, headers=headers).status_code == 403
    headers["Origin"] = "http://testserver"
    assert getattr(eva, method)(path, body, content_type=content_type, headers=headers).status_code in {200, 303}


@pytest.mark.parametrize("path", PATHS)
def test_no_other_site_may_read_an_answer(path: str, editor_client: Client) -> None:
    asked = FOREIGN | {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    for method in ("get", "post", "options"):
        answer = getattr(editor_client, method)(ROOT + path, headers=asked)
        assert not [name for name in answer.headers if name.startswith("Access-Control")]


# Headers of answers


@pytest.mark.parametrize("path", PATHS)
def test_no_browser_takes_an_answer_for_a_page_and_no_cache_keeps_what_is_personal(
    path: str, settings: Any, editor_client: Client
) -> None:
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "SecurityMiddleware" not in name]
    make_text(in_review=True)
    for method in ("get", "post", "put", "options"):
        answer = getattr(editor_client, method)(ROOT + path, content_type="application/json")
        assert answer["Content-Type"] == "application/json"
        assert answer["X-Content-Type-Options"] == "nosniff"
        is_public = "products/" in path and answer.status_code == 200 and method == "get"
        assert answer["Cache-Control"] == ("max-age=0, must-revalidate" if is_public else "private, no-store")


@pytest.mark.parametrize("path", [*READ, "jobs/", "texts/"])
def test_head_says_what_get_says_without_a_body(path: str, editor_client: Client) -> None:
    seen, head = editor_client.get(ROOT + path), editor_client.head(ROOT + path)
    assert (head.status_code, head.getvalue()) == (200, b"")
    assert head["Content-Type"] == seen["Content-Type"]


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("events/", "POST, OPTIONS"), ("me/", "GET, DELETE, HEAD, OPTIONS"), ("me/erase/", "POST, OPTIONS"),
        ("me/consent/", "POST, OPTIONS"), ("texts/", "GET, HEAD, OPTIONS"), ("recommendations/", "GET, HEAD, OPTIONS"),
    ],
)  # fmt: skip
def test_options_and_405_name_the_methods_and_change_nothing(path: str, methods: str, editor_client: Client) -> None:
    record(EVA)
    asked = editor_client.options(ROOT + path)
    assert (asked.status_code, asked["Allow"]) == (200, methods)
    for method in ("PUT", "PATCH", "TRACE", "BREW"):
        answer = editor_client.generic(method, ROOT + path)
        assert (answer.status_code, answer["Allow"]) == (405, methods)
    assert len(rows_of(EVA)) == 1
    assert "ecom_llm_consent" not in editor_client.cookies


# Line breaks

BREAKS = ["\r\nSet-Cookie: session=evil", "\nX-Injected: 1", "\rX-Injected: 1", "/\r\n\r\n<script>", "/a\u2028b", "/\0"]


@pytest.mark.parametrize("target", BREAKS)
@pytest.mark.parametrize("path", [CONSENT, ERASE])
def test_line_break_in_next_adds_no_header(client: Client, path: str, target: str) -> None:
    answer = client.post(path, {"level": "none", "next": target})
    assert answer.status_code in {303, 400}
    assert set(answer.cookies) <= {"ecom_llm_consent", "ecom_llm_visitor"}
    assert "X-Injected" not in answer
    assert not any(mark in answer.get("Location", "") for mark in "\r\n\0")


@pytest.mark.parametrize("value", BREAKS)
def test_line_break_elsewhere_adds_no_header(client: Client, value: str) -> None:
    product = value.replace("/", "").strip()
    for answer in (
        client.get(ROOT + "recommendations/", {"language": value[:16], "product_id": product}),
        client.get(ROOT + "search-copy/", {"q": value, "language": value[:16]}),
        client.get(f"{ROOT}products/{product}/texts/", {"language": value}),
        client.post(EVENTS, {"events": [VIEW | {"product_id": value}]}, "application/json"),
        client.get(ME, {"filename": value, "visitor": value}),
    ):
        assert answer.status_code in {200, 400, 403, 404}
        assert not any(mark in text for text in answer.headers.values() for mark in "\r\n\0")
        assert "X-Injected" not in answer
        assert not answer.cookies
    assert answer["Content-Disposition"] == 'attachment; filename="my-data.json"'
