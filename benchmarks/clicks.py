"""A log of clicks through the commands a shop owner runs: import, learn, evaluate; seconds, accuracy, a call's time.

The log is made from a shop's invoices, see `benchmarks.click_log`; reading their Parquet file needs pyarrow, which is
no dependency of this project. Each command is a process of its own, on SQLite and then on a PostgreSQL database that is
made on the server that `ECOM_LLM_TEST_POSTGRES_URL` names and dropped afterwards. Between learning and measuring it
counts its rows, as a server does by itself unless that is switched off.

python -m benchmarks.clicks --source PATH [--json] [--databases sqlite postgresql] [--folder KEPT]
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any

from benchmarks.click_log import ClickLog, make_click_log, write_clicks
from benchmarks.imports import DATA_VARIABLE, FILE
from benchmarks.jobs import SERVER, SERVER_VARIABLE, scratch_database
from benchmarks.shop_commands import environment_of, manage, run

DATABASES = ("sqlite", "postgresql")
AT_MOST_MS = {"p50_ms": 3.0, "p95_ms": 8.0}
# Visits on which pages are called for.
PAGES = 500


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--source", type=Path, default=Path(os.environ.get(DATA_VARIABLE, "../shared/data")) / FILE)
    parser.add_argument("--clicks", type=int, default=70_000)
    parser.add_argument("--test-clicks", type=int, default=13_500)
    parser.add_argument("--items", type=int, default=2_900)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--databases", nargs="*", choices=DATABASES, default=DATABASES)
    parser.add_argument("--folder", type=Path, help="where the files are to be kept")
    parser.add_argument("--write", type=Path, metavar="FOLDER", help="only write the files")
    parser.add_argument("--fill", type=Path, metavar="CSV", help="only fill the catalogue of the settings' database")
    parser.add_argument("--analyze", action="store_true", help="only have the settings' database count its rows")
    arguments = parser.parse_args()
    if arguments.analyze:
        gather_statistics()
        return
    if arguments.fill:
        fill_catalogue(arguments.fill)
        return
    if not arguments.source.is_file():
        raise SystemExit(f"There is no {arguments.source}; name the Parquet file with --source.")
    if arguments.write:
        log = make_click_log(arguments.source, arguments.clicks, arguments.test_clicks, arguments.items, arguments.seed)
        print(json.dumps(write_files(log, arguments.write)))
        return
    with tempfile.TemporaryDirectory() as scratch:
        folder = arguments.folder or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        # In a process of its own: what is begun from here would have this one's peak counted as its own.
        written = run(dict(os.environ), "-m", "benchmarks.clicks", *sys.argv[1:], "--write", str(folder))
        result: dict[str, Any] = {
            "processors": os.cpu_count(), "load_average": round(os.getloadavg()[0], 2), **written["said"],
        }  # fmt: skip
        for name in arguments.databases:
            print(f"On {name} …", file=sys.stderr)
            with database(name, Path(scratch)) as url:
                result[name] = measure(url, folder)
    print(json.dumps(result) if arguments.json else "\n".join(f"{name}: {value}" for name, value in result.items()))


def write_files(log: ClickLog, folder: Path) -> dict[str, int]:
    """Write the files that the commands read; how much is in them."""
    with (folder / "products.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows((key, name, price) for key, (name, price) in sorted(log.products.items()))
    return {
        "clicks": write_clicks(log.train, folder / "train.csv"),
        "visits": len(log.train),
        "test_clicks": write_clicks(log.test, folder / "test.csv"),
        "test_visits": len(log.test),
        "products": len(log.products),
    }


@contextmanager
def database(name: str, folder: Path) -> Iterator[str]:
    """The address of an empty database."""
    if name == "sqlite":
        yield f"sqlite:///{folder / 'clicks.sqlite3'}"
    else:
        with scratch_database(os.environ.get(SERVER_VARIABLE, SERVER)) as url:
            yield url


def measure(url: str, folder: Path) -> dict[str, Any]:
    """Run the commands in one database."""
    environment = environment_of(url)
    manage(environment, "migrate", "--verbosity", "0")
    fill = [sys.executable, "-m", "benchmarks.clicks", "--fill", str(folder / "products.csv")]
    subprocess.run(fill, env=environment, check=True)  # noqa: S603
    imported = manage(environment, "ecom_llm_import_events", str(folder / "train.csv"), "--json")
    learned = manage(environment, "ecom_llm_learn", "--json")
    run(environment, "-m", "benchmarks.clicks", "--analyze")
    evaluated = manage(
        environment, "ecom_llm_evaluate", "recommendations", "--events", str(folder / "test.csv"), "--k", "20", "--json"
    )
    latency = evaluated["said"]["latency"]
    return {
        "import": imported,
        "learn": learned,
        "evaluate": evaluated,
        "pages": call_pages(environment, read_visits(folder / "test.csv")[-PAGES:]),
        "targets": {f"{name}_at_most_{most:g}": latency[name] <= most for name, most in AT_MOST_MS.items()},
    }


def gather_statistics() -> None:
    """What the autovacuum of PostgreSQL does within a minute of such an import, unless it is off."""
    import django

    django.setup()
    from django.db import connection

    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")


def read_visits(path: Path) -> list[list[str]]:
    """The products of each visit in a file of clicks."""
    with path.open(encoding="utf-8", newline="") as file:
        by_visit = groupby(csv.DictReader(file), key=lambda row: row["visit"])
        return [[row["product_id"] for row in rows] for _, rows in by_visit]


def call_pages(environment: dict[str, str], visits: list[list[str]]) -> dict[str, Any]:
    """What `benchmarks.shop_pages` says of these visits."""
    words = "\n".join(" ".join(visit) for visit in visits)
    command = [sys.executable, "-m", "benchmarks.shop_pages"]
    ended = subprocess.run(  # noqa: S603
        command, env=environment, input=words, check=True, capture_output=True, text=True
    )
    figures: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return figures


def fill_catalogue(path: Path) -> None:
    """Put the products into the demo's catalogue; the last word of a name ("… MUG") is the category."""
    import django

    django.setup()
    from django.utils.text import slugify

    from shop_demo.models import Category, Product

    with path.open(encoding="utf-8", newline="") as file:
        rows = [(key, name, price) for key, name, price in csv.reader(file)]
    names = {slugify(name.split()[-1]) or "other" for _, name, _ in rows}
    Category.objects.bulk_create(Category(slug=name, name=name.title()) for name in sorted(names))
    categories = {category.slug: category for category in Category.objects.all()}
    Product.objects.bulk_create(
        Product(
            sku=key, name=name.title(), category=categories[slugify(name.split()[-1]) or "other"], price=price,
            currency="GBP", stock=1, position=place,
        )
        for place, (key, name, price) in enumerate(rows)
    )  # fmt: skip


if __name__ == "__main__":
    main()
