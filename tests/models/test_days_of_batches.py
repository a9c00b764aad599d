"""Batches find the tables of their days, or make them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.db import connections

from ecom_llm.capture.inserting import insert
from tests.capture.test_inserting import NOW, SIZES, record, records


@SIZES
def test_a_table_that_somebody_dropped_is_made_again(shop: str, size: int) -> None:
    insert(records(size))
    connections[shop].cursor().execute(f"DROP TABLE ecom_llm_event_{NOW:%Y%m%d}")

    assert insert(records(size)) == size


def test_days_without_a_table_get_one(shop: str, tables_of: Callable[[], dict[str, set[str]]]) -> None:
    ahead = record(occurred_at=NOW + timedelta(days=20))
    bought = record(occurred_at=NOW + timedelta(days=100), kind="purchase")

    insert([ahead, bought])

    assert tables_of() == {
        f"ecom_llm_event_{ahead.occurred_at:%Y%m%d}": {str(ahead.id)},
        "ecom_llm_event_purchase": {str(bought.id)},
    }
