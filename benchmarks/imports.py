"""A year of a real shop's invoices into PostgreSQL through `ecom_llm_import_events`: seconds, and peak memory.

The data is UCI Online Retail (Chen, 2012, CC BY 4.0) as a Parquet file, which pyarrow reads (it is no dependency of
this project). All of its lines are offered, returns and corrections too, so that rejected lines show. A database of its
own is made on the server that `ECOM_LLM_TEST_POSTGRES_URL` names and dropped afterwards. The command runs as a process
of its own; its peak memory is what the system says of that process.

python -m benchmarks.imports --source PATH [--json] [--again]
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.jobs import SERVER, SERVER_VARIABLE, scratch_database

DATA_VARIABLE = "ECOM_LLM_DATA"
FILE = "uci-online-retail/online_retail_2010_2011.parquet"
HEADER = ("id", "occurred_at", "visitor", "kind", "product_id", "quantity", "value", "currency", "order_id")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--source", type=Path, default=Path(os.environ.get(DATA_VARIABLE, "../shared/data")) / FILE)
    parser.add_argument("--consent", choices=["anonymous", "personal"], default="anonymous")
    parser.add_argument("--again", action="store_true", help="offer the same file a second time: all duplicates")
    parser.add_argument("--write", type=Path, metavar="CSV", help="only write the file that is imported")
    arguments = parser.parse_args()
    if not arguments.source.is_file():
        raise SystemExit(f"There is no {arguments.source}; name the Parquet file with --source.")
    if arguments.write:
        write_events(arguments.source, arguments.write)
        return
    with scratch_database(os.environ.get(SERVER_VARIABLE, SERVER)) as url, tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "ECOM_LLM_TEST_DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "tests.settings"}
        path = Path(folder) / "orders.csv"
        # In a process of its own: one begun from here would have this one's peak counted as its own.
        writer = [sys.executable, "-m", "benchmarks.imports", "--source", str(arguments.source), "--write", str(path)]
        subprocess.run(writer, check=True)  # noqa: S603
        manage(environment, "migrate", "--verbosity", "0")
        command = ["ecom_llm_import_events", str(path), "--consent", arguments.consent, "--timezone", "Europe/London"]
        result: dict[str, Any] = {
            "processors": os.cpu_count(),
            "load_average": round(os.getloadavg()[0], 2),
            "file_mib": round(path.stat().st_size / 2**20, 1),
            "import": imported(environment, [*command, "--json"]),
        }
        if arguments.again:
            result["again"] = imported(environment, [*command, "--json", "--restart"])
    print(json.dumps(result) if arguments.json else "\n".join(f"{name}: {value}" for name, value in result.items()))


def write_events(source: Path, target: Path) -> None:
    """Write each line of the invoices as a purchase."""
    try:
        from pyarrow import parquet  # type: ignore[import-not-found,unused-ignore]
    except ImportError as error:
        raise SystemExit("Reading Parquet needs pyarrow: pip install pyarrow.") from error
    number = 0
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        for batch in parquet.ParquetFile(source).iter_batches(columns=[
            "InvoiceNo", "StockCode", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID",
        ]):  # fmt: skip
            for row in batch.to_pylist():
                number += 1
                writer.writerow(line_of(number, row))


def line_of(number: int, row: dict[str, Any]) -> tuple[object, ...]:
    """An invoice's line as an event's. Lines repeat within invoices, so each has an id of its own."""
    customer = row["CustomerID"]
    return (
        f"uci-{number}",
        row["InvoiceDate"].isoformat(sep=" "),
        "" if customer is None or math.isnan(customer) else int(customer),
        "purchase",
        row["StockCode"],
        row["Quantity"],
        f"{row['UnitPrice'] * row['Quantity']:.2f}",
        "GBP",
        row["InvoiceNo"],
    )


def imported(environment: dict[str, str], command: list[str]) -> dict[str, Any]:
    """Run the import; its own counts, with seconds from start to end of the process and its peak memory."""
    begun = time.monotonic()
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, "manage.py", *command], env=environment, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, process.returncode
    counts: dict[str, Any] = json.loads(output.splitlines()[-1])
    return {
        **counts,
        "process_seconds": round(seconds, 2),
        # Of this process alone; the rest is the database's, or waiting for a busy machine.
        "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 2),
        "lines_per_second": round(counts["offered_now"] / counts["seconds"]),
        "peak_mib": round(usage.ru_maxrss / 1024, 1),
        "peak_mib_of_an_idle_command": idle_mib(environment),
    }


def idle_mib(environment: dict[str, str]) -> float:
    """The peak of a command that does nothing, which an import has too."""
    process = subprocess.Popen(
        [sys.executable, "manage.py", "ecom_llm_import_events", "--key-of", "nobody"],
        env=environment, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    usage: resource.struct_rusage = os.wait4(process.pid, 0)[2]
    process.returncode = 0
    return round(usage.ru_maxrss / 1024, 1)


def manage(environment: dict[str, str], *command: str) -> None:
    """Run a command of the demo shop."""
    subprocess.run([sys.executable, "manage.py", *command], env=environment, check=True)  # noqa: S603


if __name__ == "__main__":
    main()
