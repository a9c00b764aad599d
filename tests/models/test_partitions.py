"""Tables of days are made and dropped while shops read and write."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connections, transaction

from ecom_llm.ids import EPOCH, first_id
from ecom_llm.models import Event, partitions
from ecom_llm.models.partition_catalog import DOOMED, read_partitions, today
from ecom_llm.models.partitions import drop_days_before, ensure_days, prepare_days

Tables = Callable[[], dict[str, set[str]]]

TODAY = today()
NOW = datetime.now(UTC)


def names() -> list[str]:
    found = read_partitions(connections["shop"])
    assert found is not None
    return [table.name.removeprefix("ecom_llm_event_") for table in found.tables]


def spelt(days: int) -> str:
    """A day so many days from today as tables are named."""
    return f"{NOW + timedelta(days=days):%Y%m%d}"


def date_of(days: int) -> date:
    return NOW.date() + timedelta(days=days)


def view(days: int = 0, kind: str = "view_item") -> Event:
    return Event.objects.create(kind=kind, occurred_at=NOW + timedelta(days=days), consent="anonymous")


def in_threads(number: int, work: Callable[[], object]) -> list[object]:
    """What each of some threads came to: an exception or a result."""
    begin = threading.Barrier(number)
    results: list[object] = []

    def run() -> None:
        begin.wait(10)
        try:
            results.append(work())
        except Exception as error:
            results.append(error)
        finally:
            connections["shop"].close()

    threads = [threading.Thread(target=run) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return results


@contextmanager
def another_in_transaction(*statements: str) -> Iterator[Any]:
    """A second session with an open transaction."""
    other = connections["shop"].copy()
    other.set_autocommit(False)
    try:
        for statement in statements:
            other.cursor().execute(statement)
        yield other
    finally:
        other.close()


@pytest.fixture
def dropped(shop: str) -> str:
    """A shop that has dropped what is older than a week, and has tables for the last days only."""
    with connections[shop].cursor() as cursor:
        cursor.execute(f"DROP TABLE ecom_llm_event_until_{spelt(0)}")
        for days in range(-7, 0):
            low, high = (first_id(EPOCH + timedelta(days=TODAY + days + more)) for more in (0, 1))
            cursor.execute(
                f"CREATE TABLE ecom_llm_event_{spelt(days)} PARTITION OF ecom_llm_event_behaviour"
                f" FOR VALUES FROM ('{low}') TO ('{high}')"
            )
    return shop


def test_a_migrated_shop_has_tables_for_the_past_today_and_the_next_week(shop: str) -> None:
    assert names() == [f"until_{spelt(0)}", *(spelt(days) for days in range(8))]


def test_a_day_to_come_gets_a_table_of_its_own(shop: str) -> None:
    ensure_days({TODAY + 9}, shop)

    assert names()[-2:] == [spelt(7), spelt(9)]


def test_days_past_share_one_table_between_those_that_are_there(dropped: str) -> None:
    connections[dropped].cursor().execute(f"DROP TABLE ecom_llm_event_{spelt(-3)}, ecom_llm_event_{spelt(-4)}")

    ensure_days({TODAY - 3, TODAY - 4, TODAY - 800, TODAY - 9000}, dropped)

    assert names()[:5] == [f"until_{spelt(-7)}", spelt(-7), spelt(-6), spelt(-5), f"until_{spelt(-2)}"]


def test_a_shop_that_has_slept_goes_on_with_a_table_a_day(shop: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partitions, "today", lambda: TODAY + 30)

    ensure_days({TODAY + 29, TODAY + 30}, shop)

    assert names()[-3:] == [spelt(7), f"until_{spelt(30)}", spelt(30)]


def test_a_day_more_than_a_month_ahead_is_refused_in_words(shop: str) -> None:
    with pytest.raises(ValueError, match="more than 31 days ahead, 2"):
        ensure_days({TODAY + 32}, shop)
    with pytest.raises(ValueError, match="beyond the year 9999"):
        ensure_days({3_257_812}, shop)


def test_a_plain_table_is_left_as_it_is(plain_shop: str) -> None:
    ensure_days({TODAY + 9}, plain_shop)

    assert read_partitions(connections[plain_shop]) is None
    assert drop_days_before(date_of(0), plain_shop) == 0


def test_many_processes_make_the_same_days_at_once(dropped: str) -> None:
    def make() -> None:
        partitions.forget_days(dropped)
        ensure_days({TODAY - 50, TODAY + 8, TODAY + 9, TODAY + 10}, dropped)

    assert in_threads(6, make) == [None] * 6
    assert names()[-4:] == [spelt(7), spelt(8), spelt(9), spelt(10)]


def test_tables_are_made_beside_those_who_read_and_write(shop: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partitions, "MAKING_SECONDS", 0.2)
    insert = (
        "INSERT INTO ecom_llm_event (id, kind, occurred_at, visitor, visit, consent, product_id, query, quantity,"
        " currency, order_id, language) VALUES (%s, 'view_item', now(), '', '', '', '', '', 1, '', '', '')"
    )
    with another_in_transaction("SELECT * FROM ecom_llm_event") as other:
        other.cursor().execute(insert, [first_id(NOW)])

        ensure_days({TODAY + 9}, shop)

        other.cursor().execute("SELECT * FROM ecom_llm_event")
        other.commit()
    assert names()[-1] == spelt(9)


def test_a_table_made_within_the_shops_transaction_outlives_its_roll_back_and_locks_nobody_out(
    shop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partitions, "MAKING_SECONDS", 0.2)
    with transaction.atomic(using=shop):
        ensure_days({TODAY + 9}, shop)
        with another_in_transaction("LOCK TABLE ONLY ecom_llm_event_behaviour IN SHARE UPDATE EXCLUSIVE MODE NOWAIT"):
            pass
        transaction.set_rollback(True, using=shop)

    assert names()[-1] == spelt(9)


def test_a_transaction_that_holds_the_table_makes_its_days_itself(shop: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partitions, "MAKING_SECONDS", 0.1)
    with transaction.atomic(using=shop):
        connections[shop].cursor().execute("LOCK TABLE ecom_llm_event IN ACCESS EXCLUSIVE MODE")
        ensure_days({TODAY + 9}, shop)
        assert names()[-1] == spelt(9)
        transaction.set_rollback(True, using=shop)
    assert names()[-1] == spelt(7)

    # What went with the roll-back is not believed to be there.
    ensure_days({TODAY + 9}, shop)
    assert names()[-1] == spelt(9)


def test_days_that_are_there_cost_no_query(shop: str, django_assert_num_queries: Any) -> None:
    prepare_days(shop)

    with django_assert_num_queries(0, connection=connections[shop]):
        prepare_days(shop)


def test_a_name_that_somebodys_archive_has_is_not_fought_over(shop: str) -> None:
    connections[shop].cursor().execute(f"CREATE TABLE ecom_llm_event_{spelt(9)} (kept integer)")

    ensure_days({TODAY + 9}, shop)

    assert names()[-1] == f"{spelt(9)}_"


def test_whole_days_that_are_too_old_are_dropped_and_purchases_kept(dropped: str, tables_of: Tables) -> None:
    kept = [view(-900, "purchase"), view(-4), view()]
    for days in (-900, -7, -6, -5):
        view(days)

    assert drop_days_before(date_of(-4)) == 4

    assert set(Event.objects.all()) == set(kept)
    assert names()[:2] == [spelt(-4), spelt(-3)]


def test_a_table_that_holds_a_kept_day_as_well_stays(shop: str) -> None:
    assert drop_days_before(date_of(-1)) == 0
    assert drop_days_before(date_of(0)) == 1


def test_days_are_dropped_within_a_transaction_too(dropped: str) -> None:
    with transaction.atomic(using=dropped):
        assert drop_days_before(date_of(-4)) == 3
        transaction.set_rollback(True, using=dropped)

    assert drop_days_before(date_of(-4)) == 3


def test_a_reader_of_old_days_is_not_disturbed_and_the_next_call_ends_what_this_one_began(
    dropped: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partitions, "DROPPING_SECONDS", 0.1)
    old = view(-6)
    with another_in_transaction("SELECT * FROM ecom_llm_event") as other:
        assert drop_days_before(date_of(-4)) == 0
        # Others go on meanwhile.
        view()
        other.cursor().execute(f"TABLE ecom_llm_event_{spelt(-6)}")

    assert drop_days_before(date_of(-4)) == 3
    assert not Event.objects.filter(id=old.id).exists()


def test_others_go_on_while_dropping_waits_for_a_reader(dropped: str) -> None:
    results: list[int] = []

    def drop() -> None:
        results.append(drop_days_before(date_of(-4), dropped))
        connections[dropped].close()

    with connections[dropped].cursor() as cursor:
        with another_in_transaction("TABLE ecom_llm_event"):
            dropping = threading.Thread(target=drop)
            dropping.start()
            waits = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE query LIKE %s AND wait_event_type = 'Lock')"
            for _ in range(500):
                cursor.execute(waits, ["ALTER TABLE%DETACH%"])
                if cursor.fetchone()[0]:
                    break
                time.sleep(0.01)
            else:
                pytest.fail("It never waited.")
            cursor.execute("SET lock_timeout = '1s'")
            view()
        dropping.join(30)
    assert results == [3]


def test_what_a_killed_drop_left_behind_is_dropped_and_what_somebody_detached_is_not(dropped: str) -> None:
    with connections[dropped].cursor() as cursor:
        for days in (-7, -6):
            cursor.execute(f"ALTER TABLE ecom_llm_event_behaviour DETACH PARTITION ecom_llm_event_{spelt(days)}")
        cursor.execute(f"COMMENT ON TABLE ecom_llm_event_{spelt(-7)} IS '{DOOMED}'")

        assert drop_days_before(date_of(-7)) == 1

        cursor.execute(
            "SELECT to_regclass(%s), to_regclass(%s)", [f"ecom_llm_event_{spelt(days)}" for days in (-7, -6)]
        )
        assert [found is None for found in cursor.fetchone()] == [True, False]


def test_two_drop_the_same_days_at_once(dropped: str) -> None:
    view()

    results = in_threads(4, lambda: drop_days_before(date_of(-4), dropped))

    assert not [result for result in results if isinstance(result, Exception)]
    assert drop_days_before(date_of(-4)) + sum(int(str(result)) for result in results) >= 3
    assert names()[0] == spelt(-4)


def test_a_role_that_does_not_own_the_table_is_told(dropped: str) -> None:
    with connections[dropped].cursor() as cursor:
        cursor.execute('DROP ROLE IF EXISTS "shop-web"')
        cursor.execute('CREATE ROLE "shop-web"')
        cursor.execute('GRANT USAGE, CREATE ON SCHEMA "Shop-1" TO "shop-web"')
        cursor.execute('GRANT ALL ON ALL TABLES IN SCHEMA "Shop-1" TO "shop-web"')
        cursor.execute('SET ROLE "shop-web"')
        try:
            with pytest.raises(DatabaseError, match="owner"):
                drop_days_before(date_of(-4))
            with pytest.raises(DatabaseError, match="owner"):
                ensure_days({TODAY + 9}, dropped)
        finally:
            cursor.execute("RESET ROLE")
            cursor.execute('DROP OWNED BY "shop-web"')
            cursor.execute('DROP ROLE "shop-web"')


def test_the_wait_for_locks_is_as_it_was_afterwards(dropped: str) -> None:
    with connections[dropped].cursor() as cursor:
        cursor.execute("SET lock_timeout = '7s'")
        with transaction.atomic(using=dropped):
            connections[dropped].cursor().execute("LOCK TABLE ecom_llm_event IN SHARE MODE")
            drop_days_before(date_of(-6))
        drop_days_before(date_of(-5))
        ensure_days({TODAY + 9}, dropped)

        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == ("7s",)
