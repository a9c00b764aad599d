"""From the start of a worker's process to its first token: with the model's file only, then with weights kept.

python -m benchmarks.start [--json] [--rounds 2]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--child", nargs=2, metavar=("FOLDER", "STARTED"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        print(json.dumps(first_token(arguments.child[0], float(arguments.child[1]))))
        return
    result = compare(arguments.rounds)
    print(json.dumps(result) if arguments.json else "\n".join(f"{name}: {value}" for name, value in result.items()))


def compare(rounds: int) -> dict[str, Any]:
    """Seconds to the first token; each round starts without kept weights."""
    seconds: dict[str, list[float]] = {"cold": [], "warm": []}
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            for name, found in seconds.items():
                command = [sys.executable, "-m", "benchmarks.start", "--child", folder, str(time.time())]
                output = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout  # noqa: S603
                found.append(json.loads(output.splitlines()[-1]))
                print(f"{name}: {found[-1]:.1f} s", file=sys.stderr)
    best = {name: round(min(found), 2) for name, found in seconds.items()}
    return {
        "cold_seconds": best["cold"],
        "warm_seconds": best["warm"],
        "ratio": round(best["cold"] / best["warm"], 2),
        "all": {name: [round(item, 2) for item in found] for name, found in seconds.items()},
    }


def first_token(folder: str, started: float) -> float:
    """Seconds from the start of this process to its first token."""
    import os

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop_demo.settings")
    import django

    django.setup()
    from ecom_llm.conf import PACKAGED_MODEL
    from ecom_llm.entities import Message, Prompt, Sampling
    from ecom_llm.generate.backends.transformers import TransformersBackend

    backend = TransformersBackend("default", {"MODEL": PACKAGED_MODEL, "OPTIONS": {"cache_dir": folder}})
    at: list[float] = []
    prompt = Prompt((Message("user", "Describe a walnut desk lamp."),))
    backend.generate([prompt], Sampling(max_new_tokens=2, temperature=0), lambda: at.append(time.time()))
    return at[0] - started


if __name__ == "__main__":
    main()
