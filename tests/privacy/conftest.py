"""A shop in which two visitors have left everything that a visitor can leave."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.utils import timezone

from ecom_llm.entities import EventKind, EvidenceKind, Kind, ReasonSubject
from ecom_llm.models import BrokenEvent, Event, GenerationJob, NotInterested, Text, TextVersion, VisitorAccount
from ecom_llm.privacy import upkeep
from ecom_llm.recommend.learning import learn
from tests.conftest import MakeCatalog

EVA, ADAM = "p:" + "e" * 32, "p:" + "a" * 32
# Eva's alone; nobody else has such words.
QUERY = "quince-coloured gaiters"
SHARED = "rain jacket"
# Adam looks at the jacket and the lamp only, so what has the kettle in it is Eva's.
EVAS_REASON = ReasonSubject("jacket-1", "kettle-1", EvidenceKind.VIEWED_AFTER).key
SHARED_REASON = ReasonSubject("jacket-1", "lamp-1", EvidenceKind.VIEWED_AFTER).key


@pytest.fixture(autouse=True)
def _catalog(memory_catalog: MakeCatalog) -> None:
    memory_catalog()


@pytest.fixture(autouse=True)
def _rested(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that has not pruned today and has not failed."""
    monkeypatch.setattr(upkeep, "_pruned_day", None)
    monkeypatch.setattr(upkeep, "_rested_until", dict.fromkeys(upkeep._rested_until, float("-inf")))


def record(
    visitor: str, kind: EventKind = EventKind.VIEW_ITEM, *, ago: timedelta | None = None, **values: Any
) -> Event:
    """Write one event of a `personal` visitor."""
    moment = timezone.now() - (ago or timedelta(hours=1))
    return Event.objects.create(kind=kind, visitor=visitor, consent="personal", occurred_at=moment, **values)


def write(kind: Kind, subject: str, **version: Any) -> Text:
    """A text with one published version, and the job that made it."""
    job = GenerationJob.objects.create(
        kind=kind, subject=subject, language="en-gb", state="done", expires_at=timezone.now(), error=f"of {subject}"
    )
    text = Text.objects.create(kind=kind, subject=subject, language="en-gb")
    values = {"body": f"About {subject}.", "state": "published", "origin": "model"} | version
    text.published = TextVersion.objects.create(text=text, job=job, **values)
    text.save()
    return text


def shop_like(visitor: str, *product_ids: str, queries: tuple[str, ...] = (), order: str = "") -> None:
    """One visit: search, look at products a minute apart, buy them all."""
    for minute, query in enumerate(queries):
        record(visitor, EventKind.SEARCH, query=query, ago=timedelta(minutes=90 - minute))
    for minute, product_id in enumerate(product_ids):
        record(visitor, product_id=product_id, ago=timedelta(minutes=60 - minute))
        if order:
            record(visitor, EventKind.PURCHASE, product_id=product_id, order_id=order, ago=timedelta(minutes=30))


@pytest.fixture
def evas_life(db: None) -> User:
    """Eva and Adam have shopped, the shop has learned from it and written about it, and Eva has an account."""
    shop_like(EVA, "jacket-1", "kettle-1", "lamp-1", queries=(QUERY, SHARED), order="evas-order")
    shop_like(ADAM, "jacket-1", "lamp-1", queries=(SHARED,), order="adams-order")
    learn()
    write(Kind.SEARCH_COPY, QUERY)
    write(Kind.SEARCH_COPY, SHARED)
    write(Kind.REASON, EVAS_REASON)
    write(Kind.REASON, SHARED_REASON)
    BrokenEvent.objects.create(reason="too wide", visitor=EVA, body=json.dumps({"visitor": EVA, "query": QUERY}))
    BrokenEvent.objects.create(reason="no event", body=json.dumps(["?", EVA, QUERY]))
    BrokenEvent.objects.create(reason="no event", visitor=ADAM, body="{}")
    for visitor in (EVA, ADAM):
        NotInterested.objects.create(visitor=visitor, product_id="jacket-2")
    user = User.objects.create_user("eva", password="eva")
    VisitorAccount.objects.create(visitor=EVA, user=user)
    return user


def every_text() -> Iterator[str]:
    """Every value of every column of every table of this app, as text."""
    for model in apps.get_app_config("ecom_llm").get_models():
        for row in model._default_manager.values():
            yield from (f"{model.__name__}.{name} {value}" for name, value in row.items())


def where(words: str) -> list[str]:
    """The places in the tables that hold these words."""
    return [text for text in every_text() if words in text]


def hours_ago(hours: float) -> datetime:
    return timezone.now() - timedelta(hours=hours)
