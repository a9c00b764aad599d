"""Has the shop learn a task's events and answer its questions, the way it does for its pages.

The parent writes files and runs the commands that a shop owner would, each in a process of its own, on an empty SQLite
database; the questions are answered by one more process, this module, through `recommend()`.

python -m benchmarks.recommending.ours < QUESTIONS
"""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from benchmarks.click_log import Visit, write_clicks
from benchmarks.recommending.asking import PLACES, count_answers
from benchmarks.recommending.splits import Stage, Task
from benchmarks.shop_commands import environment_of, manage
from ecom_llm.recommend.measuring.evaluating import Measured

HEADER = ("id", "occurred_at", "visitor", "kind", "product_id", "order_id")
ZONE = "Europe/London"


@dataclass(slots=True)
class Answered:
    """What came of one way to learn.

    Attributes:
        measured: what the answers are worth.
        parameters: that differ from those that come with the package.
        learn_seconds: of importing and learning.
    """

    measured: Measured
    parameters: dict[str, float]
    learn_seconds: float


def measure_shop(task: Task, *, is_tuned: bool) -> Answered:
    """Learn a task's events in a new database and answer the questions of its test.

    Args:
        task: what is learned and asked.
        is_tuned: whether the shop chooses its parameters first, by `ecom_llm_tune`, on what it has learned.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        environment = environment_of(f"sqlite:///{folder / 'shop.sqlite3'}")
        manage(environment, "migrate", "--verbosity", "0")
        _fill(environment, folder / "products.csv", task)
        events = folder / "events.csv"
        (write_clicks if task.kind == "view_item" else write_orders)(task.test.learned, events)
        imported = manage(environment, "ecom_llm_import_events", str(events), "--timezone", ZONE, "--json")
        learned = manage(environment, "ecom_llm_learn", "--json")
        if is_tuned:
            manage(environment, "ecom_llm_tune", "--json")
        answers = _answers(environment, task.test)
    measured = count_answers(task.test, zip(task.test.questions, answers["named"], answers["ms"], strict=True))
    return Answered(measured, answers["parameters"], imported["wall_seconds"] + learned["wall_seconds"])


def write_orders(orders: Iterable[Visit], target: Path) -> int:
    """Write orders as `ecom_llm_import_events` reads them; the number of lines."""
    lines = 0
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        for order in orders:
            for place, product_id in enumerate(order.products):
                at = (order.at + timedelta(milliseconds=place)).isoformat(sep=" ")
                writer.writerow((f"{order.name}-{place}", at, order.customer, "purchase", product_id, order.name))
                lines += 1
    return lines


def _fill(environment: dict[str, str], path: Path, task: Task) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows((key, name, price) for key, (name, price) in sorted(task.products.items()))
    subprocess.run(  # noqa: S603
        [sys.executable, "-m", "benchmarks.clicks", "--fill", str(path)], env=environment, check=True
    )


def _answers(environment: dict[str, str], stage: Stage) -> dict[str, Any]:
    ended = subprocess.run(
        [sys.executable, "-m", "benchmarks.recommending.ours"],
        env=environment, check=True, capture_output=True, text=True,
        input="\n".join(json.dumps(question.given) for question in stage.questions),
    )  # fmt: skip
    answers: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return answers


def main() -> None:
    """Answer the questions of the input, a list of product ids in each line."""
    import django

    django.setup()
    from ecom_llm.capture.visitors import NOBODY
    from ecom_llm.recommend.ranking import recommend
    from ecom_llm.recommend.state import read_state

    questions = [json.loads(line) for line in sys.stdin if line.strip()]
    named, milliseconds = [], []
    # What a process reads but once is read before.
    recommend(visitor=NOBODY, visit=questions[0], limit=PLACES)
    for given in questions:
        begun = time.perf_counter()
        found = recommend(visitor=NOBODY, visit=given, limit=PLACES)
        milliseconds.append(round((time.perf_counter() - begun) * 1000, 3))
        named.append([item.product_id for item in found])
    print(json.dumps({"named": named, "ms": milliseconds, "parameters": read_state().blend}))


if __name__ == "__main__":
    main()
