"""Calls for recommendations as pages make them, for visitors whose visits are in the database: milliseconds of a call.

Reads a visit of product ids from each line of its input. Every visitor is another one, so no call finds its visit
remembered; half are at `personal`, with an earlier visit besides. What a process reads but once is read before.

python -m benchmarks.shop_pages < VISITS
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ecom_llm.capture.visitors import Visitor
    from ecom_llm.entities import EventRecord

WARM_UP = 20
LIMIT = 8
STEP = timedelta(seconds=20)
EARLIER = timedelta(days=2)


def main() -> None:
    """Measure and print."""
    import django

    django.setup()
    visits = [line.split() for line in sys.stdin if line.strip()]
    people = [_visitor(number) for number in range(len(visits))]
    _store(people, visits)
    product_pages, home_pages = [], []
    for number, (visitor, visit) in enumerate(zip(people, visits, strict=True)):
        on_product = _milliseconds(visitor, _product(visit[-1]))
        on_home = _milliseconds(visitor, None)
        if number >= WARM_UP:
            product_pages.append(on_product)
            home_pages.append(on_home)
    print(json.dumps({"product_page": _figures(product_pages), "home_page": _figures(home_pages)}))


def _visitor(number: int) -> Visitor:
    from ecom_llm.capture.visitors import Visitor
    from ecom_llm.entities import Consent

    level = Consent.PERSONAL if number % 2 else Consent.ANONYMOUS
    return Visitor(f"{level[0]}:{number + (1 << 64):032x}", level)


def _store(people: Sequence[Visitor], visits: Sequence[Sequence[str]]) -> None:
    """Each visitor's visit ends now; at `personal` the visit of the one before was theirs too, two days ago."""
    from django.utils import timezone

    from ecom_llm.capture.storing import store

    now = timezone.now()
    records: list[EventRecord] = []
    for number, visitor in enumerate(people):
        records += _records(visitor, visits[number], now)
        if visitor.has_history:
            records += _records(visitor, visits[number - 1], now - EARLIER)
    store(records)


def _records(visitor: Visitor, visit: Sequence[str], end: datetime) -> list[EventRecord]:
    from ecom_llm.entities import EventKind, EventRecord
    from ecom_llm.ids import uuid7

    times = [end - STEP * (len(visit) - place) for place in range(len(visit))]
    return [
        EventRecord(
            id=uuid7(at), kind=EventKind.VIEW_ITEM.value, occurred_at=at, visitor=visitor.key,
            consent=visitor.consent.value, product_id=product_id,
        )
        for at, product_id in zip(times, visit, strict=True)
    ]  # fmt: skip


def _product(product_id: str) -> Any:
    """The page has its own product anyway."""
    from ecom_llm.catalog.registry import get_catalog

    return get_catalog().get(product_id)


def _milliseconds(visitor: Visitor, product: Any) -> float:
    from ecom_llm.recommend.ranking import recommend

    begun = time.perf_counter()
    found = recommend(visitor=visitor, product=product, limit=LIMIT)
    taken = (time.perf_counter() - begun) * 1000
    assert found, "nothing was recommended"
    return taken


def _figures(milliseconds: Sequence[float]) -> dict[str, float]:
    return {
        "p50_ms": round(statistics.median(milliseconds), 2),
        "p95_ms": round(statistics.quantiles(milliseconds, n=20)[-1], 2),
        "calls": len(milliseconds),
    }


if __name__ == "__main__":
    main()
