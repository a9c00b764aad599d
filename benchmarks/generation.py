"""Texts per second of the packaged model: the naive loop beside this app's batches, in one interleaved run.

    python -m benchmarks.generation [--json] [--products 24] [--rounds 2]

The naive loop is what one writes first: one prompt, one `generate`, until the end-of-turn token.
"""

from __future__ import annotations

import argparse
import json
import os
import time
import tomllib
from pathlib import Path
from typing import Any

import django

CATALOGUE = Path(__file__).resolve().parent.parent / "shop_demo" / "catalogue"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--products", type=int, default=24)
    parser.add_argument("--rounds", type=int, default=2)
    arguments = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop_demo.settings")
    django.setup()
    result = measure(arguments.products, arguments.rounds)
    if arguments.json:
        print(json.dumps(result))
        return
    print(f"naive, one prompt at a time: {result['naive_texts_per_s']:.2f} texts/s")
    print(f"batches of {result['batch_jobs']}:                {result['batched_texts_per_s']:.2f} texts/s")
    print(f"ratio: {result['ratio']:.2f}")


def measure(products: int, rounds: int) -> dict[str, Any]:
    """Run both in turn; each round the other one goes first."""
    from ecom_llm import conf
    from ecom_llm.generate.backends.registry import get_backend

    backend = get_backend()
    prompts = read_prompts(products)
    batch_jobs = conf.get_settings().generate.batch_jobs
    run(backend, prompts[:1], 1)
    seconds = {1: 0.0, batch_jobs: 0.0}
    for number in range(rounds):
        for size in sorted(seconds, reverse=bool(number % 2)):
            seconds[size] += run(backend, prompts, size)
    naive, batched = (rounds * products / seconds[size] for size in (1, batch_jobs))
    return {
        "model": backend.model_name,
        "products": products,
        "batch_jobs": batch_jobs,
        "naive_texts_per_s": round(naive, 3),
        "batched_texts_per_s": round(batched, 3),
        "ratio": round(batched / naive, 2),
    }


def run(backend: Any, prompts: list[Any], size: int) -> float:
    """Seconds to complete the prompts in batches of a size."""
    from ecom_llm.entities import Kind
    from ecom_llm.generate.sampling import sampling_for

    started = time.perf_counter()
    for first in range(0, len(prompts), size):
        backend.generate(prompts[first : first + size], sampling_for(Kind.DESCRIPTION, 0, 0))
    return time.perf_counter() - started


def read_prompts(count: int) -> list[Any]:
    """Description prompts of the demo's products, some of each category."""
    from ecom_llm.entities import Fact, Kind, ProductFacts, Prompt
    from ecom_llm.generate.material import DESCRIPTION_FEATURES
    from ecom_llm.generate.phrases import for_prompt
    from ecom_llm.generate.templates import get_prompt_template

    rows = [row for file in sorted(CATALOGUE.glob("*.toml")) for row in tomllib.loads(file.read_text())["products"]]
    template = get_prompt_template(Kind.DESCRIPTION, "en")
    prompts = []
    for row in rows[:: max(len(rows) // count, 1)][:count]:
        facts = tuple(Fact(name, str(value)) for name, value in row["attributes"].items())
        product = for_prompt(ProductFacts(row["name"], row["name"], "", facts), DESCRIPTION_FEATURES)
        prompts.append(Prompt(*template.render({"product": product})))
    return prompts


if __name__ == "__main__":
    main()
