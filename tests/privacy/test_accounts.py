"""A visitor's history joins an account only where the visitor agreed to it."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import logout
from django.contrib.auth.models import User
from django.core import signing
from django.db import transaction
from django.test import Client

from ecom_llm.capture.identity import SALT
from ecom_llm.models import Erasure, Event, VisitorAccount
from ecom_llm.privacy.accounts import keys_of, link_account
from tests.capture.conftest import broken_database
from tests.privacy.conftest import ADAM, EVA, record, where

pytestmark = pytest.mark.django_db

LOGIN = "/admin/login/"


@pytest.fixture
def user() -> User:
    return User.objects.create_superuser("eva", password="eva")


@pytest.fixture
def other() -> User:
    return User.objects.create_superuser("adam", password="adam")


def browser(level: str, key: str = "") -> Client:
    client = Client()
    client.cookies["ecom_llm_consent"] = level
    if key:
        client.cookies["ecom_llm_visitor"] = signing.get_cookie_signer(salt=SALT).sign(key.removeprefix("p:"))
    return client


def sign_in(client: Client, name: str) -> Any:
    return client.post(LOGIN, {"username": name, "password": name, "next": "/admin/"})


def id_of(client: Client) -> str:
    return "p:" + str(client.cookies["ecom_llm_visitor"].value).partition(":")[0]


def test_personal_visitor_is_linked_at_login(user: User) -> None:
    client = browser("personal", EVA)
    assert sign_in(client, "eva").status_code == 302
    assert keys_of(user) == {EVA}
    sign_in(client, "eva")
    assert VisitorAccount.objects.count() == 1


def test_browser_without_an_id_is_linked_with_the_one_it_gets(user: User) -> None:
    client = browser("personal")
    sign_in(client, "eva")
    assert keys_of(user) == {id_of(client)}


@pytest.mark.parametrize(("level", "headers"), [("anonymous", {}), ("none", {}), ("personal", {"Sec-GPC": "1"})])
def test_nobody_else_is_linked(user: User, level: str, headers: dict[str, str]) -> None:
    client = browser(level, EVA)
    client.post(LOGIN, {"username": "eva", "password": "eva"}, headers=headers)
    assert "_auth_user_id" in client.session
    assert not VisitorAccount.objects.exists()


def test_browser_that_two_accounts_share_gets_a_fresh_id(user: User, other: User) -> None:
    client = browser("personal", EVA)
    sign_in(client, "eva")
    sign_in(client, "adam")
    fresh = id_of(client)
    assert fresh != EVA
    assert (keys_of(user), keys_of(other)) == ({EVA}, {fresh})


def test_several_browsers_of_an_account_are_its_own(user: User) -> None:
    for key in (EVA, ADAM):
        sign_in(browser("personal", key), "eva")
    assert keys_of(user) == {EVA, ADAM}


def test_login_below_personal_costs_no_query(user: User, rf: Any, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        link_account(User, request=rf.get("/"), user=user)


@pytest.mark.django_db(transaction=True)
def test_login_does_not_fail_where_the_link_cannot_be_written(user: User, rf: Any) -> None:
    request = rf.get("/")
    request.COOKIES["ecom_llm_consent"] = "personal"
    with broken_database():
        link_account(User, request=request, user=user)
    link_account(User, request=None, user=user)
    assert not VisitorAccount.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_deleted_account_takes_its_visitors_along(user: User) -> None:
    for key in (EVA, ADAM):
        VisitorAccount.objects.create(visitor=key, user=user)
        record(key, product_id="jacket-1")
    record("p:3", product_id="jacket-1")
    User.objects.filter(pk=user.pk).delete()
    assert where(EVA) == where(ADAM) == []
    assert Event.objects.get().visitor == "p:3"
    assert Erasure.objects.filter(done_at=None).count() == 0


@pytest.mark.django_db(transaction=True)
def test_account_whose_deletion_is_rolled_back_keeps_its_visitors(user: User) -> None:
    VisitorAccount.objects.create(visitor=EVA, user=user)
    record(EVA, product_id="jacket-1")
    with transaction.atomic():
        user.delete()
        transaction.set_rollback(True)
    assert not Erasure.objects.exists()
    assert Event.objects.filter(visitor=EVA).exists()


class Customer(User):
    """The same account under another model's name."""

    class Meta:
        proxy = True
        app_label = "auth"


@pytest.mark.django_db(transaction=True)
def test_account_deleted_as_a_proxy_takes_its_visitors_along(user: User) -> None:
    VisitorAccount.objects.create(visitor=EVA, user=user)
    record(EVA, product_id="jacket-1")
    Customer.objects.get(pk=user.pk).delete()
    assert where(EVA) == []


def test_browser_gets_a_fresh_id_when_its_account_leaves(user: User) -> None:
    client = browser("personal", EVA)
    sign_in(client, "eva")
    client.post("/admin/logout/")
    fresh = id_of(client)
    assert fresh != EVA
    # What Eva did stays hers and is not shown to whoever sits down next.
    assert keys_of(user) == {EVA}
    sign_in(client, "eva")
    assert keys_of(user) == {EVA, fresh}


def test_browser_without_an_account_keeps_its_id_at_logout(user: User) -> None:
    client = browser("personal", EVA)
    client.post("/admin/logout/")
    assert id_of(client) == EVA


def test_logging_out_links_nothing(user: User, rf: Any) -> None:
    client = browser("personal", EVA)
    sign_in(client, "eva")
    request = rf.get("/")
    request.session = client.session
    request.user = user
    logout(request)
    assert keys_of(user) == {EVA}
