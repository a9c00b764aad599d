"""Descriptions per second of the packaged model: what one would otherwise write, and this engine, in one run.

    python -m benchmarks.generation [--json] [--prompts 64] [--rounds 2] [--variants]

(a) one prompt at a time through `generate`; (b) batches of 16, padded; (c) transformers' continuous batching
(`generate_batch`), 16 at a time; each in float32 and in bfloat16; (d) this app's jobs, from the queue to the published
text, with its CPU defaults. Same prompts, same longest completion, likeliest tokens; each in a process of its own, so
that its peak memory is its own; the order turns round with each round. (d) is compared with the better of two types.
Tokens are those of texts that pass the guard; what was written for them and for others stands apart. (d) tries what the
guard blocked again, which the others do not: its time holds those tries, the guard and the database.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.prompts import demo_shop, passes, read_materials

ROOT = Path(__file__).resolve().parent.parent
BASELINES = {
    "one_by_one": "(a) one prompt at a time",
    "static_16": "(b) static batches of 16",
    "generate_batch": "(c) generate_batch",
}
TYPES = ("float32", "bfloat16")
METHODS = {
    **{f"{name}_{dtype}": label for name, label in BASELINES.items() for dtype in TYPES},
    "engine": "(d) this engine, through the job table",
}
# This engine otherwise than by default: what its parts bring, and what was not made a default.
VARIANTS: dict[str, dict[str, Any]] = {
    "engine_claims_16": {"generate": {"BATCH_JOBS": 16}},
    "engine_float32": {"options": {"dtype": "float32"}},
    "engine_int8": {"options": {"quantization": "int8"}},
    "engine_best_of_2": {"generate": {"SAMPLING": {"description": {"n": 2}}}},
    "engine_best_of_3_once": {"generate": {"SAMPLING": {"description": {"n": 3}}, "TRIES": 1}},
    "engine_grounded": {"generate": {"GROUNDED_DECODING": True}},
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--prompts", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--variants", action="store_true", help="this engine with other settings as well")
    parser.add_argument("--method", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.method:
        with demo_shop():
            print(json.dumps(measure(arguments.method, arguments.prompts)))
        return
    result = compare(arguments.prompts, arguments.rounds, [*METHODS, *(VARIANTS if arguments.variants else ())])
    if arguments.json:
        print(json.dumps(result))
        return
    for name, row in result["methods"].items():
        print(
            f"{METHODS.get(name, name):40} {row['dtype']:8} {row['prompts_per_s']:7.2f} prompts/s"
            f" {row['tokens_per_s']:8.1f} tokens/s ({row['written_tokens_per_s']:.1f} written)"
            f" {row['guard_pass_rate']:6.1%} pass {row['peak_mib']:6d} MiB"
        )
    ratios = [f"{result[f'ratio_to_{name}']} times {label[:3]}" for name, label in BASELINES.items()]
    print(f"(d) is {', '.join(ratios)}, each in the better of its types")


def compare(prompts: int, rounds: int, methods: list[str]) -> dict[str, Any]:
    """Run every method in each round."""
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in methods}
    for number in range(rounds):
        for name in methods[:: -1 if number % 2 else 1]:
            print(f"round {number + 1} of {rounds}: {name}", file=sys.stderr)
            command = [sys.executable, "-m", "benchmarks.generation", "--method", name, "--prompts", str(prompts)]
            output = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout  # noqa: S603
            runs[name].append(json.loads(output.splitlines()[-1]))
    rows = {name: summarise(found) for name, found in runs.items()}
    speed = {name: row["prompts_per_s"] for name, row in rows.items()}
    better = {name: max(speed[f"{name}_{dtype}"] for dtype in TYPES) for name in BASELINES}
    return {
        "prompts": prompts,
        "rounds": rounds,
        "methods": rows,
        **{f"ratio_to_{name}": round(speed["engine"] / fastest, 2) for name, fastest in better.items()},
    }


def summarise(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """The rounds of one method as one row: rates by the mean time, the largest memory."""
    seconds = statistics.mean(run["seconds"] for run in runs)
    return {
        "prompts_per_s": round(runs[0]["prompts"] / seconds, 3),
        "tokens_per_s": round(runs[0]["tokens"] / seconds, 1),
        "written_tokens_per_s": round(runs[0]["written"] / seconds, 1),
        "seconds": [round(run["seconds"], 2) for run in runs],
        "guard_pass_rate": round(statistics.mean(run["passed"] / run["prompts"] for run in runs), 4),
        "peak_mib": max(run["peak_mib"] for run in runs),
        "model": runs[0]["model"],
        "dtype": runs[0]["dtype"],
    }


def measure(method: str, count: int) -> dict[str, Any]:
    """Run one method in this process; the model is loaded and warm before the clock starts."""
    materials = read_materials(count)
    if method in ("engine", *VARIANTS):
        found = run_engine(materials, VARIANTS.get(method, {}))
    else:
        found = run_transformers(*method.rsplit("_", 1), materials)
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return {"prompts": len(materials), "peak_mib": peak_mib, **found}


def run_engine(materials: list[Any], variant: dict[str, Any]) -> dict[str, Any]:
    """Queue the descriptions and work until none waits."""
    from django.conf import settings

    from ecom_llm import pipeline
    from ecom_llm.entities import Kind, Sampling
    from ecom_llm.generate.backends.registry import backend_for
    from ecom_llm.generate.prompting import make_prompt
    from ecom_llm.generate.requests import request_texts
    from ecom_llm.models import GenerationJob, TextVersion

    default = settings.ECOM_LLM["BACKENDS"]["default"]
    settings.ECOM_LLM = settings.ECOM_LLM | {
        "BACKENDS": {"default": default | {"OPTIONS": variant.get("options", {})}},
        "GENERATE": settings.ECOM_LLM.get("GENERATE", {}) | variant.get("generate", {}),
    }
    backend = backend_for(Kind.DESCRIPTION)
    backend.generate([make_prompt(material) for material in materials[:2]], Sampling(max_new_tokens=2, temperature=0))
    keys = [material.key for material in materials]
    started = time.perf_counter()
    request_texts(keys)
    while pipeline.run_once("benchmark").claimed:
        pass
    seconds = time.perf_counter() - started
    published = TextVersion.objects.filter(state="published").values_list("completion_tokens", flat=True)
    return {
        "seconds": seconds, "passed": len(published), "tokens": sum(published),
        "written": sum(GenerationJob.objects.values_list("completion_tokens", flat=True)),
        "model": backend.model_name, "dtype": _name_of(backend._load().loaded.model.dtype),
    }  # fmt: skip


def run_transformers(method: str, dtype: str, materials: list[Any]) -> dict[str, Any]:
    """What one would write without this app, on the same prompts."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging

    from ecom_llm.conf import PACKAGED_MODEL
    from ecom_llm.generate.backends.spelling import Speller
    from ecom_llm.generate.prompting import make_prompt
    from ecom_llm.generate.sampling import MAX_NEW_TOKENS
    from ecom_llm.model_files import locate

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    source = locate(PACKAGED_MODEL)
    tokenizer = AutoTokenizer.from_pretrained(source.name, padding_side="left", **source.arguments)
    model = AutoModelForCausalLM.from_pretrained(source.name, dtype=getattr(torch, dtype), **source.arguments).eval()
    prompts = [make_prompt(material) for material in materials]
    speller = Speller(tokenizer)
    ids = [speller.read(prompt) for prompt in prompts]
    run = _continuous if method == "generate_batch" else _static
    size = 1 if method == "one_by_one" else 16
    run(model, tokenizer, ids[:size], size, 2)
    started = time.perf_counter()
    written = run(model, tokenizer, ids, size, MAX_NEW_TOKENS)
    seconds = time.perf_counter() - started
    passed = []
    for material, prompt, row in zip(materials, prompts, written, strict=True):
        text = tokenizer.decode(row, skip_special_tokens=True).split("\n")[0]
        if passes(material, " ".join(f"{prompt.prefix}{text}".split())):
            passed.append(row)
    return {
        "seconds": seconds, "passed": len(passed), "tokens": sum(map(len, passed)), "written": sum(map(len, written)),
        "model": PACKAGED_MODEL, "dtype": _name_of(model.dtype),
    }  # fmt: skip


def _name_of(dtype: Any) -> str:
    return str(dtype).removeprefix("torch.")


def _static(model: Any, tokenizer: Any, ids: list[list[int]], size: int, longest: int) -> list[list[int]]:
    """Padded batches, in the order of the prompts."""
    import torch

    written: list[list[int]] = []
    for first in range(0, len(ids), size):
        batch = tokenizer.pad({"input_ids": ids[first : first + size]}, return_tensors="pt")
        with torch.inference_mode():
            output = model.generate(
                **batch, max_new_tokens=longest, do_sample=False, pad_token_id=tokenizer.pad_token_id,
                stop_strings=["\n"], tokenizer=tokenizer,
            )  # fmt: skip
        for row in output[:, batch["input_ids"].shape[1] :].tolist():
            kept = [token for token in row if token != tokenizer.pad_token_id]
            if len(kept) < len(row) and "\n" not in tokenizer.decode(kept):
                # The end of its turn looks like padding; it was written all the same, and the engine's is counted.
                kept.append(tokenizer.eos_token_id)
            written.append(kept)
    return written


def _continuous(model: Any, tokenizer: Any, ids: list[list[int]], size: int, longest: int) -> list[list[int]]:
    """transformers' own scheduler. On a CPU it slows down with the number of prompts, so it gets 16 at a time."""
    from transformers import GenerationConfig

    config = GenerationConfig(
        max_new_tokens=longest,
        do_sample=False,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    written: list[list[int]] = []
    for first in range(0, len(ids), size):
        results = model.generate_batch(inputs=ids[first : first + size], generation_config=config, progress_bar=False)
        written += [result.generated_tokens for result in results.values()]
    return written


if __name__ == "__main__":
    # Whatever the shell says: the benchmark's own shop.
    os.environ.pop("ECOM_LLM_MODEL", None)
    main()
