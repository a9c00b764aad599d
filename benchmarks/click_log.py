"""Makes a log of clicks from a shop's invoices, cut by time into one to learn from and one to be tested on.

The invoices are UCI Online Retail (Chen, 2012, CC BY 4.0). An invoice's lines, in the order of the file, are cut into
visits of 2 to 12 clicks; returns, postage and corrections are no clicks. The newest visits are taken, of the most
frequent products only, and the last of them are the test. The same file and seed give the same clicks.
"""

from __future__ import annotations

import csv
import math
import random
import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby, pairwise
from pathlib import Path
from typing import NamedTuple

HEADER = ("occurred_at", "visitor", "visit", "kind", "product_id")
COLUMNS = ["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID"]
# Products' codes are five digits, with letters for colours; postage, fees and samples have others.
PRODUCT = re.compile(r"\d{5}[A-Za-z]{0,2}")
SHORTEST, LONGEST = 2, 12
CLICK_SECONDS = 20
# Lines that are read for each click: rare products and lone clicks are left out.
SPARE = 1.1


class Line(NamedTuple):
    """A line of an invoice."""

    invoice: str
    product_id: str
    name: str
    at: datetime
    customer: str
    price: float


@dataclass(frozen=True, slots=True)
class Visit:
    """A run of clicks of one customer."""

    name: str
    customer: str
    at: datetime
    products: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ClickLog:
    """What a shop learns from, what it is tested on, and its products."""

    train: list[Visit]
    test: list[Visit]
    # Name and price by id.
    products: dict[str, tuple[str, float]]


def make_click_log(source: Path, clicks: int, test_clicks: int, items: int, seed: int) -> ClickLog:
    """Cut a log of visits from the newest invoices.

    Args:
        source: the Parquet file.
        clicks: to learn from.
        test_clicks: to be tested on, after those.
        items: the most products.
        seed: of where visits are cut.
    """
    lines = deque(read_lines(source), maxlen=round((clicks + test_clicks) * SPARE))
    frequent = {product_id for product_id, _ in Counter(line.product_id for line in lines).most_common(items)}
    visits = list(cut((line for line in lines if line.product_id in frequent), random.Random(seed)))
    test, rest = newest(visits, test_clicks)
    train, _ = newest(rest, clicks)
    known = {product_id for visit in train + test for product_id in visit.products}
    products = {line.product_id: (line.name, line.price) for line in lines if line.product_id in known}
    return ClickLog(train, test, products)


def read_lines(source: Path) -> Iterator[Line]:
    """The sales of the file, oldest first."""
    try:
        from pyarrow import parquet  # type: ignore[import-not-found,unused-ignore]
    except ImportError as error:
        raise SystemExit("Reading Parquet needs pyarrow: pip install pyarrow.") from error
    for batch in parquet.ParquetFile(source).iter_batches(columns=COLUMNS):
        for row in batch.to_pylist():
            is_sale = row["InvoiceNo"].isdigit() and row["Quantity"] > 0 and row["UnitPrice"] > 0
            if is_sale and row["Description"] and PRODUCT.fullmatch(row["StockCode"]):
                customer = row["CustomerID"]
                yield Line(
                    row["InvoiceNo"], row["StockCode"].upper(), row["Description"].strip(), row["InvoiceDate"],
                    "" if customer is None or math.isnan(customer) else str(int(customer)), row["UnitPrice"],
                )  # fmt: skip


def cut(lines: Iterable[Line], chance: random.Random) -> Iterator[Visit]:
    """Cut each invoice into visits; a click on the same product again at once is left out."""
    for invoice, group in groupby(lines, key=lambda line: line.invoice):
        own = list(group)
        kept = own[:1] + [line for before, line in pairwise(own) if line.product_id != before.product_id]
        start = 0
        while len(kept) - start >= SHORTEST:
            run = kept[start : start + chance.randint(SHORTEST, LONGEST)]
            at = run[0].at + timedelta(seconds=CLICK_SECONDS * start)
            yield Visit(f"{invoice}-{start}", run[0].customer, at, tuple(line.product_id for line in run))
            start += len(run)


def newest(visits: list[Visit], clicks: int) -> tuple[list[Visit], list[Visit]]:
    """The last visits that make up so many clicks, the first of them shortened to fit, and those before."""
    ordered = sorted(visits, key=lambda visit: (visit.at, visit.name))
    taken: list[Visit] = []
    while clicks and ordered:
        last = ordered.pop()
        taken.append(Visit(last.name, last.customer, last.at, last.products[:clicks]))
        clicks -= len(taken[-1].products)
    return taken[::-1], ordered


def write_clicks(visits: Iterable[Visit], target: Path) -> int:
    """Write visits as `ecom_llm_import_events` reads them; the number of clicks."""
    clicks = 0
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        for visit in visits:
            for place, product_id in enumerate(visit.products):
                at = visit.at + timedelta(seconds=CLICK_SECONDS * place)
                writer.writerow((at.isoformat(sep=" "), visit.customer, visit.name, "view_item", product_id))
                clicks += 1
    return clicks
