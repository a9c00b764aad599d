"""The shop's router sends reads to a replica, or this app's tables to a database of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connections, transaction
from django.db.models import Model

from ecom_llm import pipeline
from ecom_llm.entities import Kind, Origin, TextKey
from ecom_llm.generate import jobs
from ecom_llm.generate.requests import request_texts
from ecom_llm.models import GenerationJob, Text, TextVersion
from ecom_llm.pipeline import settling

pytestmark = pytest.mark.django_db

State = GenerationJob.State
KEYS = [TextKey(Kind.DESCRIPTION, name, "en") for name in ("jacket-1", "kettle-1")]


class ReadsFromOther:
    """Reads from a replica, which lags so far behind that it is empty."""

    def db_for_read(self, model: type[Model], **hints: object) -> str:
        return "other"

    def db_for_write(self, model: type[Model], **hints: object) -> str:
        return "default"

    def allow_relation(self, *objects: object, **hints: object) -> bool:
        return True


class OwnIsOther:
    """This app's tables lie in a second database."""

    def db_for_read(self, model: type[Model], **hints: object) -> str | None:
        return "other" if model._meta.app_label == "ecom_llm" else None

    db_for_write = db_for_read


@pytest.fixture(autouse=True)
def _catalog(memory_catalog: Callable[..., Any]) -> None:
    memory_catalog()


@pytest.fixture
def other(tmp_path: Path) -> Iterator[str]:
    """A second database, with tables and no rows."""
    second = {"ENGINE": "django.db.backends.sqlite3", "NAME": tmp_path / "other.sqlite3"}
    connections.settings["other"] = {**connections.settings["default"], **second, "OPTIONS": {}}
    # Django's tests refuse to open what no test has declared, and could not declare this one.
    connections["other"].connect()
    call_command("migrate", "ecom_llm", database="other", verbosity=0)
    yield "other"
    connections["other"].close()
    del connections["other"]
    del connections.settings["other"]


@pytest.fixture
def replica(other: str, settings: Any) -> None:
    settings.DATABASE_ROUTERS = [ReadsFromOther()]


@pytest.fixture
def own(other: str, settings: Any) -> None:
    settings.DATABASE_ROUTERS = [OwnIsOther()]


def written(using: str) -> tuple[set[str], int]:
    """The states of the jobs, and the number of versions."""
    states = set(GenerationJob.objects.using(using).values_list("state", flat=True))
    return states, TextVersion.objects.using(using).count()


@pytest.mark.usefixtures("replica")
def test_replica_that_lags_delays_no_text() -> None:
    assert request_texts(KEYS) == 2
    # What is queued and what is made is known.
    assert request_texts(KEYS) == 0
    assert pipeline.run_once("test").stored == 2
    assert request_texts(KEYS) == 0
    assert written("default") == ({State.DONE}, 2)


@pytest.mark.usefixtures("replica")
def test_replica_that_lags_does_not_have_an_editors_words_overwritten() -> None:
    text = Text.objects.create(kind=Kind.DESCRIPTION, subject="jacket-1", language="en", product_id="jacket-1")
    text.published = TextVersion.objects.create(
        text=text, body="Ours.", origin=Origin.HUMAN, state=TextVersion.State.PUBLISHED, facts={}, cited={}
    )
    text.save()
    request_texts(KEYS[:1])
    pipeline.run_once("test")
    assert TextVersion.objects.using("default").get(origin=Origin.MODEL).state == TextVersion.State.IN_REVIEW


@pytest.mark.usefixtures("own")
def test_tables_of_their_own_database_are_worked_through() -> None:
    assert request_texts(KEYS) == 2
    pipeline.sweep()
    assert pipeline.run_once("test").stored == 2
    assert written("other") == ({State.DONE}, 2)
    assert written("default") == (set(), 0)


@pytest.mark.usefixtures("own")
def test_texts_and_the_ends_of_their_jobs_are_one_transaction_there_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise IntegrityError

    request_texts(KEYS)
    monkeypatch.setattr(settling, "store_many", fail)
    assert pipeline.run_once("test").failed == 2
    assert written("other") == ({State.WAITING}, 0)


@pytest.mark.usefixtures("own")
def test_request_that_is_rolled_back_there_wakes_no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    woken: list[int] = []
    monkeypatch.setattr("ecom_llm.generate.requests.wake", lambda: woken.append(1))
    with transaction.atomic(using="other"):
        request_texts(KEYS)
        transaction.set_rollback(True, using="other")
    assert woken == []
    request_texts(KEYS)
    assert woken == [1]
    assert len(jobs.claim(9, worker="test", lease_seconds=60)) == 2
