"""Nothing that was on its way when its visitor asked to be forgotten is left, whichever way it came."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core import signing
from django.db import transaction
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils import timezone

from ecom_llm.capture import draining, repeats, storing
from ecom_llm.capture.consent import set_consent
from ecom_llm.capture.erased import ask_to_forget
from ecom_llm.capture.identity import SALT
from ecom_llm.capture.record import record_add_to_cart, record_purchase, record_search, record_view
from ecom_llm.capture.repeats import id_unless_repeat
from ecom_llm.capture.storing import store
from ecom_llm.capture.stream import Entry
from ecom_llm.capture.visitors import Visitor
from ecom_llm.entities import Consent, EventKind
from ecom_llm.models import BrokenEvent, Erasure, Event
from ecom_llm.privacy.erasing import erase, finish
from tests.capture.streams import make_record

pytestmark = pytest.mark.django_db(transaction=True)

EVA = "p:" + "e" * 32


@pytest.fixture
def evas_page(rf: RequestFactory) -> Any:
    """A page that Eva asked for before she withdrew, in another tab say, and that is made after."""
    rf.cookies["ecom_llm_consent"] = "personal"
    rf.cookies["ecom_llm_visitor"] = signing.get_cookie_signer(salt=SALT).sign(EVA.removeprefix("p:"))
    return rf.get("/")


def test_page_that_is_made_while_its_visitor_is_forgotten_leaves_no_event(evas_page: Any) -> None:
    erase({EVA})
    record_view(evas_page, "lantern")
    assert not Event.objects.exists()


def test_page_within_a_transaction_of_the_shops_leaves_no_event_either(evas_page: Any) -> None:
    with transaction.atomic():
        record_view(evas_page, "lantern")
        # As another process does it, which sees nothing of this transaction.
        ask_to_forget({EVA})
    assert not Event.objects.exists()


def test_tab_that_goes_on_for_as_long_as_forgetting_takes_leaves_nothing(evas_page: Any) -> None:
    asked_at = timezone.now() - timedelta(minutes=1)
    ask_to_forget({EVA}, asked_at)
    record_view(evas_page, "lantern")
    assert not Event.objects.exists()
    finish({EVA})
    record_view(evas_page, "kettle")
    assert not Event.objects.exists()
    # As a browser whose visitor was forgotten by somebody else goes on.
    Erasure.objects.update(done_at=asked_at)
    record_view(evas_page, "lantern-red")
    assert Event.objects.count() == 1


def test_id_that_its_browser_is_told_to_drop_is_nobodys_however_long_tabs_go_on(evas_page: Any) -> None:
    shared = "a:" + "5" * 32
    long_ago = timezone.now() - timedelta(days=3)
    ask_to_forget({EVA, shared}, long_ago)
    # Asked once more, by the browser itself.
    ask_to_forget({EVA, shared}, long_ago, dropped={EVA})
    finish({EVA, shared})
    Erasure.objects.update(done_at=timezone.now() - timedelta(hours=20))
    record_view(evas_page, "lantern")
    many = [make_record(visitor=f"a:{number:032x}") for number in range(600)]
    stored = store([make_record(visitor=EVA), make_record(visitor=shared), *many])
    assert (stored.inserted, stored.erased) == (601, 1)
    assert not Event.objects.filter(visitor=EVA).exists()
    # The answer may have been lost on its way.
    Erasure.objects.update(done_at=long_ago)
    assert store([make_record(visitor=EVA), *many]).inserted == 1


def test_who_agrees_again_with_an_id_that_was_forgotten_gets_another(evas_page: Any) -> None:
    response = HttpResponse()
    set_consent(evas_page, response, "personal")
    assert EVA.removeprefix("p:") in response.cookies["ecom_llm_visitor"].value
    erase({EVA})
    response = HttpResponse()
    set_consent(evas_page, response, "personal")
    assert EVA.removeprefix("p:") not in response.cookies["ecom_llm_visitor"].value


def test_event_that_was_stored_while_forgetting_took_its_time_is_taken_back(monkeypatch: pytest.MonkeyPatch) -> None:
    look = storing.without_erased

    def look_too_early(records: Any) -> Any:
        found = look(records)
        ask_to_forget({EVA}, timezone.now() - timedelta(minutes=1))
        return found

    monkeypatch.setattr(storing, "without_erased", look_too_early)
    assert store([make_record(visitor=EVA)]).erased == 1
    assert not Event.objects.exists()


@pytest.mark.parametrize("odd", [datetime(2026, 1, 1), datetime.min.replace(tzinfo=UTC)])  # noqa: DTZ001
def test_time_that_is_none_costs_a_large_batch_nothing(odd: datetime) -> None:
    """Of a batch of few visitors, times are not compared."""
    erase({EVA})
    batch = [make_record(visitor=f"p:{number:032x}") for number in range(600)]
    stored = store([*batch, make_record(visitor=EVA), make_record(occurred_at=odd)])
    assert (stored.erased, stored.inserted + stored.broken) == (1, 601)


def test_key_kept_beside_an_order_is_nobodys_once_its_visitor_is_forgotten() -> None:
    eva = Visitor(EVA, Consent.PERSONAL)
    ask_to_forget({EVA}, timezone.now() - timedelta(days=1))
    record_purchase(eva, order_id="7", lines=[("lantern", 1, Decimal(5))], currency="EUR")
    record_add_to_cart(eva, "lantern")
    record_search(eva, "lantern")
    assert not Event.objects.exists()


def test_broken_event_that_comes_after_its_visitor_was_forgotten_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = make_record(visitor=EVA, kind="nonsense", query="where eva has been")
    look = storing.without_erased

    def look_too_early(records: Any) -> Any:
        found = look(records)
        erase({EVA})
        return found

    monkeypatch.setattr(storing, "without_erased", look_too_early)
    assert store([broken]).erased == 1
    assert not BrokenEvent.objects.exists()


def test_entry_that_cannot_be_read_is_not_kept_of_whoever_asked() -> None:
    body = json.dumps(["?", EVA, "where eva has been"]).encode()
    erase({EVA})
    drained = draining._store(draining._read([Entry(b"1-0", body), Entry(b"2-0", b"nobody's")]))
    assert (drained.erased, drained.broken) == (1, 1)
    assert BrokenEvent.objects.get().body == "nobody's"


def test_what_was_seen_is_remembered_no_longer_than_it_is_needed() -> None:
    now = timezone.now()
    id_unless_repeat(EVA, EventKind.SEARCH, "where eva has been", now)
    assert len(repeats._recent) == 1
    id_unless_repeat("a:1", EventKind.SEARCH, "tent", now + timedelta(minutes=1))
    assert [seen[0] for seen in repeats._recent] == ["a:1"]
