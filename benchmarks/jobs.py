"""The job table under load: jobs a second of real workers on PostgreSQL, and how long a claim takes.

The echo backend answers at once, so what is measured is everything but the model: claiming, reading products,
prompts, the guard, storing and publishing. A database of its own is made on the server that
`ECOM_LLM_TEST_POSTGRES_URL` names and dropped afterwards.

python -m benchmarks.jobs [--json] [--jobs 10000] [--workers 1 2 4] [--history 100000]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

SERVER_VARIABLE = "ECOM_LLM_TEST_POSTGRES_URL"
SERVER = "postgres://postgres:postgres@127.0.0.1:5432/postgres"
CLAIMS = 400
# Well above what a worker makes of them in the time.
DEADLINE_SECONDS = 900


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--jobs", type=int, default=10_000)
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2, 4])
    parser.add_argument("--history", type=int, default=100_000)
    arguments = parser.parse_args()
    with scratch_database(os.environ.get(SERVER_VARIABLE, SERVER)) as url:
        os.environ["ECOM_LLM_TEST_DATABASE_URL"] = url
        os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
        result = measure(arguments.jobs, arguments.workers, arguments.history)
    print(json.dumps(result) if arguments.json else "\n".join(f"{name}: {value}" for name, value in result.items()))


@contextmanager
def scratch_database(server_url: str) -> Iterator[str]:
    """The address of an empty database that goes when the block is left."""
    import psycopg
    from psycopg import sql

    name = f"ecom_llm_bench_{uuid.uuid4().hex[:8]}"
    try:
        server = psycopg.connect(server_url, autocommit=True)
    except psycopg.OperationalError as error:
        raise SystemExit(f"Name a PostgreSQL server in {SERVER_VARIABLE}: {error}") from error
    with server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield urlsplit(server_url)._replace(path=f"/{name}").geturl()
        finally:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def measure(jobs: int, workers: list[int], history: int) -> dict[str, Any]:
    """Figures by name."""
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connections

    from ecom_llm import conf

    call_command("migrate", verbosity=0)
    skus = make_products(jobs)
    result: dict[str, Any] = {
        "jobs": jobs,
        "processors": os.cpu_count(),
        # Of the minute before: what else the machine was doing.
        "load_average": round(os.getloadavg()[0], 2),
        "batch_jobs": conf.get_settings().generate.batch_jobs,
        "settings": settings.ECOM_LLM["GENERATE"],
        "jobs_per_second": {str(number): jobs_per_second(skus, number) for number in workers},
        "claim_ms": {str(rows): claim_latency(skus, rows) for rows in (0, history)},
    }
    connections.close_all()
    return result


def make_products(number: int) -> list[str]:
    """The demo's products again and again, without words of their own; returns their ids."""
    from shop_demo.models import Product
    from shop_demo.seeding import seed_catalogue

    seed_catalogue()
    models = list(Product.objects.filter(parent=None))
    Product.objects.bulk_create(
        Product(
            sku=f"bench-{place}", name=f"{model.name}", category=model.category, attributes=model.attributes,
            price=model.price, stock=1,
        )
        for place in range(number)
        for model in (models[place % len(models)],)
    )  # fmt: skip
    return [f"bench-{place}" for place in range(number)]


def jobs_per_second(skus: list[str], workers: int) -> dict[str, float]:
    """Have so many worker processes work through the jobs; from the first claim to the last end, by the database."""
    from django.db.models import Max, Min

    from ecom_llm.models import GenerationJob
    from tests.faults.processes import running

    start_afresh()
    command = [sys.executable, "manage.py", "ecom_llm_worker", "--verbosity", "0"]
    with ExitStack() as started:
        for _ in range(workers):
            started.enter_context(running(command, dict(os.environ)))
        # Each worker has begun once it has made something.
        warm_up(skus, workers)
        start_afresh()
        put_off(skus)
        begun = time.monotonic()
        GenerationJob.objects.update(state=GenerationJob.State.WAITING)
        wait_until_ended(begun)
    ended = GenerationJob.objects.aggregate(first=Min("started_at"), last=Max("finished_at"))
    seconds = (ended["last"] - ended["first"]).total_seconds()
    done = GenerationJob.objects.filter(state=GenerationJob.State.DONE).count()
    return {"jobs_per_second": round(len(skus) / seconds, 1), "seconds": round(seconds, 2), "published": done}


def start_afresh() -> None:
    """Leave no job, text or spending behind."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "TRUNCATE ecom_llm_generationjob, ecom_llm_generationspend, ecom_llm_text, ecom_llm_textversion CASCADE"
        )


def warm_up(skus: list[str], workers: int) -> None:
    """Give out jobs until each of the workers has done some."""
    from django.db.models import Count

    from ecom_llm.models import GenerationJob

    begun = time.monotonic()
    while GenerationJob.objects.exclude(worker="").aggregate(n=Count("worker", distinct=True))["n"] < workers:
        start_afresh()
        put_off(skus[: 40 * workers])
        GenerationJob.objects.update(state=GenerationJob.State.WAITING)
        wait_until_ended(begun)


def put_off(skus: list[str]) -> None:
    """Add jobs that no worker sees yet, so that they can be let go at one moment."""
    from django.utils import timezone

    from ecom_llm.channels.wanted import LIST_PRIORITY
    from ecom_llm.entities import Kind, TextKey
    from ecom_llm.generate.material import gather_all
    from ecom_llm.generate.templates import get_prompt_template
    from ecom_llm.models import GenerationJob

    keys = [TextKey(Kind.DESCRIPTION, sku, "en") for sku in skus]
    version = get_prompt_template(Kind.DESCRIPTION, "en").version
    expires_at = timezone.now() + timedelta(days=1)
    GenerationJob.objects.bulk_create(
        GenerationJob(
            kind=material.key.kind, subject=material.key.subject, language=material.key.language,
            product_id=material.product_id, input_hash=material.hash, prompt_version=version,
            priority=LIST_PRIORITY, state=GenerationJob.State.EXPIRED, expires_at=expires_at,
        )
        for material in gather_all(keys).values()
    )  # fmt: skip


def wait_until_ended(begun: float) -> None:
    """Wait until no job is active."""
    from ecom_llm.models import GenerationJob

    while GenerationJob.objects.filter(state__in=GenerationJob.ACTIVE).exists():
        if time.monotonic() - begun > DEADLINE_SECONDS:
            raise SystemExit("The workers did not end in time.")
        time.sleep(0.1)


def claim_latency(skus: list[str], history: int) -> dict[str, float]:
    """Milliseconds of a claim of one batch, with so many ended jobs in the table."""
    from django.db import connection

    from ecom_llm import conf
    from ecom_llm.generate import budgets, jobs
    from ecom_llm.models import GenerationJob

    start_afresh()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ecom_llm_generationjob (kind, subject, language, product_id, input_hash, prompt_version,"
            " priority, due_at, state, attempts, runs_alone, lapses, worker, created_at, expires_at, started_at,"
            " finished_at, prompt_tokens, completion_tokens, generation_seconds, error)"
            " SELECT 'description', 'old-' || n, 'en', 'old-' || n, md5(n::text), '1', 5, at, 'done', 1, false, 0,"
            " 'worker', at, at + interval '1 day', at, at, 200, 40, 1.5, ''"
            " FROM generate_series(1, %s) AS n, LATERAL (SELECT now() - n * interval '1 second' AS at) AS t",
            [history],
        )
    put_off(skus)
    GenerationJob.objects.filter(state=GenerationJob.State.EXPIRED).update(state=GenerationJob.State.WAITING)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE ecom_llm_generationjob")
    batch_jobs = conf.get_settings().generate.batch_jobs
    milliseconds = []
    for _ in range(min(CLAIMS, len(skus) // batch_jobs)):
        begun = time.perf_counter()
        claimed = jobs.claim(batch_jobs, worker="bench", lease_seconds=60, room=budgets.room_by_kind())
        milliseconds.append((time.perf_counter() - begun) * 1000)
        assert len(claimed) == batch_jobs
    return {
        "p50": round(statistics.median(milliseconds), 2),
        "p95": round(statistics.quantiles(milliseconds, n=20)[-1], 2),
        "claims": len(milliseconds),
    }


if __name__ == "__main__":
    main()
