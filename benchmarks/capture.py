"""What recording a page adds to it: nothing, one insert, django-request and this app's sinks, interleaved in one run.

Each round serves a block of requests with every variant in turn, another first each time. Within a block requests
alternate one by one with the same page without recording. What a variant adds at the median is the difference between
the two: a process drifts by more from one second to the next than a quick variant adds. What it adds at higher
quantiles is told against the blocks in which nothing records, since a thread that writes what pages have put off takes
its time from all pages, recorded or not; `beside` is what it adds to the median of those that are not. The page without
recording is also measured against itself, which tells what such differences are worth. A block is long enough for the
buffer's thread to write; after a block, on nobody's time, its rows are counted. The PostgreSQL database is made on the
server that `ECOM_LLM_TEST_POSTGRES_URL` names and dropped afterwards; the stream of the redis sink, on the server of
`ECOM_LLM_TEST_REDIS_URL`, is deleted.

python -m benchmarks.capture [--json] [--requests 1000] [--rounds 6] [--databases sqlite …]
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import random
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from benchmarks.capture_variants import REDIS_URL
from benchmarks.jobs import SERVER, SERVER_VARIABLE, scratch_database

WARM_UP = 20
QUANTILES = (50, 95, 99)
# Microseconds at the median, and how many times less than django-request.
BUFFERED_AT_MOST, REDIS_AT_MOST, TIMES_LESS = 100, 300, 25
# A file in WAL mode with a connection for each request, as the demo has it; the same with connections kept; as Django
# sets a file up when nothing is said; a server with connections kept, as opening one there costs more than the page.
DATABASES = {
    "sqlite": {},
    "sqlite_kept": {"CAPTURE_CONNECTIONS": "kept"},
    "sqlite_rollback": {"CAPTURE_JOURNAL": "rollback"},
    "postgresql": {"CAPTURE_CONNECTIONS": "kept"},
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--requests", type=int, default=1000, help="in a block")
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--databases", nargs="+", choices=DATABASES, default=list(DATABASES))
    parser.add_argument("--measure", choices=DATABASES, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        result = measure(arguments.requests, arguments.rounds)
        print(json.dumps(result))
        return
    result = {"requests": arguments.requests, "rounds": arguments.rounds, "processors": os.cpu_count()}
    for database in arguments.databases:
        result[database] = in_process(database, arguments.requests, arguments.rounds)
    print(json.dumps(result) if arguments.json else as_table(result))


def in_process(database: str, requests: int, rounds: int) -> dict[str, Any]:
    """Measure on one database in a process of its own, as Django is set up once for each."""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "benchmarks.capture_settings"}
    environment["REDIS_URL"] = os.environ.get("ECOM_LLM_TEST_REDIS_URL", REDIS_URL)
    environment |= DATABASES[database]
    command = [sys.executable, "-m", "benchmarks.capture", "--measure", database]
    command += ["--requests", str(requests), "--rounds", str(rounds)]
    if database == "postgresql":
        with scratch_database(os.environ.get(SERVER_VARIABLE, SERVER)) as url:
            return last_line(command, {**environment, "DATABASE_URL": url})
    with tempfile.TemporaryDirectory() as folder, closing(sqlite3.connect(Path(folder) / "bench.sqlite3")) as held:
        # As a worker beside the site does: the last one to close a file in WAL mode tidies it up, which would be
        # paid by each request that wrote.
        if database != "sqlite_rollback":
            held.execute("PRAGMA journal_mode=WAL").fetchall()
        held.execute("SELECT count(*) FROM sqlite_master").fetchall()
        return last_line(command, {**environment, "DATABASE_URL": f"sqlite:///{Path(folder) / 'bench.sqlite3'}"})


def last_line(command: list[str], environment: dict[str, str]) -> dict[str, Any]:
    """What a process prints last, as JSON."""
    ended = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603
    return dict(json.loads(ended.stdout.splitlines()[-1]))


def measure(requests: int, rounds: int) -> dict[str, Any]:
    """Figures of one database."""
    import django

    django.setup()
    from benchmarks.capture_serving import Shoppers, delete_stream, prepare, sites

    shoppers = Shoppers(prepare())
    served, lacking = sites(os.environ["REDIS_URL"])
    blocks: dict[str, list[dict[str, Any]]] = {name: [] for name in served}
    names = list(served)
    for number in range(rounds):
        # Nobody always comes after the same neighbour.
        for name in names[number % len(names) :] + names[: number % len(names)]:
            without = served[served[name].variant.baseline]
            blocks[name].append(block(served[name], without, shoppers, requests))
    delete_stream(os.environ["REDIS_URL"])
    return summary(blocks, {name: site.variant.baseline for name, site in served.items()}, lacking)


def block(site: Any, without: Any, shoppers: Any, requests: int) -> dict[str, Any]:
    """Serve requests by turns with one variant and without, and see that each of the variant's was recorded."""
    with site.open():
        before = site.rows()
        # The settings have just changed, which the first page after it would pay.
        alternate(site, without, shoppers, WARM_UP)
        site.settle()
        begun, processor = time.perf_counter(), time.process_time()
        nanoseconds, baseline = alternate(site, without, shoppers, requests)
        served = time.perf_counter() - begun
        site.settle()
        # All threads of the process, so that work put off counts as well.
        processor = time.process_time() - processor
        recorded = site.rows() - before
    return {
        "ns": nanoseconds, "without_ns": baseline, "offered": requests + WARM_UP, "recorded": recorded,
        "cpu_us": processor / requests * 1e6, "seconds": served,
    }  # fmt: skip


def alternate(site: Any, without: Any, shoppers: Any, requests: int) -> tuple[list[int], list[int]]:
    """So many requests to each of two sites, either of them first; nanoseconds of each one's."""
    taken: tuple[list[int], list[int]] = ([], [])
    consent = site.variant.consent
    pairs = list(zip(shoppers.requests(requests, consent), shoppers.requests(requests, consent), strict=True))
    # Neither a neighbour's garbage nor a collection that it provoked.
    gc.collect()
    # Collections come at intervals of their own, which a fixed order may keep falling on one of the two.
    order = random.Random(requests)
    for environs in pairs:
        for which in order.sample((0, 1), 2):
            taken[which].append((site, without)[which].serve(environs[which]))
    return taken


def summary(
    blocks: dict[str, list[dict[str, Any]]], baselines: dict[str, str], lacking: dict[str, str]
) -> dict[str, Any]:
    """What each variant adds to a page, whether it recorded all, and the targets."""
    added: dict[str, Any] = {name: {"missing": what} for name, what in lacking.items()}
    for name, kept in blocks.items():
        ours, beside = (quantiles([ns for one in kept for ns in one[key]]) for key in ("ns", "without_ns"))
        without = quantiles([ns for one in blocks[baselines[name]] for ns in one["without_ns"]])
        added[name] = {
            "p50_us": round(ours[50] - beside[50], 1),
            **{f"p{at}_us": round(ours[at] - without[at], 1) for at in QUANTILES[1:]},
            "beside_p50_us": round(beside[50] - without[50], 1),
            "p50_us_by_round": [round(value, 1) for value in added_by_round(kept)],
            "page_us": {f"p{at}": round(value, 1) for at, value in without.items()},
        }
        if name != baselines[name]:
            added[name] |= {
                # Both blocks serve as many pages, and one of them the same page without recording throughout.
                "cpu_us": round(cpu_us(kept) - cpu_us(blocks[baselines[name]]), 1),
                "offered": sum(one["offered"] for one in kept),
                "recorded": sum(one["recorded"] for one in kept),
                "is_complete": all(one["offered"] == one["recorded"] for one in kept),
            }
    seconds = statistics.median(one["seconds"] for kept in blocks.values() for one in kept)
    return {"block_seconds": round(seconds, 2), **added, **targets(added)}


def quantiles(nanoseconds: list[int]) -> dict[int, float]:
    """Microseconds by percentage."""
    cuts = statistics.quantiles(nanoseconds, n=100, method="inclusive")
    return {at: cuts[at - 1] / 1000 for at in QUANTILES}


def added_by_round(kept: list[dict[str, Any]]) -> list[float]:
    """Microseconds at the median that each round by itself would tell, in order."""
    return sorted((statistics.median(one["ns"]) - statistics.median(one["without_ns"])) / 1000 for one in kept)


def cpu_us(kept: list[dict[str, Any]]) -> float:
    """Microseconds of processor time for a request, at the median of the blocks; with the writing that was put off."""
    return statistics.median(float(one["cpu_us"]) for one in kept)


def targets(added: dict[str, Any]) -> dict[str, Any]:
    """The ratio that is promised, and which promises hold; None for what was not measured."""
    theirs, buffered, redis = (added.get(name, {}).get("p50_us") for name in ("django_request", "buffered", "redis"))
    # Below the clock's own noise a difference may come out as nothing or less.
    ratio = None if theirs is None or buffered is None else round(theirs / max(buffered, 0.1), 1)
    return {
        "ratio_django_request_to_buffered": ratio,
        "targets": {
            f"buffered_p50_at_most_{BUFFERED_AT_MOST}_us": None if buffered is None else buffered <= BUFFERED_AT_MOST,
            f"ratio_at_least_{TIMES_LESS}": None if ratio is None else ratio >= TIMES_LESS,
            f"redis_p50_at_most_{REDIS_AT_MOST}_us": None if redis is None else redis <= REDIS_AT_MOST,
            "every_event_recorded": all(row["is_complete"] for row in added.values() if "is_complete" in row),
        },
    }  # fmt: skip


def as_table(result: dict[str, Any]) -> str:
    """For reading."""
    lines = []
    for database in DATABASES:
        if database in result:
            figures = result[database]
            lines.append(f"{database}: the page takes {figures['none']['page_us']['p50'] / 1000:.2f} ms; added, in us:")
            lines += [f"  {name:18} {row(figures[name])}" for name in figures if isinstance(figures[name], dict)
                      and ("p50_us" in figures[name] or "missing" in figures[name])]  # fmt: skip
            lines.append(f"  django-request to buffered: {figures['ratio_django_request_to_buffered']} times")
            lines += [f"  {name}: {is_met}" for name, is_met in figures["targets"].items()]
    return "\n".join(lines)


def row(figures: dict[str, Any]) -> str:
    """One variant's figures."""
    if "missing" in figures:
        return f"missing: {figures['missing']}"
    words = " ".join(f"p{at} {figures[f'p{at}_us']:8.1f}" for at in QUANTILES)
    if "cpu_us" not in figures:
        return f"{words}  against itself"
    words = f"{words}  beside {figures['beside_p50_us']:6.1f}"
    return f"{words}  cpu {figures['cpu_us']:7.1f}  {figures['recorded']} of {figures['offered']} recorded"


if __name__ == "__main__":
    main()
