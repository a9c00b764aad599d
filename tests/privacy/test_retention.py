"""What is too old goes, by kind; what is not stays; in chunks that may stop."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from ecom_llm.capture import salts
from ecom_llm.entities import EventKind, Kind
from ecom_llm.ids import uuid7
from ecom_llm.models import (
    BrokenEvent,
    CaptureCount,
    DailySalt,
    Erasure,
    Event,
    EventImport,
    GenerationJob,
    NotInterested,
    VisitorAccount,
)
from ecom_llm.pipeline import sweeping
from ecom_llm.privacy import chunks, retention, upkeep
from ecom_llm.privacy.retention import count_too_old, days_kept, prune
from tests.privacy.conftest import EVA, QUERY, record, write

pytestmark = pytest.mark.django_db

UseSettings = Callable[..., None]


def aged(days: float, kind: EventKind = EventKind.VIEW_ITEM) -> Event:
    moment = timezone.now() - timedelta(days=days)
    return Event.objects.create(
        id=uuid7(moment), kind=kind, occurred_at=moment, visitor=EVA, consent="personal", product_id="jacket-1"
    )


def job(days: float, *, state: str = "failed", subject: str = "jacket-1") -> GenerationJob:
    moment = timezone.now() - timedelta(days=days)
    return GenerationJob.objects.create(
        kind=Kind.DESCRIPTION, subject=subject, language="en-gb", state=state, expires_at=moment,
        finished_at=None if state in GenerationJob.ACTIVE else moment,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "days"),
    [(kind, 730 if kind is EventKind.PURCHASE else 90) for kind in EventKind],
)
def test_events_are_kept_as_long_as_their_kind(kind: EventKind, days: int) -> None:
    aged(days + 0.1, kind)
    young = aged(days - 0.1, kind)
    assert prune().is_complete
    assert Event.objects.get() == young


@pytest.mark.parametrize(
    ("visitor", "days", "is_kept"),
    [(EVA, 179.9, True), (EVA, 180.1, False), ("a:" + "a" * 32, 1.9, True), ("a:" + "a" * 32, 2.1, False)],
)
def test_what_is_not_wanted_is_kept_as_long_as_it_can_be_heeded(visitor: str, days: float, is_kept: bool) -> None:
    NotInterested.objects.create(visitor=visitor, product_id="jacket-1")
    NotInterested.objects.update(created_at=timezone.now() - timedelta(days=days))
    assert count_too_old()["not_interested"] == (not is_kept)
    assert prune().rows["not_interested"] == (not is_kept)
    assert NotInterested.objects.exists() is is_kept


def test_shop_says_how_long_each_kind_is_kept(use_settings: UseSettings) -> None:
    use_settings(PRIVACY={"RETENTION_DAYS": {"default": 5, "search": 2}})
    aged(3, EventKind.SEARCH)
    kept = {aged(3), aged(700, EventKind.PURCHASE)}
    aged(6)
    prune()
    assert set(Event.objects.all()) == kept
    assert (days_kept()["search"], days_kept()["view_item"]) == (2, 5)


def test_everything_else_that_is_too_old_goes_too() -> None:
    now = timezone.now()
    for days in (13, 15):
        BrokenEvent.objects.create(reason=str(days), body="")
        BrokenEvent.objects.filter(reason=str(days)).update(kept_at=now - timedelta(days=days))
    for days in (399, 402):
        CaptureCount.objects.create(day=(now - timedelta(days=days)).date(), name=str(days))
    for days in (29, 31):
        Erasure.objects.create(visitor_hash=str(days), asked_at=now, done_at=now - timedelta(days=days))
        EventImport.objects.create(fingerprint=str(days), name=str(days), salt=b"salt")
        EventImport.objects.filter(name=str(days)).update(updated_at=now - timedelta(days=days))
    Erasure.objects.create(visitor_hash="waiting", visitor="p:1", asked_at=now - timedelta(days=99))
    EventImport.objects.create(fingerprint="done", name="done", salt=b"", finished_at=now)
    EventImport.objects.filter(name="done").update(updated_at=now - timedelta(days=99))
    pruned = prune()
    assert BrokenEvent.objects.get().reason == "13"
    assert CaptureCount.objects.get().name == "399"
    assert set(Erasure.objects.values_list("visitor_hash", flat=True)) == {"29", "waiting"}
    assert set(EventImport.objects.values_list("name", flat=True)) == {"29", "done"}
    assert {name: number for name, number in pruned.rows.items() if number} == {
        "broken": 1, "count": 1, "erasure": 1, "import": 1,
    }  # fmt: skip


def test_link_to_an_account_goes_once_neither_its_cookie_nor_its_events_can_be_there() -> None:
    eva = User.objects.create_user("eva")
    longest = days_kept()["link"]
    assert longest == 180 + 730
    for visitor, days in (("p:young", longest - 1), ("p:old", longest + 1), ("p:active", longest + 1)):
        VisitorAccount.objects.create(visitor=visitor, user=eva)
        VisitorAccount.objects.filter(visitor=visitor).update(linked_at=timezone.now() - timedelta(days=days))
    record("p:active")
    assert prune().rows["link"] == 1
    assert set(VisitorAccount.objects.values_list("visitor", flat=True)) == {"p:young", "p:active"}
    # It grew old; nobody asked for anything.
    assert not Erasure.objects.exists()


def test_salts_of_days_before_yesterday_are_thrown_away() -> None:
    today = timezone.localdate(timezone=timezone.get_default_timezone())
    for age in range(4):
        DailySalt.objects.create(day=today - timedelta(days=age), salt=b"salt")
    assert prune().rows["salt"] == 2
    assert len(salts.kept_salts()) == 2


def test_ended_jobs_go_but_for_the_one_that_made_a_text() -> None:
    older = job(61, state="done", subject="kettle-1")
    text = write(Kind.DESCRIPTION, "kettle-1")
    made = GenerationJob.objects.exclude(pk=older.pk).get()
    GenerationJob.objects.filter(pk=made.pk).update(finished_at=timezone.now() - timedelta(days=60))
    kept = {made, job(29), job(99, state="waiting"), job(99, state="running", subject="lamp-1")}
    # Whatever a job holds that waits again, it is needed.
    GenerationJob.objects.filter(state="waiting").update(finished_at=timezone.now() - timedelta(days=98))
    for state in ("failed", "blocked", "expired"):
        job(31, state=state)
    job(31, state="done", subject="of a text that is gone")
    assert prune().rows["job"] == 5
    assert set(GenerationJob.objects.all()) == kept
    assert text.versions.count() == 1


def test_pruning_that_is_stopped_goes_on_where_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "CHUNK_ROWS", 2)
    if connection.vendor == "postgresql":
        # Rows are what is looked at here.
        monkeypatch.setattr(retention, "drop_days_before", lambda day: 0)
    for days in range(91, 98):
        aged(days)
    left = [7]
    for allowed in range(40):
        asked = iter(range(allowed))
        pruned = prune(lambda asked=asked: next(asked, None) is None)
        left.append(Event.objects.count())
        if pruned.is_complete:
            break
    assert left[-1] == 0
    assert 0 < left[3] < 7


def test_pruning_takes_no_longer_than_it_may() -> None:
    aged(99)
    assert not prune(seconds=0).is_complete


def test_whole_days_are_dropped_before_the_day_of_the_longest_kind(
    monkeypatch: pytest.MonkeyPatch, use_settings: UseSettings
) -> None:
    use_settings(PRIVACY={"RETENTION_DAYS": {"default": 10, "search": 20, "purchase": 700}})
    asked: list[date] = []
    monkeypatch.setattr(retention, "drop_days_before", lambda day: asked.append(day) or 3)
    assert prune().days == 3
    assert asked == [(datetime.now(UTC) - timedelta(days=20)).date()]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="days lie in tables of their own on PostgreSQL only")
@pytest.mark.django_db(transaction=True)
def test_tables_of_old_days_are_dropped_on_postgresql(monkeypatch: pytest.MonkeyPatch) -> None:
    aged(0)
    bought = aged(0, EventKind.PURCHASE)
    # Only days to come have tables of their own here, so let one of those be too old.
    monkeypatch.setattr(retention, "_first_day_kept", lambda: datetime.now(UTC).date() + timedelta(days=1))
    pruned = prune()
    assert pruned.days >= 1
    assert pruned.rows["view_item"] == 0
    assert Event.objects.get() == bought


def test_counting_deletes_nothing() -> None:
    aged(99)
    assert count_too_old()["view_item"] == 1
    assert Event.objects.count() == 1


def test_progress_is_told_by_name() -> None:
    aged(99)
    told: dict[str, int] = {}
    prune(on_progress=told.__setitem__)
    assert (told["view_item"], told["job"]) == (1, 0)


def test_sweep_prunes_once_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    aged(99)
    sweeping.sweep()
    assert not Event.objects.exists()
    aged(99)
    sweeping.sweep()
    assert Event.objects.count() == 1
    # Another worker sees that it was done.
    monkeypatch.setattr(upkeep, "_pruned_day", None)
    sweeping.sweep()
    assert Event.objects.count() == 1
    CaptureCount.objects.update(day=date(2000, 1, 1))
    monkeypatch.setattr(upkeep, "_pruned_day", date(2000, 1, 1))
    sweeping.sweep()
    assert not Event.objects.exists()


def test_sweep_that_had_too_little_time_goes_on_later(monkeypatch: pytest.MonkeyPatch) -> None:
    aged(99)
    monkeypatch.setattr(upkeep, "GO_SECONDS", 0.0)
    sweeping.sweep()
    monkeypatch.setattr(upkeep, "GO_SECONDS", 5.0)
    sweeping.sweep()
    assert Event.objects.exists()
    assert not CaptureCount.objects.exists()
    upkeep._rested_until["pruning"] = float("-inf")
    sweeping.sweep()
    assert not Event.objects.exists()


def test_upkeep_that_fails_keeps_no_text_from_being_made(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tries: list[int] = []

    def fail(**_: Any) -> Any:
        tries.append(1)
        raise ValueError(QUERY)

    monkeypatch.setattr(upkeep, "prune", fail)
    sweeping.sweep()
    sweeping.sweep()
    assert len(tries) == 1
    assert "ValueError" in caplog.text
    assert QUERY not in caplog.text
