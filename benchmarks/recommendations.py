"""Recommendations from a real shop's invoices, beside the literature's baselines: hit rate, rank, time of a call.

The data is UCI Online Retail (Chen, 2012, CC BY 4.0) as a Parquet file, which pyarrow reads; item-to-item cosine is
that of `implicit`. Neither is a dependency of this project. How it is cut is in `benchmarks.recommending.splits`. The
baselines' parameters are chosen on what comes before the test. Ours are those that come with the package, and then
those that `ecom_llm_tune` finds in what the shop has learned, which needs visits.

python -m benchmarks.recommendations [--json] [--source PARQUET] [--task baskets|next-basket|clicks|all] [--seed 1]
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.imports import DATA_VARIABLE, FILE
from benchmarks.recommending.asking import Method, choose, measure
from benchmarks.recommending.baselines import Cosine, MissingPackageError, Popularity
from benchmarks.recommending.ours import measure_shop
from benchmarks.recommending.splits import TASKS, Task, make_tasks
from benchmarks.recommending.vsknn import WEIGHTINGS, Vsknn
from ecom_llm.recommend.measuring.evaluating import Measured

METHODS = (
    Method("popularity", Popularity, {"share": 1.0}, {"share": (0.02, 0.05, 0.1, 0.25, 0.5, 1.0)}),
    Method("item-to-item cosine", Cosine, {"neighbours": 20}, {"neighbours": (10, 20, 50, 100, 200, 500)}),
    Method(
        "VSKNN",
        Vsknn,
        {"neighbours": 500, "sample": 2_500, "weighting": "linear", "score_weighting": "linear", "idf": 1.0},
        {
            "neighbours": (50, 100, 200, 500, 1_000, 1_500),
            "sample": (500, 1_000, 2_500, 5_000, 10_000),
            "weighting": tuple(WEIGHTINGS),
            "score_weighting": tuple(WEIGHTINGS),
            "idf": (0.0, 0.5, 1.0, 2.0, 5.0, 10.0),
        },
    ),
)
# A shop can tune on visits, of which purchases alone make none.
TUNABLE = "view_item"
COLUMNS = ("HR@20", "MRR@20", "nDCG@20", "coverage", "popularity bias", "ms", "ms p95")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--source", type=Path, default=Path(os.environ.get(DATA_VARIABLE, "../shared/data")) / FILE)
    parser.add_argument("--task", choices=[*TASKS, "all"], default="all")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    if not arguments.source.is_file():
        raise SystemExit(f"There is no {arguments.source}; name the Parquet file with --source.")
    names = list(TASKS) if arguments.task == "all" else [arguments.task]
    result: dict[str, Any] = {"processors": os.cpu_count(), "load_average": round(os.getloadavg()[0], 2)}
    for task in make_tasks(arguments.source, names, arguments.seed):
        rows = dict(rows_of(task, arguments.seed))
        result[task.name] = {"split": split_of(task), "methods": rows, "is_ahead": is_ahead(rows)}
        if not arguments.json:
            print(table(task, result[task.name]), flush=True)
    if arguments.json:
        print(json.dumps(result))


def rows_of(task: Task, seed: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each method's name and its figures."""
    visits = [visit.products for visit in task.test.learned]
    for method in METHODS:
        print(f"{task.name}: {method.name} …", file=sys.stderr)
        begun = time.monotonic()
        try:
            parameters = choose(method, task.choosing, seed)
            measured = measure(task.test, method.make(visits, **parameters).recommend)
        except MissingPackageError as error:
            print(error, file=sys.stderr)
            yield method.name, {"missing": str(error)}
            continue
        yield method.name, {**figures(measured), "parameters": parameters, "seconds": round(time.monotonic() - begun)}
    for name, is_tuned in (("ours", False), ("ours, tuned", True)):
        if not is_tuned or task.kind == TUNABLE:
            print(f"{task.name}: {name} …", file=sys.stderr)
            begun = time.monotonic()
            answered = measure_shop(task, is_tuned=is_tuned)
            yield (
                name,
                {
                    **figures(answered.measured),
                    "parameters": answered.parameters,
                    "learn_seconds": round(answered.learn_seconds, 1),
                    "seconds": round(time.monotonic() - begun),
                },
            )


def figures(measured: Measured) -> dict[str, Any]:
    """What was measured, by name; `novel` counts targets that were not among what was given."""
    return {
        **{
            name: {key: round(getattr(found, key), 4) for key in ("hr", "mrr", "ndcg", "n")}
            for name, found in (("novel", measured.novel), ("all", measured.every))
        },
        "coverage": round(measured.coverage, 3),
        "popularity_bias": None if measured.popularity_bias is None else round(measured.popularity_bias, 3),
        "p50_ms": round(measured.p50_ms, 2),
        "p95_ms": round(measured.p95_ms, 2),
    }


def is_ahead(rows: dict[str, dict[str, Any]]) -> bool:
    """Whether ours, as it comes, has the better hit rate and the better rank than each baseline."""
    ours = rows["ours"]["novel"]
    others = [row["novel"] for name, row in rows.items() if not name.startswith("ours") and "novel" in row]
    return all(ours[key] > other[key] for other in others for key in ("hr", "mrr"))


def split_of(task: Task) -> dict[str, Any]:
    """How much is learned and asked."""
    test = task.test
    return {
        "learned": len(test.learned),
        "learned_until": test.learned[-1].at.isoformat(sep=" "),
        "questions": len(test.questions),
        "chosen_on": len(task.choosing.questions),
        "products": len(task.products),
    }


def table(task: Task, result: dict[str, Any]) -> str:
    """The figures for people, targets that were not among what was given."""
    split = result["split"]
    unit = "visits" if task.kind == TUNABLE else "orders"
    lines = [
        f"\n{task.name}: {split['questions']:,} questions after {split['learned']:,} {unit} until"
        f" {split['learned_until']}",
        f"{'':22}" + "".join(f"{name:>17}" for name in COLUMNS),
    ]
    for name, row in result["methods"].items():
        if "missing" in row:
            lines.append(f"{name:22}{row['missing']}")
            continue
        novel = row["novel"]
        cells = [f"{novel[key]:.4f}" for key in ("hr", "mrr", "ndcg")]
        bias = "-" if row["popularity_bias"] is None else f"{row['popularity_bias']:+.2f}"
        cells += [f"{row['coverage']:.1%}", bias, f"{row['p50_ms']:.2f}", f"{row['p95_ms']:.2f}"]
        lines.append(f"{name:22}" + "".join(f"{cell:>17}" for cell in cells))
    return "\n".join(lines)


if __name__ == "__main__":
    main()
