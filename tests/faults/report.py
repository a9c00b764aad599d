"""The table of figures that fault tests leave behind, and the verdict of `make faults`.

`python -m tests.faults.report FILE` prints the figures of every run that wrote to FILE, and ends with 1 when a row has
none or is short.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

# The faults that every run of `make faults` must have a figure for, by row of the reliability table.
ROWS = {
    1: "kill -9 of the process that runs the model",
    2: "kill -9 of the Celery main process",
    3: "SIGSTOP for twice the lease, then SIGCONT",
    4: "SIGTERM mid-batch",
    5: "8 claimers at once",
    6: "one job that aborts the process",
    7: "out of memory above a batch of 4",
    8: "a model that hangs",
    9: "Redis killed during enqueues",
    10: "Redis CLIENT PAUSE",
    11: "Redis, RabbitMQ restarted",
    12: "broker emptied with jobs waiting",
    13: "process ends between commit and publish",
    14: "roll-back after enqueue",
    15: "no beat; two beats",
    16: "PostgreSQL stopped at once mid-write",
    17: "database read-only under traffic",
    18: "identical requests at once",
    19: "product edited while its text is generated",
    20: "a worker's clock ten minutes ahead",
    21: "drain killed between insert and acknowledgement",
    22: "drain stopped until the cap",
    23: "one broken event among 1,000",
    24: "web server of several processes reloaded and ended",
    25: "500 pages at once in an event loop",
    26: "an exception in each hook of capture",
    27: "8 processes write to one SQLite file",
    28: "unique searches",
    30: "malformed bodies, headers and cookies; another visitor's ids",
    32: "erase, export, opt-out, Global Privacy Control",
}
# Rows that a full run must show on a named driver or database too, so that one passing case cannot stand for all.
NEEDED = {
    **dict.fromkeys((1, 3, 4, 6, 8), ("worker", "celery, redis", "celery, rabbitmq")),
    2: ("celery, redis", "celery, rabbitmq"),
    5: ("sqlite", "postgresql"),
    **dict.fromkeys((9, 10), ("celery, redis", "redis sink")),
    17: ("direct", "buffered"),
    18: ("sqlite", "postgresql"),
    20: ("postgresql",),
    **dict.fromkeys((21, 22, 23), ("sqlite", "postgresql")),
    24: (
        "preload",
        "preload, reload",
        "preload, threads",
        "preload, workers replaced",
        "uvicorn",
        "sqlite",
        "postgresql",
    ),
    25: ("sqlite", "postgresql", "uvicorn", "uvicorn, texts asked for"),
    26: ("sqlite", "postgresql", "direct", "buffered"),
    27: ("sqlite", "direct", "buffered"),
    28: ("sqlite", "postgresql", "1 visitors", "2 visitors"),
    30: ("sqlite", "postgresql"),
    32: (
        "sqlite",
        "postgresql",
        "DELETE me/",
        "opt-out to none",
        "Sec-GPC",
        "export",
        "tabs, direct",
        "tabs, buffered",
    ),
}


@dataclass(frozen=True, slots=True)
class Figure:
    """What one fault test measured."""

    row: int
    driver: str
    database: str
    text: str
    is_held: bool


def write(figure: Figure) -> None:
    """Add a figure to the file named by `ECOM_LLM_FAULTS_FILE`, when one is."""
    if path := os.environ.get("ECOM_LLM_FAULTS_FILE"):
        with Path(path).open("a") as lines:
            lines.write(json.dumps(asdict(figure)) + "\n")


def read(path: Path) -> list[Figure]:
    """Every figure in a file."""
    return [Figure(**json.loads(line)) for line in path.read_text().splitlines()] if path.exists() else []


def table(figures: Sequence[Figure]) -> str:
    """The figures as a Markdown table, by row."""
    lines = ["| row | fault | driver | database | figure | verdict |", "| --- | --- | --- | --- | --- | --- |"]
    lines += [
        f"| {item.row} | {ROWS.get(item.row, '')} | {item.driver or '-'} | {item.database} | {item.text}"
        f" | {'held' if item.is_held else 'short'} |"
        for item in sorted(figures, key=lambda item: (item.row, item.driver, item.database))
    ]
    return "\n".join(lines)


def problems(figures: Sequence[Figure]) -> list[str]:
    """What keeps the figures from being a full and good run."""
    short = [f"Row {item.row} is short: {item.text}" for item in figures if not item.is_held]
    seen = {
        row: {place for item in figures if item.row == row for place in (item.driver, item.database)} for row in ROWS
    }
    absent = [f"Row {row} ({fault}) has no figure." for row, fault in ROWS.items() if not seen[row]]
    partial = [
        f"Row {row} has no figure on {place}."
        for row, places in NEEDED.items()
        for place in places
        if seen[row] and place not in seen[row]
    ]
    return short + absent + partial


def main(path: str) -> int:
    """Print the table and what is wrong with it.

    Returns:
        The exit status: 0 when every row has its figures and all held.
    """
    figures = read(Path(path))
    print(table(figures))
    wrong = problems(figures)
    for line in wrong:
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
