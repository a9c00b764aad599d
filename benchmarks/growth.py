"""How recommending grows: learning, memory, tables and a call's time with 100,000 products and 5 million events.

The shop is made up, see `benchmarks.grown_shop`. Its events go through the app's own storing into a PostgreSQL database
that is made on the server that `ECOM_LLM_TEST_POSTGRES_URL` names and dropped afterwards. Each learning run is a
process of its own, whose peak memory is what the system says of it. Products are compared by their words unless an
encoder is named, as embedding so many takes long without a GPU.

python -m benchmarks.growth [--json] [--products 100000] [--events 5000000] [--further 50000] [--embeddings NAME]
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

from benchmarks.clicks import call_pages
from benchmarks.grown_shop import GrownShop, sku
from benchmarks.jobs import SERVER, SERVER_VARIABLE, scratch_database
from benchmarks.shop_commands import environment_of, manage

if TYPE_CHECKING:
    from ecom_llm.entities import EventRecord

DAYS = 90
CHUNK = 5_000
PAGES = 500
TOLD_SECONDS = 10.0
# Of table and indexes, while events are learned from.
BYTES_AN_EVENT, BYTES_A_PRODUCT = 500, 15_000
WORDS = (
    "amber", "birch", "coral", "dune", "ember", "fern", "grove", "harbour", "iris", "juniper", "kelp", "linden",
    "moss", "north", "olive", "pine", "quartz", "river", "slate", "thistle",
)  # fmt: skip


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--products", type=int, default=100_000)
    parser.add_argument("--events", type=int, default=5_000_000)
    parser.add_argument("--further", type=int, default=50_000, help="events that are learned from afterwards")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--embeddings", default="", help="the encoder that compares products")
    arguments = parser.parse_args()
    needed = (arguments.events * BYTES_AN_EVENT + arguments.products * BYTES_A_PRODUCT) / 2**30
    tell(f"The database will take some {needed:.1f} GiB of the server's disk.")
    with scratch_database(os.environ.get(SERVER_VARIABLE, SERVER)) as url:
        environment = environment_of(url, SHOP_EMBEDDINGS=arguments.embeddings)
        os.environ.update(environment)
        result = measure(arguments, environment)
    print(json.dumps(result) if arguments.json else "\n".join(f"{name}: {value}" for name, value in result.items()))


def measure(arguments: argparse.Namespace, environment: dict[str, str]) -> dict[str, Any]:
    """Figures by name."""
    import django

    django.setup()
    from django.db import connections
    from django.utils import timezone

    manage(environment, "migrate", "--verbosity", "0")
    shop = GrownShop(arguments.products, arguments.seed)
    fill_catalogue(shop)
    total = arguments.events + arguments.further
    events = shop.events(total, timezone.now() - timedelta(minutes=1), DAYS)
    result: dict[str, Any] = {
        "processors": os.cpu_count(),
        "load_average": round(os.getloadavg()[0], 2),
        "products": arguments.products,
        "embeddings": arguments.embeddings or "words",
        "stored": store_all(islice(events, arguments.events), arguments.events),
    }
    tell("Learning from all of them …")
    result["learn_all"] = manage(environment, "ecom_llm_learn", "--json")
    result["stored_further"] = store_all(events, arguments.further)
    tell("Learning from the further ones …")
    result["learn_further"] = manage(environment, "ecom_llm_learn", "--json")
    result["tables_mib"] = table_sizes()
    tell("Calling for recommendations …")
    visits = [[sku(step.product) for step in shop.visit()] for _ in range(PAGES)]
    result["pages"] = call_pages(environment, visits)
    connections.close_all()
    return result


def fill_catalogue(shop: GrownShop) -> None:
    """Put the products into the demo's catalogue, each with a few words of its own."""
    from shop_demo.models import Category, Product

    numbers = range(shop.category_of[-1] + 1)
    Category.objects.bulk_create(Category(slug=f"c{number}", name=f"Range {number}") for number in numbers)
    categories = list(Category.objects.order_by("pk"))
    Product.objects.bulk_create(
        (
            Product(
                sku=sku(product), name=f"{_word(product)} {_word(product // 7)} {product}".title(),
                category=categories[category], price=10, stock=1, position=product,
                attributes={"Colour": _word(product // 3), "Finish": _word(product // 11)},
            )
            for product, category in enumerate(shop.category_of)
        ),
        batch_size=CHUNK,
    )  # fmt: skip
    tell(f"{len(shop.category_of):,} products are in the catalogue.")


def _word(number: int) -> str:
    """One of 400: in a large shop no word stands in every twentieth product."""
    first, second = divmod(number % len(WORDS) ** 2, len(WORDS))
    return WORDS[first] + WORDS[second]


def store_all(events: Iterator[EventRecord], total: int) -> dict[str, Any]:
    """Hand the events over as sinks do."""
    from ecom_llm.capture.storing import store

    inserted, begun, told = 0, time.monotonic(), time.monotonic()
    while chunk := list(islice(events, CHUNK)):
        inserted += store(chunk).inserted
        if time.monotonic() - told > TOLD_SECONDS:
            told = time.monotonic()
            tell(f"{inserted:,} of {total:,} events stored …")
    return {"events": inserted, "seconds": round(time.monotonic() - begun, 1)}


def table_sizes() -> dict[str, float]:
    """MiB of this app's larger tables, indexes included; the tables that events lie in are one."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, pg_total_relation_size(oid) FROM pg_class"
            " WHERE relkind = 'r' AND relname LIKE 'ecom_llm_%%' AND pg_total_relation_size(oid) > 0"
        )
        sizes: dict[str, int] = {}
        for name, size in cursor.fetchall():
            what = "events" if name.startswith("ecom_llm_event_") else name.removeprefix("ecom_llm_")
            sizes[what] = sizes.get(what, 0) + size
    return {name: round(size / 2**20, 1) for name, size in sorted(sizes.items()) if size >= 2**20}


def tell(words: str) -> None:
    """Say how far it is."""
    print(words, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
