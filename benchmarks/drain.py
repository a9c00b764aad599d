"""Events a second into PostgreSQL: one insert each, `bulk_create`, and this app's ways from the buffer and the stream.

A fifth of what is offered has been offered before and must be refused. Every method gets the same order, an empty table
and its turn in each round; the median counts. Both of this app's ways also look every product up. The database is made
on the server that `ECOM_LLM_TEST_POSTGRES_URL` names and dropped afterwards.

python -m benchmarks.drain [--json] [--events 100000] [--single 4000] [--rounds 3]
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from benchmarks.capture_variants import REDIS_URL, VARIANTS
from benchmarks.jobs import SERVER, SERVER_VARIABLE, scratch_database

if TYPE_CHECKING:
    from ecom_llm.entities import EventRecord

CHUNK = 1_000
DUPLICATES = 0.2
AT_LEAST = 50_000
OURS = ("buffer", "stream")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--single", type=int, default=4_000, help="events of the method that inserts one by one")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    os.environ["REDIS_URL"] = os.environ.get("ECOM_LLM_TEST_REDIS_URL", REDIS_URL)
    with scratch_database(os.environ.get(SERVER_VARIABLE, SERVER)) as url:
        os.environ.update(DATABASE_URL=url, DJANGO_SETTINGS_MODULE="benchmarks.capture_settings")
        os.environ["CAPTURE_CONNECTIONS"] = "kept"
        result = measure(arguments.events, arguments.single, arguments.rounds)
    print(json.dumps(result) if arguments.json else "\n".join(f"{name}: {value}" for name, value in result.items()))


def measure(events: int, single: int, rounds: int) -> dict[str, Any]:
    """Figures by method."""
    import django

    django.setup()
    from django.db import connections

    from benchmarks.capture_serving import delete_stream, lacks, prepare

    skus = prepare()
    methods: dict[str, Callable[[Sequence[EventRecord]], float]] = {
        "one_by_one": one_by_one, "bulk_create": bulk_create, "buffer": buffer, "stream": stream,
    }  # fmt: skip
    needed = {"buffer": VARIANTS["buffered"], "stream": VARIANTS["redis"]}
    lacking = {name: missing for name in OURS if (missing := lacks(needed[name], os.environ["REDIS_URL"]))}
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in methods if name not in lacking}
    for _ in range(rounds):
        for name in runs:
            runs[name].append(run(methods[name], offered(single if name == "one_by_one" else events, skus)))
    connections.close_all()
    delete_stream(os.environ["REDIS_URL"])
    figures: dict[str, Any] = {name: median_of(kept) for name, kept in runs.items()}
    is_quick = {name: figures[name]["events_per_s"] >= AT_LEAST for name in OURS if name in runs}
    return {
        "processors": os.cpu_count(),
        "rounds": rounds,
        **figures,
        **{name: {"missing": what} for name, what in lacking.items()},
        "targets": {
            **{f"{name}_at_least_{AT_LEAST}": is_met for name, is_met in is_quick.items()},
            "every_event_once": all(row["is_complete"] for row in figures.values()),
        },
    }


def offered(number: int, skus: list[str]) -> list[EventRecord]:
    """Views of the last hour, a fifth of them a second time somewhere later."""
    from django.utils import timezone

    from ecom_llm.entities import Consent, EventKind, EventRecord
    from ecom_llm.ids import uuid7

    chance = random.Random(7)
    now = timezone.now()
    unique = []
    for place in range(round(number * (1 - DUPLICATES))):
        at = now - timedelta(seconds=chance.random() * 3600)
        unique.append(
            EventRecord(
                id=uuid7(at), kind=EventKind.VIEW_ITEM.value, occurred_at=at,
                visitor=f"a:{chance.getrandbits(128):032x}",
                consent=Consent.ANONYMOUS.value, product_id=skus[place % len(skus)], language="en-gb", is_known=False,
            )
        )  # fmt: skip
    again = [(chance.uniform(place, len(unique)), unique[place]) for place in _places(number, unique, chance)]
    return [record for _, record in sorted([*enumerate(unique), *again], key=lambda pair: pair[0])]


def _places(number: int, unique: Sequence[object], chance: random.Random) -> list[int]:
    return chance.sample(range(len(unique)), number - len(unique))


def run(method: Callable[[Sequence[EventRecord]], float], records: Sequence[EventRecord]) -> dict[str, Any]:
    """Have one method write to an empty table."""
    from django.db import connection

    from ecom_llm.models import Event

    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {connection.ops.quote_name(Event._meta.db_table)}")
    seconds = method(records)
    inserted, unique = Event.objects.count(), len({record.id for record in records})
    return {
        "offered": len(records), "inserted": inserted, "refused": len(records) - inserted, "seconds": seconds,
        "events_per_s": len(records) / seconds, "is_complete": inserted == unique,
    }  # fmt: skip


def median_of(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """One method's figures over all rounds."""
    rates = [one["events_per_s"] for one in runs]
    return {
        **{name: runs[0][name] for name in ("offered", "inserted", "refused")},
        "events_per_s": round(statistics.median(rates)),
        "events_per_s_by_round": [round(rate) for rate in rates],
        "is_complete": all(one["is_complete"] for one in runs),
    }


def one_by_one(records: Sequence[EventRecord]) -> float:
    """Save each, and pass over those that are there."""
    from django.db import IntegrityError

    from ecom_llm.models import Event

    begun = time.perf_counter()
    for record in records:
        try:
            Event.objects.create(**_columns(record))
        except IntegrityError:
            continue
    return time.perf_counter() - begun


def bulk_create(records: Sequence[EventRecord]) -> float:
    """Django's own way with many."""
    from ecom_llm.models import Event

    begun = time.perf_counter()
    for chunk in _chunks(records):
        Event.objects.bulk_create([Event(**_columns(record)) for record in chunk], ignore_conflicts=True)
    return time.perf_counter() - begun


def buffer(records: Sequence[EventRecord]) -> float:
    """Into memory, and from there by the sink's own thread and by `flush`."""
    with _capture("buffered", BUFFER_EVENTS=len(records)) as sink:
        begun = time.perf_counter()
        for chunk in _chunks(records):
            sink.write(chunk)
        sink.flush()
        return time.perf_counter() - begun


def stream(records: Sequence[EventRecord]) -> float:
    """Out of the stream; they are put there before."""
    from benchmarks.capture_serving import drain_stream

    with _capture("redis") as sink:
        for chunk in _chunks(records):
            sink.write(chunk)
        begun = time.perf_counter()
        drain_stream()
        return time.perf_counter() - begun


def _columns(record: EventRecord) -> dict[str, Any]:
    return {name: value for name, value in record._asdict().items() if name != "is_known"}


def _chunks(records: Sequence[EventRecord]) -> Iterator[Sequence[EventRecord]]:
    return (records[place : place + CHUNK] for place in range(0, len(records), CHUNK))


def _capture(name: str, **keys: Any) -> Any:
    from benchmarks.capture_serving import capturing

    return capturing(VARIANTS[name], os.environ["REDIS_URL"], **keys)


if __name__ == "__main__":
    main()
