"""The plain page under wrk: requests a second with and without recording, and whether every page was recorded.

gunicorn (two workers) on loopback with PostgreSQL behind it; wrk (Debian's package of that name) asks for as long as it
is told, as visitors that each ask once. The server counts the pages it sent; once it has ended, the events in the
database and those that were dropped must come to as many. The database is made on the server that
`ECOM_LLM_TEST_POSTGRES_URL` names and dropped afterwards.

python -m benchmarks.capture_load [--json] [--seconds 30] [--connections 8] [--variants none buffered redis]
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from benchmarks.capture_variants import REDIS_URL, VARIANTS
from benchmarks.jobs import SERVER, SERVER_VARIABLE, scratch_database

SCRIPT = Path(__file__).with_suffix(".lua")
START_SECONDS = 30.0
STOP_SECONDS = 40.0
WORKERS = 2
THREADS = 4
# Each process's first pages are not timed, but counted; other visitors than the later ones.
WARM_UP = "-d3s"
WARM_UP_FIRST = 4_000_000


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--variants", nargs="+", choices=VARIANTS, default=["none", "buffered", "redis"])
    arguments = parser.parse_args()
    wrk = shutil.which("wrk")
    if wrk is None:
        raise SystemExit("wrk is missing, which makes the load: apt-get install wrk.")
    os.environ["REDIS_URL"] = os.environ.get("ECOM_LLM_TEST_REDIS_URL", REDIS_URL)
    # The server's processes and this one must mean the same stream.
    os.environ["CAPTURE_STREAM"] = str(os.getpid())
    with scratch_database(os.environ.get(SERVER_VARIABLE, SERVER)) as url, tempfile.TemporaryDirectory() as folder:
        os.environ.update(DATABASE_URL=url, DJANGO_SETTINGS_MODULE="benchmarks.capture_settings")
        os.environ["CAPTURE_CONNECTIONS"] = "kept"
        result = measure(Path(folder), [wrk, "-t1", f"-c{arguments.connections}", f"-d{arguments.seconds}s"], arguments)
    print(json.dumps(result) if arguments.json else "\n".join(f"{name}: {value}" for name, value in result.items()))


def measure(folder: Path, wrk: list[str], arguments: argparse.Namespace) -> dict[str, Any]:
    """Figures by variant."""
    import django

    django.setup()
    from django.db import connections

    from benchmarks.capture_serving import delete_stream, lacks, prepare

    skus = folder / "skus"
    skus.write_text("\n".join(prepare()) + "\n")
    result: dict[str, Any] = {"processors": os.cpu_count(), "workers": WORKERS, "seconds": arguments.seconds}
    for name in arguments.variants:
        missing = lacks(VARIANTS[name], os.environ["REDIS_URL"])
        result[name] = {"missing": missing} if missing else under_load(name, folder, [*wrk, "-s", str(SCRIPT)])
    connections.close_all()
    delete_stream(os.environ["REDIS_URL"])
    without = result.get("none", {}).get("requests_per_s")
    for row in result.values():
        if without and isinstance(row, dict) and "requests_per_s" in row:
            row["share_of_none"] = round(row["requests_per_s"] / without, 3)
    return result


def under_load(name: str, folder: Path, wrk: list[str]) -> dict[str, Any]:
    """Serve with one variant while wrk asks; then see what became of every page."""
    from django.db import connections

    tallies = folder / name
    tallies.mkdir()
    before = events()
    # The next server finds no connection of ours to wait for.
    connections.close_all()
    port = free_port()
    environment = {**os.environ, "CAPTURE_VARIANT": name, "CAPTURE_TALLIES": str(tallies)}
    command = [sys.executable, "-m", "gunicorn", "benchmarks.capture_wsgi:application", "--bind", f"127.0.0.1:{port}"]
    command += ["--workers", str(WORKERS), "--threads", str(THREADS), "--log-level", "warning"]
    server = subprocess.Popen(command, env=environment)  # noqa: S603
    try:
        wait_for(port, server)
        environment |= {"CAPTURE_SKUS": str(folder / "skus"), "CAPTURE_FIRST": str(WARM_UP_FIRST)}
        told([wrk[0], "-t1", wrk[2], WARM_UP, *wrk[4:]], port, environment)
        load = told(wrk, port, {**environment, "CAPTURE_FIRST": "0"})
    finally:
        server.terminate()
        server.wait(STOP_SECONDS)
    return outcome(load, [json.loads(path.read_text()) for path in tallies.iterdir()], drained(name) - before)


def told(wrk: list[str], port: int, environment: dict[str, str]) -> dict[str, Any]:
    """What wrk saw."""
    ended = subprocess.run(  # noqa: S603
        [*wrk, f"http://127.0.0.1:{port}/"], env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    return dict(json.loads(ended.stdout.splitlines()[-1]))


def outcome(load: dict[str, Any], tallies: list[dict[str, Any]], recorded: int) -> dict[str, Any]:
    """One variant's row. Pages are those that the server sent; wrk leaves before the last of them arrive."""
    sent = sum(tally["sent"] for tally in tallies)
    counts: dict[str, int] = {}
    for tally in tallies:
        for name, amount in tally["counters"].items():
            counts[name] = counts.get(name, 0) + amount
    accepted = counts.get("recorded", 0)
    left_out = {name: amount for name, amount in counts.items() if name.startswith(("dropped.", "skipped."))}
    is_accounted_for = not counts or sent == accepted + sum(left_out.values())
    return {
        "requests_per_s": round(load["requests"] / load["microseconds"] * 1e6, 1),
        "p50_ms": round(load["p50_us"] / 1000, 2),
        "p99_ms": round(load["p99_us"] / 1000, 2),
        "errors": load["status_errors"] + load["socket_errors"],
        "pages_sent": sent,
        "accepted": accepted,
        "in_database": recorded,
        "left_out": left_out,
        "is_complete": recorded == accepted and is_accounted_for,
    }


def drained(name: str) -> int:
    """Events in the database, once those in the stream have followed."""
    from benchmarks.capture_serving import capturing, drain_stream

    if VARIANTS[name].sink.endswith("RedisSink"):
        with capturing(VARIANTS[name], os.environ["REDIS_URL"]):
            drain_stream()
    return events()


def events() -> int:
    """Rows of the table."""
    from ecom_llm.models import Event

    return Event.objects.count()


def free_port() -> int:
    """One that nobody listens at."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    """Until the server listens."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and server.poll() is None:
        try:
            with closing(socket.create_connection(("127.0.0.1", port), timeout=1)):
                return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("gunicorn did not begin to listen; its own words are above.")


if __name__ == "__main__":
    main()
