"""The benchmarks of recommending learn and test on what they say they do."""

from __future__ import annotations

import csv
import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from ecom_llm.entities import EventKind

click_log = pytest.importorskip("benchmarks.click_log")
grown_shop = pytest.importorskip("benchmarks.grown_shop")

START, HOUR = datetime(2011, 11, 1, 9, tzinfo=UTC), timedelta(hours=1)


def lines(invoices: int, products: int = 30) -> list[Any]:
    """Invoices of one line to thirty, an hour after one another."""
    return [
        click_log.Line(f"{invoice}", f"p{(invoice * 7 + place) % products}", "A MUG", START + HOUR * invoice, "", 1)
        for invoice in range(invoices)
        for place in range(invoice % 30 + 1)
    ]


def test_invoices_are_cut_into_visits_of_two_to_twelve_clicks() -> None:
    visits = list(click_log.cut(lines(60), random.Random(1)))
    assert {len(visit.products) for visit in visits} == set(range(2, 13))
    assert len({visit.name for visit in visits}) == len(visits)
    assert all(before != after for visit in visits for before, after in pairwise(visit.products))


def test_test_is_newer_than_all_that_is_learned_and_both_have_their_clicks() -> None:
    visits = list(click_log.cut(lines(200), random.Random(1)))
    test, rest = click_log.newest(visits, 101)
    train, _ = click_log.newest(rest, 400)
    assert sum(len(visit.products) for visit in test) == 101
    assert sum(len(visit.products) for visit in train) == 400
    assert max(visit.at for visit in train) <= min(visit.at for visit in test)
    assert not {visit.name for visit in train} & {visit.name for visit in test}


def test_clicks_are_written_in_the_order_of_each_visit(tmp_path: Path) -> None:
    visits = list(click_log.cut(lines(10), random.Random(1)))
    assert click_log.write_clicks(visits, tmp_path / "clicks.csv") == sum(len(visit.products) for visit in visits)
    with (tmp_path / "clicks.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["visit"] == visits[-1].name]
    assert [row["product_id"] for row in rows] == list(visits[-1].products)
    assert [row["occurred_at"] for row in rows] == sorted(row["occurred_at"] for row in rows)


def test_made_up_events_are_as_many_as_asked_for_within_their_days_and_the_same_again() -> None:
    def stream() -> list[tuple[Any, ...]]:
        return list(grown_shop.GrownShop(1000, 7).events(3000, START, 90))

    events = stream()
    assert events == stream()
    assert (len(events), len({event[0] for event in events})) == (3000, 3000)
    assert all(START - timedelta(days=90) <= event[2] <= START for event in events)
    assert {event[1] for event in events} == {EventKind.VIEW_ITEM, EventKind.ADD_TO_CART, EventKind.PURCHASE}


def test_made_up_products_are_as_unequal_as_a_shops() -> None:
    shop = grown_shop.GrownShop(1000, 7)
    seen = [step.product for _ in range(5000) for step in shop.visit()]
    views = sorted((seen.count(product) for product in set(seen)), reverse=True)
    assert all(0 <= product < 1000 for product in seen)
    assert sum(views[:100]) > len(seen) / 4
    assert len(views) > 800
