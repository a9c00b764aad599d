"""The engines at a realistic size on a GPU: random weights, so nothing is downloaded and only speed means anything.

    python -m benchmarks.gpu [--json] [--prompts 512] [--tiny]

A causal language model of 1.2 billion parameters in bfloat16; every completion has the same length; prompts share their
first 400 tokens, as those of one kind of text do. In one run: one prompt at a time (a sample of them), transformers'
continuous batching, this app's engine of rows and its continuous one. Those that batch run `--places` completions at a
time; each warms up in a first run and keeps what it made there, and none finds what another left on the device. Beside
each the least time that memory bandwidth, measured by copying, allows it: each step reads every weight once. `--tiny`
runs the same on a CPU with a toy, to show that the script works.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import sys
import time
from collections.abc import Callable
from typing import Any

SHARED_TOKENS = 400
OWN_TOKENS = (30, 60)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--prompts", type=int, default=512)
    parser.add_argument("--new-tokens", type=int, default=64)
    parser.add_argument("--places", type=int, default=256)
    parser.add_argument("--one-by-one", type=int, default=16, help="prompts of the loop, which is slow")
    parser.add_argument("--tiny", action="store_true", help="a toy on the CPU")
    arguments = parser.parse_args()
    import torch

    if not arguments.tiny and not torch.cuda.is_available():
        sys.exit("No GPU here. `--tiny` tries the script out on the CPU.")
    result = measure(arguments)
    if arguments.json:
        print(json.dumps(result))
        return
    for name, row in result["methods"].items():
        print(
            f"{name:24} {row['prompts_per_s']:9.2f} prompts/s {row['tokens_per_s']:10.1f} tokens/s"
            f" {row['seconds']:9.2f} s for {row['prompts']} prompts, {row['floor_seconds']:.2f} s by bandwidth"
        )


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """Run each engine over the same prompts."""
    import torch

    device = "cpu" if arguments.tiny else "cuda"
    model = build(device, is_tiny=arguments.tiny)
    random.seed(0)
    vocabulary = model.config.vocab_size
    shared = [random.randrange(3, vocabulary) for _ in range(SHARED_TOKENS)]
    prompts = [
        [*shared, *(random.randrange(3, vocabulary) for _ in range(random.randint(*OWN_TOKENS)))]
        for _ in range(arguments.prompts)
    ]
    sample = prompts[: arguments.one_by_one]
    places = arguments.places
    # What runs, over how many prompts, how many of them at a time.
    runs: dict[str, tuple[Callable[[], Any], int, int]] = {
        "one prompt at a time": (lambda: one_by_one(model, sample, arguments.new_tokens), len(sample), 1),
        "generate_batch": (lambda: generate_batch(model, prompts, arguments), len(prompts), places),
        "this app, continuous": (lambda: engine("continuous", model, prompts, arguments), len(prompts), places),
        # Last: it puts its own attention into the model.
        "this app, rows": (lambda: engine("rows", model, prompts, arguments), len(prompts), places),
    }
    size = sum(weight.numel() * weight.element_size() for weight in model.parameters())
    bandwidth = copy_bandwidth(device)
    rows = {}
    for name, (run, count, at_a_time) in runs.items():
        print(name, file=sys.stderr)
        run()
        if device == "cuda":
            torch.cuda.synchronize()
        started = time.perf_counter()
        run()
        if device == "cuda":
            torch.cuda.synchronize()
        seconds = time.perf_counter() - started
        let_go(model)
        steps = -(-count // at_a_time) * arguments.new_tokens
        rows[name] = {
            "prompts": count,
            "prompts_per_s": round(count / seconds, 3),
            "tokens_per_s": round(count * arguments.new_tokens / seconds, 1),
            "seconds": round(seconds, 3),
            "floor_seconds": round(steps * size / bandwidth, 3),
        }
    return {
        "device": torch.cuda.get_device_name() if device == "cuda" else "cpu",
        "parameters": sum(weight.numel() for weight in model.parameters()),
        "prompts": arguments.prompts,
        "new_tokens": arguments.new_tokens,
        "methods": rows,
        "bandwidth_gb_per_s": round(bandwidth / 1e9, 1),
    }


def build(device: str, *, is_tiny: bool) -> Any:
    """A Llama of random weights."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    sizes = {
        "hidden_size": 2048, "intermediate_size": 8192, "num_hidden_layers": 16, "num_attention_heads": 32,
        "num_key_value_heads": 8, "vocab_size": 128_000,
    }  # fmt: skip
    if is_tiny:
        sizes |= {
            "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4,
            "num_key_value_heads": 2, "vocab_size": 1000,
        }  # fmt: skip
    torch.manual_seed(0)
    config = LlamaConfig(**sizes, max_position_embeddings=4096, tie_word_embeddings=True)
    with torch.device(device):
        return LlamaForCausalLM(config).to(torch.float32 if is_tiny else torch.bfloat16).eval()


def one_by_one(model: Any, prompts: list[list[int]], new_tokens: int) -> None:
    """What one writes first."""
    import torch

    with torch.inference_mode():
        for prompt in prompts:
            ids = torch.tensor([prompt], device=model.device)
            model.generate(
                input_ids=ids, attention_mask=torch.ones_like(ids), max_new_tokens=new_tokens,
                min_new_tokens=new_tokens, do_sample=False, pad_token_id=0,
            )  # fmt: skip


def generate_batch(model: Any, prompts: list[list[int]], arguments: argparse.Namespace) -> None:
    """transformers' continuous batching, with its manager kept from one run to the next, as this app keeps its own."""
    from transformers import ContinuousBatchingConfig, GenerationConfig

    config = GenerationConfig(max_new_tokens=arguments.new_tokens, do_sample=False, eos_token_id=-1, pad_token_id=0)
    model.generate_batch(
        inputs=prompts, generation_config=config, progress_bar=False, persistent_manager=True,
        continuous_batching_config=ContinuousBatchingConfig(max_requests_per_batch=arguments.places),
    )  # fmt: skip


def engine(name: str, model: Any, prompts: list[list[int]], arguments: argparse.Namespace) -> None:
    """This app's engines, on the same model."""
    from ecom_llm.generate.backends.local.continuous_engine import ContinuousEngine
    from ecom_llm.generate.backends.local.requests import Request
    from ecom_llm.generate.backends.local.row_engine import RowEngine

    requests = [Request(prompt, arguments.new_tokens) for prompt in prompts]
    made = _engines.get(name)
    if made is None:
        made = _engines[name] = (
            RowEngine(model, turn_starts=frozenset(), places=arguments.places)
            if name == "rows"
            else ContinuousEngine(model, stop_tokens=[-1], places=arguments.places)
        )
    made.complete(requests, lambda request: False, None)


_engines: dict[str, Any] = {}


def let_go(model: Any) -> None:
    """Free what a method kept on the device: pages, graphs, prefixes. The next one must neither use nor miss it."""
    import torch

    _engines.clear()
    model.destroy_cached_continuous_batching_manager()
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def copy_bandwidth(device: str) -> float:
    """Bytes a second that memory reads and writes, by copying."""
    import torch

    source = torch.empty(2**28 if device == "cuda" else 2**24, device=device)
    target = torch.empty_like(source)
    target.copy_(source)
    if device == "cuda":
        torch.cuda.synchronize()
    started = time.perf_counter()
    for _ in range(10):
        target.copy_(source)
    if device == "cuda":
        torch.cuda.synchronize()
    return 10 * 2 * source.numel() * source.element_size() / (time.perf_counter() - started)


if __name__ == "__main__":
    main()
