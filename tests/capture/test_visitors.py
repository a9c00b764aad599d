from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core import signing
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from rest_framework.request import Request

from ecom_llm.capture import counters, salts
from ecom_llm.capture.identity import SALT
from ecom_llm.capture.visitors import NOBODY, get_visitor, keep_visitor
from ecom_llm.entities import Consent
from ecom_llm.models import DailySalt
from tests.capture.conftest import broken_database

pytestmark = pytest.mark.django_db


def test_the_same_browser_is_the_same_visitor_today(rf: RequestFactory) -> None:
    first, again = (get_visitor(rf.get("/", HTTP_USER_AGENT="Lynx")) for _ in range(2))
    assert re.fullmatch(r"a:[0-9a-f]{32}", first.key)
    assert first == again


@pytest.mark.parametrize(
    "other", [{"REMOTE_ADDR": "192.0.2.7"}, {"HTTP_USER_AGENT": "w3m"}, {"HTTP_HOST": "other.example"}]
)
def test_another_address_agent_or_host_is_another_visitor(rf: RequestFactory, other: dict[str, Any]) -> None:
    known: dict[str, Any] = {"REMOTE_ADDR": "192.0.2.1", "HTTP_USER_AGENT": "Lynx", "HTTP_HOST": "shop.example"}
    assert get_visitor(rf.get("/", **known)) != get_visitor(rf.get("/", **(known | other)))


def test_tomorrow_nobody_is_known_again(rf: RequestFactory) -> None:
    today = get_visitor(rf.get("/")).key
    DailySalt.objects.update(day=datetime.now(UTC).date() - timedelta(days=1))
    salts.forget_salt()
    assert get_visitor(rf.get("/")).key != today


def test_salts_are_deleted_after_two_days() -> None:
    today = datetime.now(UTC).date()
    for age in (1, 2, 3, 30):
        DailySalt.objects.create(day=today - timedelta(days=age), salt=b"old")
    salts.daily_salt()
    kept = sorted(DailySalt.objects.values_list("day", flat=True), reverse=True)
    assert kept == [today - timedelta(days=age) for age in (0, 1)]


def test_a_worker_makes_tomorrows_salt_so_that_no_request_keeps_others_waiting() -> None:
    made = salts.daily_salt()
    DailySalt.objects.create(day=timezone.localdate() - timedelta(days=2), salt=b"old")
    for _ in range(2):
        salts.prepare_salts()
    days = dict(DailySalt.objects.values_list("day", "salt"))
    assert sorted(days) == [timezone.localdate(), timezone.localdate() + timedelta(days=1)]
    assert [bytes(salt) for salt in days.values()].count(made) == 1
    assert len(days.popitem()[1]) == 32
    # Nobody has been hashed with it yet.
    assert salts.kept_salts() == [made]


def test_another_process_reads_the_salt_that_the_first_made() -> None:
    made = salts.daily_salt()
    salts.forget_salt()
    assert salts.daily_salt() == made
    assert len(made) == 32


def test_a_process_reads_the_salt_once(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    salts.daily_salt()
    salts.daily_salt()
    with django_assert_num_queries(0):
        salts.daily_salt()


def test_at_none_there_is_no_key_and_no_query(
    rf: RequestFactory, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    rf.cookies["ecom_llm_consent"] = "none"
    with django_assert_num_queries(0):
        assert get_visitor(rf.get("/")) == NOBODY


def test_a_personal_visitor_keeps_the_id_of_the_cookie(rf: RequestFactory) -> None:
    rf.cookies["ecom_llm_consent"] = "personal"
    rf.cookies["ecom_llm_visitor"] = signing.get_cookie_signer(salt=SALT).sign("a" * 32)
    visitor = get_visitor(Request(rf.get("/")))
    assert visitor.key == "p:" + "a" * 32
    assert visitor.has_history


@pytest.mark.parametrize(
    "forged", ["a" * 32, "a" * 32 + ":1:sig", signing.get_cookie_signer(salt=SALT).sign("<script>"), ""]
)
def test_a_forged_cookie_counts_as_none(rf: RequestFactory, forged: str) -> None:
    rf.cookies["ecom_llm_consent"] = "personal"
    rf.cookies["ecom_llm_visitor"] = forged
    assert re.fullmatch(r"p:[0-9a-f]{32}", key := get_visitor(rf.get("/")).key)
    assert "a" * 32 not in key


def test_a_new_personal_visitor_gets_the_id_that_was_used(rf: RequestFactory) -> None:
    rf.cookies["ecom_llm_consent"] = "personal"
    request, response = rf.get("/"), HttpResponse()
    used = get_visitor(request).key
    keep_visitor(request, response)
    rf.cookies["ecom_llm_visitor"] = response.cookies["ecom_llm_visitor"].value
    assert get_visitor(rf.get("/")).key == used
    assert response["Vary"] == "Cookie"


def test_no_cookie_is_set_where_nobody_asked_who_it_is(rf: RequestFactory) -> None:
    rf.cookies["ecom_llm_consent"] = "personal"
    response = HttpResponse()
    keep_visitor(rf.get("/"), response)
    assert not response.cookies


def test_without_a_salt_the_visitor_has_no_key(rf: RequestFactory) -> None:
    with broken_database(reads=True):
        visitor = get_visitor(rf.get("/"))
    assert (visitor.key, visitor.consent, visitor.has_history) == ("", Consent.ANONYMOUS, False)
    assert counters.read("failures.") == {"get_visitor": 1}
