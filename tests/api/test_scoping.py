"""What a forged cookie, another visitor's id or too small a permission opens: nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core import signing
from django.test import Client

from ecom_llm.capture.identity import SALT
from ecom_llm.models import Event, TextVersion
from tests.api.conftest import NO_RATES, ROOT, browser_of, make_text, record, rows_of

EVENTS, ME, ERASE = f"{ROOT}events/", f"{ROOT}me/", f"{ROOT}me/erase/"
EVA, ADAM = "e" * 32, "a" * 32
VIEW = {"kind": "view_item", "product_id": "jacket-1"}


# Other people's ids


def test_event_with_anothers_id_changes_nothing_of_theirs(page: dict[str, str]) -> None:
    theirs = record(EVA)
    before = rows_of(EVA)
    for visitor in (ADAM, EVA):
        event = VIEW | {"id": str(theirs.pk), "product_id": "kettle-1", "visitor": f"p:{EVA}"}
        browser_of(visitor).post(EVENTS, {"events": [event]}, "application/json", headers=page)
        assert theirs.pk in {row["id"] for row in rows_of(EVA)}
        assert before[0] in rows_of(EVA)
    assert Event.objects.get(visitor=f"p:{ADAM}").pk != theirs.pk


def test_id_taken_first_does_not_keep_another_from_being_recorded(page: dict[str, str]) -> None:
    event = VIEW | {"id": "018f0000-0000-7000-8000-000000000001"}
    for visitor in (ADAM, EVA):
        browser_of(visitor).post(EVENTS, {"events": [event]}, "application/json", headers=page)
    assert (len(rows_of(ADAM)), len(rows_of(EVA))) == (1, 1)


def forged_cookies() -> list[str]:
    good, other = (signing.get_cookie_signer(salt=SALT).sign(visitor) for visitor in (ADAM, EVA))
    return [
        EVA,
        f"p:{EVA}",
        good.replace(ADAM, EVA),
        EVA + other[len(EVA) :][:-1],
        other.upper(),
        other + "x",
        other.replace(":", "%3A"),
        signing.get_cookie_signer(salt="ecom_llm.beacon").sign(EVA),
        signing.Signer(salt=SALT).sign(EVA),
        signing.TimestampSigner(key="another key", salt=SALT).sign(EVA),
        other + "; " + "x" * 8192,
        "\xe9" + other,
    ]


@pytest.mark.parametrize("number", range(12))
def test_forged_cookie_is_nobodys(number: int, settings: Any) -> None:
    settings.REST_FRAMEWORK = NO_RATES
    record(EVA)
    raw = f"ecom_llm_consent=personal; ecom_llm_visitor={forged_cookies()[number]}"
    # The cookie that is really hers opens it; so does one that is followed by another cookie's name.
    is_hers = number == 10
    told = json.loads(Client().get(ME, HTTP_COOKIE=raw).getvalue())
    assert bool(told["events"]) is is_hers
    Client().delete(ME, HTTP_COOKIE=raw)
    Client().post(ERASE, HTTP_COOKIE=raw)
    assert len(rows_of(EVA)) == (0 if is_hers else 1)


# Staff


def test_decision_reaches_no_version_of_another_text(editor_client: Client) -> None:
    own, other = make_text(subject="jacket-1", in_review=True), make_text(subject="kettle-1")
    for action in ("approve", "reject", "edit", "rollback"):
        body = {"version": str(other.pk), "body": "x"}
        answer = editor_client.post(f"{ROOT}texts/{own.text_id}/{action}/", body, content_type="application/json")
        assert answer.status_code == 404
    assert TextVersion.objects.get(pk=other.pk).state == other.state
    assert TextVersion.objects.count() == 2


@pytest.mark.parametrize(("permission", "seen"), [("view_text", "texts/"), ("view_generationjob", "jobs/")])
def test_staff_see_what_their_permission_names_and_no_more(permission: str, seen: str) -> None:
    make_text()
    user = User.objects.create_user("clerk", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename=permission))
    client = Client()
    client.force_login(user)
    hidden = ({"texts/", "jobs/"} - {seen}).pop()
    assert client.get(ROOT + seen).status_code == 200
    for path in (hidden, f"{hidden}1/", f"{hidden}1/approve/"):
        assert client.get(ROOT + path).status_code in {403, 404}
        assert client.post(ROOT + path, {}, "application/json").status_code in {403, 404}


@pytest.mark.parametrize("row", ["0", "-1", "9" * 400, "%00", "%D9%A3", "abc", "1.5", "%ff", "1%0a", "None"])
@pytest.mark.parametrize("kind", ["texts", "jobs"])
def test_what_is_no_id_is_a_404_in_json(editor_client: Client, kind: str, row: str) -> None:
    answer = editor_client.get(f"{ROOT}{kind}/{row}/")
    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/json"


# Rates


def test_without_rates_everything_above_still_holds(settings: Any, page: dict[str, str]) -> None:
    settings.REST_FRAMEWORK = NO_RATES
    record(EVA)
    eva, adam = browser_of(EVA), browser_of(ADAM)
    for _ in range(400):
        adam.get(f"{ROOT}search-copy/?q=x")
    assert json.loads(adam.get(ME).getvalue())["events"] == []
    assert len(json.loads(eva.get(ME).getvalue())["events"]) == 1


@pytest.mark.parametrize(
    ("path", "method", "limit"),
    [("search-copy/?q=x", "get", 300), ("events/", "post", 120), ("me/consent/", "post", 30)],
)
def test_one_address_is_slowed_down(client: Client, path: str, method: str, limit: int) -> None:
    ask = getattr(client, method)
    codes = [ask(ROOT + path, headers={"X-Forwarded-For": "10.0.0.1"}).status_code for _ in range(limit + 1)]
    assert 429 not in codes[:limit]
    assert codes[limit] == 429
