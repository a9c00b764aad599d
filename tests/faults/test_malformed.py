"""Row 30: whatever is sent to the API, it neither fails, nor keeps what is wrong, nor touches what is another's."""

from __future__ import annotations

import re
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import signing
from django.core.signals import got_request_exception
from django.test import Client
from django.utils import timezone

from ecom_llm.api.events import KINDS
from ecom_llm.capture import counters
from ecom_llm.capture.identity import SALT
from ecom_llm.capture.queries import normalise_query
from ecom_llm.ids import time_of, uuid7
from ecom_llm.models import Event, VisitorAccount
from shop_demo.models import Product
from shop_demo.seeding import seed_catalogue
from tests.api.conftest import NO_RATES, make_text
from tests.faults.conftest import RecordFigure
from tests.faults.malformed import Maker, Sent

pytestmark = pytest.mark.django_db(transaction=True)

VICTIM, ATTACKER = "e" * 32, "b" * 32
SECRET = "where-eva-has-been"
VISITOR_KEY = re.compile(r"[ap]:[0-9a-f]{32}|")


@pytest.fixture
def failures() -> Iterator[list[str]]:
    """What went wrong within a request."""
    seen: list[str] = []

    def note(**_: Any) -> None:
        seen.append(traceback.format_exc())

    got_request_exception.connect(note)
    yield seen
    got_request_exception.disconnect(note)


def signed(visitor_id: str, salt: str = SALT) -> str:
    return signing.get_cookie_signer(salt=salt).sign(visitor_id)


def theirs() -> list[dict[str, Any]]:
    """Every row about the victim."""
    rows = list(Event.objects.filter(visitor=f"p:{VICTIM}").order_by("id").values())
    return rows + list(VisitorAccount.objects.values())


def send(client: Client, sent: Sent) -> Any:
    return client.generic(sent.method, sent.path, QUERY_STRING=sent.query, **sent.environ)


@pytest.fixture
def maker(settings: Any) -> Maker:
    """A shop with another visitor's events; the requests name them, and carry cookies forged in their name."""
    settings.REST_FRAMEWORK = NO_RATES
    seed_catalogue()
    product = Product.objects.listed()[0].sku
    text = make_text(subject=product, in_review=True)
    now = timezone.now()
    VisitorAccount.objects.create(visitor=f"p:{VICTIM}", user=User.objects.create_user("eva"))
    values = {"kind": "view_item", "product_id": product, "visitor": f"p:{VICTIM}", "visit": SECRET}
    events = [Event.objects.create(id=uuid7(now), occurred_at=now, consent="personal", **values) for _ in range(20)]
    staff = Client()
    staff.force_login(User.objects.create_superuser("root"))
    cookies = [
        ("ecom_llm_consent", "personal"),
        ("ecom_llm_consent", "anonymous"),
        ("ecom_llm_consent", "none"),
        ("ecom_llm_visitor", signed(ATTACKER)),
        ("ecom_llm_visitor", VICTIM),
        ("ecom_llm_visitor", signed(ATTACKER).replace(ATTACKER, VICTIM)),
        ("ecom_llm_visitor", signed(VICTIM, salt="other")),
        ("ecom_llm_visitor", f"{VICTIM}:1:{'x' * 43}"),
        ("sessionid", staff.cookies["sessionid"].value),
        ("sessionid", staff.cookies["sessionid"].value[:-1] + "x"),
    ]
    return Maker(30, ids=[str(event.pk) for event in events], cookies=cookies, product_id=product, text_id=text.text_id)


def test_malformed_requests_break_nothing_and_reach_nobody_else(
    maker: Maker, failures: list[str], rounds: Callable[[int, int], int], figure: RecordFigure
) -> None:
    counters.reset()
    client = Client(raise_request_exception=False, enforce_csrf_checks=True, headers={"X-CSRFToken": "a" * 32})
    before, statuses, leaks, injected = theirs(), Counter[int](), 0, 0
    requests = rounds(10_000, 1_000)
    for _ in range(requests):
        answer = send(client, maker.make())
        client.cookies.clear()
        statuses[answer.status_code] += 1
        leaks += SECRET.encode() in answer.getvalue()
        injected += any("\n" in value or "\r" in value for value in answer.headers.values()) or "X-Injected" in answer
    print(*failures[:5], sep="\n")
    wrong = [problem for event in Event.objects.all() if (problem := problem_of(event))]
    is_untouched = theirs() == before
    kept, failed = Event.objects.count() - len(before), sum(statuses[code] for code in statuses if code >= 500)
    print(statuses, counters.read(), wrong[:5], leaks, injected, is_untouched)
    text = (
        f"{failed} of {requests} answered 5xx, {statuses[202]} batches taken; {len(wrong)} of {kept} events wrong;"
        f" another's rows {'as before' if is_untouched else 'changed'}, shown {leaks} times; {injected} headers added"
    )
    is_held = not (failed or wrong or leaks or injected) and is_untouched and kept > requests // 20
    figure(30, text, is_held=is_held)


def problem_of(event: Event) -> str:
    """What is wrong with an event that was kept; empty when nothing is."""
    rules = {
        "kind": event.kind in KINDS,
        "visitor": bool(VISITOR_KEY.fullmatch(event.visitor)),
        "product": not event.product_id or Product.objects.filter(sku=event.product_id).exists(),
        "query": event.query == normalise_query(event.query, 200),
        "quantity": 1 <= event.quantity <= 10_000,
        "engagement": 0 <= (event.engagement_ms or 0) <= 30 * 60 * 1000,
        "time": timedelta(0) <= timezone.now() - event.occurred_at <= timedelta(days=1, minutes=5),
        "id": abs((time_of(event.pk) or event.occurred_at) - event.occurred_at) <= timedelta(days=2),
        "money": (event.value, event.currency, event.order_id) == (None, "", ""),
    }
    return ", ".join(name for name, holds in rules.items() if not holds)
