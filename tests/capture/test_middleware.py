from __future__ import annotations

import asyncio
from typing import Any

import pytest
from asgiref.sync import async_to_sync, iscoroutinefunction
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from ecom_llm.capture import counters
from ecom_llm.capture.middleware import CaptureMiddleware
from ecom_llm.capture.salts import daily_salt
from ecom_llm.capture.scope import current_scope, defer
from ecom_llm.models import Event
from tests.capture import urls
from tests.capture.conftest import broken_database

pytestmark = pytest.mark.django_db

PAGE = urls.PAGE.encode()


def recorded() -> list[tuple[str, str, str]]:
    return list(Event.objects.order_by("occurred_at").values_list("kind", "product_id", "query"))


def get_async(path: str) -> Any:
    return async_to_sync(AsyncClient().get)(path)


@pytest.mark.parametrize(
    "path",
    ["/product/lantern/", "/product/lantern-red/", "/shop/item/lantern/", "/templated/", "/with-variant/"],
)
def test_a_product_page_is_recorded(client: Client, path: str) -> None:
    assert client.get(path).status_code == 200
    assert recorded() == [("view_item", "lantern", "")]


@pytest.mark.parametrize("path", ["/async-product/lantern/", "/product/lantern/", "/async-templated/"])
def test_a_product_page_is_recorded_within_an_event_loop(path: str) -> None:
    assert get_async(path).status_code == 200
    assert recorded() == [("view_item", "lantern", "")]


def test_the_middleware_is_async_where_the_stack_is() -> None:
    async def answer(request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    assert iscoroutinefunction(CaptureMiddleware(answer))
    assert not iscoroutinefunction(CaptureMiddleware(lambda request: HttpResponse()))


def test_a_search_page_is_recorded(client: Client) -> None:
    client.get("/search/", {"q": "  Storm LANTERN "})
    client.get("/search/", {"q": "مصباح 🏮"})
    client.get("/search/", {"q": "x" * 10_000})
    client.get("/search/")
    client.get("/plain/", {"q": "storm lantern"})
    assert [query for _, _, query in recorded()] == ["storm lantern", "مصباح 🏮", "x" * 100]


@pytest.mark.parametrize(
    "path",
    [
        "/plain/", "/streamed/lantern/", "/json/lantern/", "/missing/lantern/", "/product/unknown/",
        "/no-such-page/",
    ],
)  # fmt: skip
def test_what_is_not_a_product_page_is_not_recorded(client: Client, path: str) -> None:
    client.get(path)
    assert recorded() == []


def test_only_what_a_shopper_sees_is_recorded(client: Client) -> None:
    client.head("/product/lantern/")
    client.post("/product/lantern/")
    client.options("/product/lantern/")
    client.get("/product/lantern/", headers={"sec-purpose": "prefetch;prerender"})
    assert recorded() == []


def test_a_view_that_records_itself_is_recorded_once(client: Client) -> None:
    client.get("/recording/kettle/")
    assert recorded() == [("view_item", "kettle", ""), ("search", "", "by hand")]


def test_an_async_view_can_record_itself() -> None:
    get_async("/async-recording/kettle/")
    assert recorded() == [("view_item", "kettle", "")]


def statements(queries: CaptureQueriesContext) -> list[str]:
    """What was asked of the database, less the brackets of transactions."""
    # Many rows at once are told as "3 times: INSERT …".
    words = [query["sql"].rpartition(" times: ")[2].split()[0] for query in queries.captured_queries]
    return [word for word in words if word not in {"BEGIN", "COMMIT", "SAVEPOINT", "RELEASE"}]


@pytest.mark.parametrize(("path", "asked"), [("/plain/", []), ("/templated/", ["INSERT", "INSERT"])])
def test_a_page_costs_only_the_queries_it_needs(client: Client, path: str, asked: list[str]) -> None:
    # The direct sink's: the event, and that it has not been learned from yet.
    daily_salt()
    daily_salt()
    with CaptureQueriesContext(connection) as queries:
        client.get(path)
    assert statements(queries) == asked


def test_a_page_that_needs_nothing_does_not_even_read_the_salt(client: Client) -> None:
    with CaptureQueriesContext(connection) as queries:
        client.get("/plain/")
    assert len(queries) == 0


@pytest.mark.parametrize("reads", [False, True])
def test_the_page_is_the_same_when_the_database_fails(client: Client, reads: bool) -> None:
    with broken_database(reads=reads):
        response = client.get("/product/lantern/")
        search = client.get("/search/", {"q": "lantern"})
        in_loop = get_async("/async-product/lantern/")
    assert [item.content for item in (response, search, in_loop)] == [PAGE] * 3
    assert [item.status_code for item in (response, search, in_loop)] == [200] * 3
    assert not response.cookies
    assert recorded() == []
    assert counters.read("events.dropped.") == {"OperationalError": 3}


def test_the_page_is_the_same_when_the_settings_are_wrong(client: Client, settings: Settings) -> None:
    settings.ECOM_LLM = {"CAPTURE": {"PRODUCT_VIEWS": "product"}}
    assert client.get("/product/lantern/").content == PAGE
    assert counters.read("failures.")


def test_work_that_was_put_off_runs_and_may_fail(client: Client) -> None:
    urls.done.clear()
    assert client.get("/putting-off/").content == PAGE
    assert get_async("/putting-off/").content == PAGE
    assert urls.done == ["second", "second"]
    assert counters.read("failures.") == {"deferred": 2}


def test_outside_a_request_nothing_is_put_off() -> None:
    ran: list[int] = []
    defer(lambda: ran.append(1))
    assert ran == [1]
    assert current_scope() is None


def test_an_error_of_the_view_is_the_shops_own(client: Client) -> None:
    def fail(request: HttpRequest) -> HttpResponse:
        raise LookupError("the shop's own")

    with pytest.raises(LookupError):
        CaptureMiddleware(fail)(HttpRequest())
    assert current_scope() is None
    assert counters.read() == {}


def test_requests_in_one_event_loop_have_scopes_of_their_own() -> None:
    seen: list[tuple[object, object]] = []

    async def answer(request: HttpRequest) -> HttpResponse:
        await asyncio.sleep(0)
        scope = current_scope()
        seen.append((request, scope.request if scope else None))
        return HttpResponse()

    async def both() -> None:
        middleware: Any = CaptureMiddleware(answer)
        await asyncio.gather(middleware(HttpRequest()), middleware(HttpRequest()))

    async_to_sync(both)()
    assert len(seen) == 2
    assert all(asked is scoped for asked, scoped in seen)


def test_nothing_is_recorded_without_consent(client: Client) -> None:
    client.cookies["ecom_llm_consent"] = "none"
    response = client.get("/product/lantern/")
    assert recorded() == []
    assert not response.cookies


def test_an_anonymous_visitor_gets_no_cookie(client: Client) -> None:
    assert not client.get("/product/lantern/").cookies
    assert Event.objects.get().visitor.startswith("a:")


def test_a_personal_visitor_is_the_same_on_every_page(client: Client) -> None:
    client.cookies["ecom_llm_consent"] = "personal"
    client.get("/product/lantern/")
    key = client.get("/cart/kettle/").json()["visitor"]
    assert set(Event.objects.values_list("visitor", flat=True)) == {key}
    assert key.startswith("p:")
    assert not client.get("/product/kettle/").cookies


def test_a_browser_that_objects_gets_no_cookie(client: Client) -> None:
    client.cookies["ecom_llm_consent"] = "personal"
    assert not client.get("/product/lantern/", headers={"sec-gpc": "1"}).cookies
    assert Event.objects.get().visitor.startswith("a:")
