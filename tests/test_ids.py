"""Identifiers are version 7 UUIDs in the order of time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import RFC_4122

from hypothesis import example, given
from hypothesis import strategies as st

from ecom_llm.ids import EPOCH, uuid7

MOMENTS = st.datetimes(min_value=datetime(1970, 1, 2), max_value=datetime(9999, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(MOMENTS)
def test_id_is_a_version_7_uuid_that_carries_its_moment(moment: datetime) -> None:
    identifier = uuid7(moment)
    assert identifier.version == 7
    assert identifier.variant == RFC_4122
    assert identifier.int >> 80 == (moment - EPOCH) // timedelta(milliseconds=1)


@example(datetime(6205, 6, 10, 4, 49, 14, 175994, tzinfo=UTC))
@given(MOMENTS)
def test_ids_sort_as_their_moments_do(moment: datetime) -> None:
    assert uuid7(moment) < uuid7(moment + timedelta(milliseconds=1))


def test_ids_of_one_moment_differ() -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    assert len({uuid7(moment) for _ in range(1000)}) == 1000


def test_id_is_of_now_when_no_moment_is_given() -> None:
    before = datetime.now(UTC)
    milliseconds = uuid7().int >> 80
    after = datetime.now(UTC)
    assert (before - EPOCH) // timedelta(milliseconds=1) <= milliseconds <= (after - EPOCH) // timedelta(milliseconds=1)
