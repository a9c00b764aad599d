"""`me/`: visitors see and delete what is theirs, and nothing of anybody else's."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import signing
from django.core.cache import cache
from django.db import OperationalError
from django.test import AsyncClient, Client
from django.urls import resolve, reverse
from django.utils import timezone

from ecom_llm.api import consent as consent_api
from ecom_llm.api import me
from ecom_llm.capture.identity import SALT
from ecom_llm.models import Erasure, Event, VisitorAccount
from tests.api.conftest import ROOT
from tests.capture.conftest import broken_database

ME, ERASE, CONSENT = f"{ROOT}me/", f"{ROOT}me/erase/", f"{ROOT}me/consent/"
EVENTS = f"{ROOT}events/"
EVA, ADAM, LINKED = "p:" + "e" * 32, "p:" + "a" * 32, "p:" + "c" * 32
PAGE = {"Origin": "http://testserver"}


def record(visitor: str, **values: Any) -> Event:
    values = {"kind": "view_item", "product_id": "jacket-1", "consent": "personal"} | values
    return Event.objects.create(visitor=visitor, occurred_at=timezone.now(), **values)


def look(client: Client) -> str:
    """Look at a product; gives the key under which it is recorded."""
    before = set(Event.objects.values_list("pk", flat=True))
    client.post(EVENTS, {"events": [{"kind": "view_item", "product_id": "kettle-1"}]}, "application/json", headers=PAGE)
    return Event.objects.exclude(pk__in=before).get().visitor


@pytest.fixture
def eva(client: Client) -> Client:
    """A browser that has agreed to everything."""
    client.cookies["ecom_llm_consent"] = "personal"
    client.cookies["ecom_llm_visitor"] = signing.get_cookie_signer(salt=SALT).sign(EVA.removeprefix("p:"))
    return client


@pytest.fixture
def account(eva: Client) -> User:
    """Eva's account, signed in, with another browser of hers."""
    user = User.objects.create_user("eva", password="eva")
    VisitorAccount.objects.create(visitor=LINKED, user=user)
    eva.force_login(user)
    return user


def told(answer: Any) -> dict[str, Any]:
    assert answer.status_code == 200
    document = json.loads(answer.getvalue())
    assert isinstance(document, dict)
    return document


def test_visitor_gets_all_that_is_theirs_as_a_file(eva: Client) -> None:
    mine, other = record(EVA), record(ADAM)
    answer = eva.get(ME)
    document = told(answer)
    assert document["visitor"] == EVA
    assert [row["id"] for row in document["events"]] == [str(mine.pk)]
    assert str(other.pk) not in json.dumps(document)
    assert answer["Content-Disposition"] == 'attachment; filename="my-data.json"'
    assert answer["Content-Type"] == "application/json"
    assert answer["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("level", ["anonymous", "none", "personal"])
def test_where_nothing_can_be_told_to_be_theirs_nothing_is_told(client: Client, level: str) -> None:
    client.cookies["ecom_llm_consent"] = level
    record("a:" + "e" * 32)
    document = told(client.get(ME))
    assert (document["visitor"], document["visitors"], document["events"]) == (None, [], [])
    assert document["consent"] == level
    assert "Nothing is kept" in document["note"]


def test_objecting_browser_is_told_nothing_by_its_old_id(eva: Client) -> None:
    record(EVA)
    assert told(eva.get(ME, headers={"Sec-GPC": "1"}))["events"] == []


@pytest.mark.parametrize("cookie", ["a" * 32, "a" * 32 + ":1:forged", ""])
@pytest.mark.parametrize("query", ["", f"?visitor={ADAM}&visitors={ADAM}&user=adam"])
def test_nobody_gets_anothers_data(client: Client, cookie: str, query: str) -> None:
    record(ADAM)
    client.cookies["ecom_llm_consent"] = "personal"
    client.cookies["ecom_llm_visitor"] = cookie
    assert told(client.get(ME + query))["events"] == []
    client.delete(ME + query, {"visitor": ADAM}, content_type="application/json")
    client.post(ERASE + query, {"visitor": ADAM, "visitors": ADAM})
    assert Event.objects.get().visitor == ADAM


def test_signed_in_visitor_also_gets_what_is_linked(account: User, eva: Client) -> None:
    record(EVA), record(LINKED), record(ADAM)
    assert {row["visitor"] for row in told(eva.get(ME))["events"]} == {EVA, LINKED}


def test_signed_out_visitor_gets_nothing_of_the_account(account: User, eva: Client) -> None:
    record(LINKED)
    eva.logout()
    assert told(eva.get(ME))["events"] == []


def test_without_a_session_cookie_no_session_is_read(eva: Client, django_assert_num_queries: Any) -> None:
    # Accounts, erasures, broken events, products not wanted, searches, the last learning (none) and events.
    with django_assert_num_queries(7):
        eva.get(ME).getvalue()


@pytest.mark.django_db(transaction=True)
def test_export_is_streamed_to_an_event_loop_without_a_warning(eva: Client) -> None:
    client = AsyncClient()
    client.cookies = eva.cookies

    async def read() -> bytes:
        answer = await client.get(ME)
        assert answer.is_async
        return b"".join([part async for part in answer.streaming_content])

    assert json.loads(asyncio.run(read()))["visitor"] == EVA


def test_deleting_leaves_nothing_and_takes_the_cookie_away(eva: Client) -> None:
    record(EVA), record(ADAM)
    answer = eva.delete(ME)
    assert answer.status_code == 200
    result = answer.json()
    assert (result["events"], result["is_complete"]) == (1, True)
    assert Event.objects.get().visitor == ADAM
    assert answer.cookies["ecom_llm_visitor"]["max-age"] == 0


def test_next_page_gives_a_new_id_where_that_is_still_agreed_to(eva: Client) -> None:
    eva.delete(ME)
    key = look(eva)
    assert key.startswith("p:")
    assert key != EVA
    assert eva.cookies["ecom_llm_visitor"].value.startswith(key.removeprefix("p:"))


def test_anonymous_visitor_deletes_what_this_browser_did_today(client: Client) -> None:
    other = Client(headers={"User-Agent": "Mozilla/5.0 (another)"})
    key, kept = look(client), look(other)
    assert key.startswith("a:")
    assert client.delete(ME).json()["events"] == 1
    assert Event.objects.get().visitor == kept != key


def test_what_was_anonymous_this_morning_goes_with_the_rest(client: Client) -> None:
    look(client)
    client.post(CONSENT, {"level": "personal"}, content_type="application/json")
    look(client)
    assert client.delete(ME).json()["events"] == 2


def test_signed_in_visitor_also_deletes_what_is_linked(account: User, eva: Client) -> None:
    record(EVA), record(LINKED), record(ADAM)
    assert eva.delete(ME).json()["accounts"] == 1
    assert Event.objects.get().visitor == ADAM


def test_form_deletes_and_leads_back(eva: Client) -> None:
    record(EVA)
    answer = eva.post(ERASE, {"next": "/products/"})
    assert (answer.status_code, answer["Location"]) == (303, "/products/")
    assert not Event.objects.exists()
    assert answer.cookies["ecom_llm_visitor"]["max-age"] == 0
    assert eva.post(ERASE, {"next": "https://evil.example/"})["Location"] == "/"


@pytest.mark.parametrize("is_signed_in", [True, False])
def test_deleting_without_a_csrf_token_is_refused(is_signed_in: bool) -> None:
    client = Client(enforce_csrf_checks=True)
    client.cookies["ecom_llm_consent"] = "personal"
    client.cookies["ecom_llm_visitor"] = signing.get_cookie_signer(salt=SALT).sign(EVA.removeprefix("p:"))
    if is_signed_in:
        client.force_login(User.objects.create_user("eva"))
    record(EVA)
    assert client.delete(ME).status_code == 403
    assert client.post(ERASE).status_code == 403
    assert Event.objects.exists()
    client.cookies["csrftoken"] = "a" * 32
    assert client.delete(ME, headers={"X-CSRFToken": "a" * 32}).status_code == 200
    assert not Event.objects.exists()


def test_wish_that_cannot_be_written_down_is_no_success(eva: Client) -> None:
    with broken_database():
        answer = eva.delete(ME)
    assert answer.status_code == 503
    assert "ecom_llm_visitor" not in answer.cookies


def test_deletion_that_fails_is_left_to_a_sweep(eva: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise OperationalError("gone")

    monkeypatch.setattr(me, "finish", fail)
    record(EVA)
    answer = eva.delete(ME)
    assert (answer.status_code, answer.json()["is_complete"]) == (200, False)
    assert EVA in Erasure.objects.filter(done_at=None).values_list("visitor", flat=True)


@pytest.mark.parametrize(("level", "kept"), [("anonymous", 1), ("none", 0), ("personal", 2)])
def test_lower_consent_erases_what_it_may_not_keep_at_once(client: Client, level: str, kept: int) -> None:
    look(client)
    client.post(CONSENT, {"level": "personal"}, content_type="application/json")
    look(client)
    client.post(CONSENT, {"level": level})
    assert Event.objects.count() == kept
    assert not Erasure.objects.filter(done_at=None).exists()


def test_decision_holds_although_the_erasure_fails(eva: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise OperationalError("gone")

    monkeypatch.setattr(consent_api, "finish", fail)
    answer = eva.post(CONSENT, {"level": "anonymous"}, content_type="application/json")
    assert answer.json() == {"level": "anonymous"}
    assert Erasure.objects.get(done_at=None).visitor == EVA


@pytest.mark.parametrize("method", ["get", "delete"])
def test_asking_too_often_is_refused(eva: Client, method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(me.MeThrottle, "default_rate", "2/min")
    call: Callable[..., Any] = getattr(eva, method)
    assert [call(ME).status_code for _ in range(3)] == [200, 200, 429]


@pytest.mark.parametrize("name", ["me", "erase", "consent"])
def test_what_is_asked_holds_at_once_where_views_run_in_a_transaction(name: str, settings: Any) -> None:
    # Within one, others would go on storing what this has just deleted, as they see no wish that is not committed.
    view = resolve(reverse(f"ecom_llm:{name}")).func
    assert "default" in getattr(view, "_non_atomic_requests", ())


def test_address_is_not_kept_in_the_cache_that_counts_requests(eva: Client) -> None:
    eva.get(ME, REMOTE_ADDR="192.0.2.77")
    kept = list(cache._cache)  # type: ignore[attr-defined] # of the cache in memory
    assert any("ecom_llm_me" in key for key in kept)
    assert not any("192.0.2.77" in key for key in kept)
