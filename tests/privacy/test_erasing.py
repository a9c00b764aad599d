"""Row 32 of the faults: of a visitor who is forgotten nothing is left, and nobody else loses anything."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError
from django.utils import timezone

from ecom_llm.capture import storing
from ecom_llm.capture.erased import ask_to_forget, hash_of
from ecom_llm.capture.visitors import NOBODY
from ecom_llm.entities import EventKind, EventRecord, Kind, Origin
from ecom_llm.exceptions import StreamAwayError
from ecom_llm.generate import interrupted
from ecom_llm.ids import uuid7
from ecom_llm.models import (
    BrokenEvent,
    Erasure,
    Event,
    GenerationJob,
    LearningRun,
    NotInterested,
    Text,
    VisitorAccount,
)
from ecom_llm.pipeline import sweeping
from ecom_llm.privacy import chunks, derived, erasing
from ecom_llm.privacy.erasing import erase, finish, resume
from ecom_llm.recommend.learning import learn
from ecom_llm.recommend.pair_counts import AFTER
from ecom_llm.recommend.ranking import recommend
from tests.privacy.conftest import (
    ADAM,
    EVA,
    EVAS_REASON,
    QUERY,
    SHARED,
    SHARED_REASON,
    hours_ago,
    record,
    shop_like,
    where,
    write,
)
from tests.recommend.learned import counts_now, pairs_of

pytestmark = pytest.mark.django_db


def record_of(visitor: str, *, ago: timedelta = timedelta(0)) -> EventRecord:
    moment = timezone.now() - ago
    return EventRecord(uuid7(moment), EventKind.VIEW_ITEM, moment, visitor, "personal", product_id="jacket-1")


def test_nothing_is_left_of_a_visitor_in_any_table_or_log(evas_life: User, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    assert len(where(EVA)) > 10
    assert len(where(QUERY)) > 5
    erased = erase([EVA])
    assert erased.is_complete
    assert where(EVA.removeprefix("p:")) == where(QUERY) == where("evas-order") == where(EVAS_REASON) == []
    assert EVA.removeprefix("p:") not in caplog.text
    assert QUERY not in caplog.text
    row = Erasure.objects.get()
    assert (row.visitor_hash, row.visitor, row.done_at is not None) == (hash_of(EVA), "", True)


def test_what_was_deleted_is_counted(evas_life: User) -> None:
    erased = erase([EVA])
    assert (erased.visitors, erased.events, erased.broken_events, erased.accounts) == (1, 8, 2, 1)
    assert (erased.texts, erased.jobs, erased.not_interested) == (2, 2, 1)
    # With the kettle: after the jacket, before the lamp; together with both, and bought with both, either way round.
    assert erased.pairs == 2 + 4 + 4
    assert erased.rows == 8 + 2 + 1 + 2 + 2 + 1 + 10


def test_nobody_else_loses_anything(evas_life: User) -> None:
    before = Event.objects.filter(visitor=ADAM).count()
    erase([EVA])
    assert Event.objects.filter(visitor=ADAM).count() == before == 5
    assert set(Text.objects.values_list("subject", flat=True)) == {SHARED, SHARED_REASON}
    assert set(GenerationJob.objects.values_list("subject", flat=True)) == {SHARED, SHARED_REASON}
    assert BrokenEvent.objects.get().visitor == ADAM
    assert NotInterested.objects.get().visitor == ADAM
    assert pairs_of("jacket-1").keys() == {"lamp-1"}
    assert pairs_of("lamp-1").keys() == {"jacket-1"}
    assert pairs_of("kettle-1") == {}


def test_pages_no_longer_say_what_only_they_supported(evas_life: User, use_settings: Callable[..., None]) -> None:
    use_settings(RECOMMEND={"MIN_SUPPORT": 1})

    def evidence() -> dict[str, str]:
        found = recommend(visitor=NOBODY, product="jacket-1", limit=9)
        return {item.product_id: item.evidence.kind.value for item in found}

    assert (evidence()["kettle-1"], evidence()["lamp-1"]) == ("bought_together", "bought_together")
    erase([EVA])
    assert (evidence()["kettle-1"], evidence()["lamp-1"]) == ("popular", "bought_together")


def test_pair_that_a_visitor_supports_most_but_not_alone_stays(db: None) -> None:
    for days in (1, 2, 3):
        for minute, product_id in enumerate(("jacket-1", "kettle-1")):
            record(EVA, product_id=product_id, ago=timedelta(days=days, minutes=-minute))
    shop_like(ADAM, "jacket-1", "kettle-1")
    learn()
    assert pairs_of("jacket-1")["kettle-1"].supports[AFTER] == 4
    erase([EVA])
    assert pairs_of("jacket-1")["kettle-1"].supports[AFTER] == 1
    erase([ADAM])
    assert derived.own_reasons([ADAM]) == []


def test_pair_counts_are_those_of_visits_as_learning_cuts_them(db: None) -> None:
    # Two visits, with a long gap between the jacket and the kettle.
    record(EVA, product_id="jacket-1", ago=timedelta(hours=9))
    record(EVA, product_id="kettle-1", ago=timedelta(hours=2))
    shop_like(ADAM, "jacket-1", "kettle-1")
    learn()
    erase([EVA])
    assert pairs_of("jacket-1")["kettle-1"].supports[AFTER] == 1


def test_what_a_giant_visit_does_not_teach_is_nobodys(db: None, use_settings: Callable[..., None]) -> None:
    use_settings(RECOMMEND={"VISIT_PRODUCTS": 2})
    shop_like(EVA, "jacket-1", "kettle-1", "lamp-1")
    learn()
    assert {subject.seed_id for subject in derived.own_reasons([EVA])} == {"kettle-1", "lamp-1"}


@pytest.mark.parametrize(
    ("version", "stays"),
    [
        ({"origin": Origin.HUMAN}, True),
        ({"approved": True}, True),
        ({"approved": True, "state": "rejected"}, False),
        ({}, False),
    ],
)
def test_words_that_a_person_wrote_or_approved_are_the_shops(db: None, version: dict[str, Any], stays: bool) -> None:
    record(EVA, EventKind.SEARCH, query=QUERY)
    if version.pop("approved", False):
        version["decided_by"] = User.objects.create_user("editor")
    write(Kind.SEARCH_COPY, QUERY, **version)
    erased = erase([EVA])
    assert Text.objects.exists() is stays
    assert GenerationJob.objects.exists() is stays
    assert erased.texts == (not stays)


def test_what_only_the_two_browsers_of_one_person_support_goes_with_them(evas_life: User) -> None:
    erase({EVA, ADAM})
    assert not any(pairs_of(product_id) for product_id in ("jacket-1", "kettle-1", "lamp-1"))
    assert not Text.objects.exists()
    assert not GenerationJob.objects.exists()


def test_search_without_a_key_keeps_no_copy_alive(db: None) -> None:
    record(EVA, EventKind.SEARCH, query=QUERY)
    record("", EventKind.SEARCH, query=QUERY)
    write(Kind.SEARCH_COPY, QUERY)
    erase([EVA])
    assert not Text.objects.exists()


def test_events_on_their_way_are_refused_and_later_ones_taken(db: None) -> None:
    erase([EVA])
    stored = storing.store([record_of(EVA, ago=timedelta(seconds=30)), record_of(ADAM)])
    assert (stored.inserted, stored.erased) == (1, 1)
    Erasure.objects.update(asked_at=hours_ago(1), done_at=hours_ago(1))
    assert storing.store([record_of(EVA)]).inserted == 1


def test_events_between_the_look_and_the_table_are_taken_back(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    insert = storing.insert

    def insert_late(records: Any) -> int:
        erase([EVA])
        return insert(records)

    monkeypatch.setattr(storing, "insert", insert_late)
    stored = storing.store([record_of(EVA, ago=timedelta(seconds=1)), record_of(ADAM)])
    assert (stored.inserted, stored.erased) == (1, 1)
    assert where(EVA) == []
    assert Event.objects.get().visitor == ADAM


def test_unknown_visitor_is_written_down_all_the_same(db: None) -> None:
    erased = erase([EVA, ""])
    assert (erased.visitors, erased.rows, erased.is_complete) == (1, 0, True)
    assert Erasure.objects.get().visitor_hash == hash_of(EVA)


def test_erasure_that_is_stopped_goes_on_where_it_was(evas_life: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "CHUNK_ROWS", 3)
    for allowed in range(40):
        asked = iter(range(allowed))
        erased = erase([EVA], should_stop=lambda asked=asked: next(asked, None) is None)
        if erased.is_complete:
            break
        assert Erasure.objects.get(done_at=None).visitor == EVA
    assert allowed > 5
    assert where(EVA) == where(QUERY) == where(EVAS_REASON) == []
    assert [seed for seed in ("jacket-1", "kettle-1", "lamp-1") if pairs_of(seed)] == ["jacket-1", "lamp-1"]


def test_resume_finishes_what_was_asked_and_costs_one_query_afterwards(
    evas_life: User, django_assert_num_queries: Any
) -> None:
    ask_to_forget({EVA})
    assert resume().visitors == 1
    assert where(EVA) == []
    with django_assert_num_queries(1):
        assert resume().is_complete


def test_only_the_visitors_named_are_finished(db: None) -> None:
    ask_to_forget({EVA, ADAM})
    assert finish({EVA}).visitors == 1
    assert Erasure.objects.get(done_at=None).visitor == ADAM


def test_asking_twice_leaves_one_erasure_with_the_later_time(db: None) -> None:
    ask_to_forget({EVA}, hours_ago(1))
    ask_to_forget({EVA, ADAM})
    assert Erasure.objects.count() == 2
    assert Erasure.objects.get(visitor=EVA).asked_at > hours_ago(0.5)


def test_who_asks_again_meanwhile_is_looked_for_again(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    ask_to_forget({EVA}, hours_ago(1))

    def forget(keys: set[str]) -> int:
        ask_to_forget(keys)
        return 0

    with monkeypatch.context() as context:
        context.setattr(erasing.stream, "forget", forget)
        assert not resume().is_complete
    assert Erasure.objects.get().visitor == EVA
    assert resume().is_complete


def test_stream_is_searched_and_one_that_is_away_leaves_the_erasure_waiting(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(EVA)

    def away(keys: set[str]) -> int:
        raise StreamAwayError

    monkeypatch.setattr(erasing.stream, "forget", away)
    assert (erase([EVA]).is_complete, Event.objects.count()) == (False, 0)
    asked: list[set[str]] = []
    monkeypatch.setattr(erasing.stream, "forget", lambda keys: asked.append(keys) or 7)
    assert resume().stream_entries == 7
    assert asked == [{EVA}]


def test_long_stream_is_left_to_a_sweep_by_who_is_in_a_hurry(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erasing.stream, "backlog", lambda: erasing.QUICK_STREAM_ENTRIES + 1)
    assert not erase([EVA], seconds=60).is_complete
    assert resume().is_complete


def test_one_that_fails_keeps_no_other_waiting(
    db: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def own_reasons(visitors: list[str]) -> list[Any]:
        if EVA in visitors:
            raise ValueError(f"{EVA} searched for {QUERY}")
        return []

    monkeypatch.setattr(derived, "own_reasons", own_reasons)
    ask_to_forget({EVA}, hours_ago(1))
    ask_to_forget({ADAM})
    erased = resume()
    assert (erased.visitors, erased.is_complete) == (1, False)
    assert Erasure.objects.get(done_at=None).visitor == EVA
    assert "ValueError" in caplog.text
    assert QUERY not in caplog.text
    assert EVA not in caplog.text


def test_database_that_is_away_is_told(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(visitors: list[str]) -> list[Any]:
        raise OperationalError("server closed the connection")

    ask_to_forget({EVA})
    monkeypatch.setattr(derived, "own_reasons", away)
    monkeypatch.setattr(interrupted, "_answers", lambda _: False)
    with pytest.raises(OperationalError):
        resume()


def test_the_next_sweep_has_nothing_left_to_learn(evas_life: User) -> None:
    before = LearningRun.objects.get()
    erase([EVA])
    counts = counts_now()
    sweeping.sweep()
    assert LearningRun.objects.get() == before
    learn(rebuild=True)
    counts.check(counts_now())


def test_link_to_an_account_is_gone_but_the_account_stays(evas_life: User) -> None:
    erase([EVA])
    assert not VisitorAccount.objects.exists()
    assert User.objects.filter(pk=evas_life.pk).exists()
    assert not Erasure.objects.filter(done_at=None).exists()


def test_sweep_forgets_who_asked(evas_life: User, use_settings: Callable[..., None]) -> None:
    ask_to_forget({EVA})
    sweeping.sweep()
    assert where(EVA) == []
