"""Tries out whether a model gives the same when its attention is replaced and a prefix shared.

Its configuration does not tell: layers may keep to themselves what their attention is handed, or keep keys of another
shape than they attend to. Some such models fail, others write something else and say nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from ecom_llm.exceptions import ModelLoadError
from ecom_llm.generate.backends.local import attention, int8
from ecom_llm.generate.backends.local.row_engine import read_in_parts

logger = logging.getLogger(__name__)

# Fewer than any window holds, so that models with one can be tried out too.
TOKENS = 24
# Most of them: a model that has learned to write says much the same without its prefix while a few words are its own.
SHARED_TOKENS = 20
# Between the logits of both ways, each less its mean. The packaged model has 0.9996 in bfloat16, and would have 0.83
# without its prefix.
LEAST_COSINE = 0.99


def passes(model: Any) -> bool:
    """Whether a prompt read in two parts gives what transformers' plainest attention gives for the whole.

    It draws nothing, compiles nothing and leaves the model as it was.

    Args:
        model: a causal language model in evaluation mode, on its device.

    Raises:
        ModelLoadError: there is no memory for it, so nothing is known.
    """
    size = model.config.get_text_config().vocab_size
    # From all over the vocabulary: what lies side by side in it is often unused.
    ids = [(2 * index + 1) * size // (2 * TOKENS) for index in range(TOKENS)]
    attention.register()
    try:
        # No inference mode: what a model keeps from it, such as the waves of its positions, others could not change.
        with torch.no_grad(), torch.compiler.set_stance("force_eager"), int8.exact(model):
            with _attending(model, "eager"):
                whole = model(input_ids=torch.tensor([ids], device=model.device), use_cache=False).logits[0, -1].float()
            with _attending(model, attention.NAME):
                parts = read_in_parts(model, ids, SHARED_TOKENS)
    except (MemoryError, torch.OutOfMemoryError) as error:
        raise ModelLoadError(f"No memory is left to try the model out: {error}") from error
    except Exception as error:
        # Whatever the model trips over when it is handed what it does not expect.
        logger.warning("A %s cannot share prompts: %s: %s", type(model).__name__, type(error).__name__, error)
        return False
    cosine = torch.nn.functional.cosine_similarity(whole - whole.mean(), parts - parts.mean(), dim=0).item()
    if cosine > LEAST_COSINE:
        return True
    logger.warning("A %s writes something else when it shares prompts: cosine %.3f.", type(model).__name__, cosine)
    return False


@contextmanager
def _attending(model: Any, name: str) -> Iterator[None]:
    """Have a model, and the models inside it, use another attention for a while."""
    config = model.config
    parts = {part: getattr(config, part) for part in config.sub_configs}
    before = {part: own._attn_implementation for part, own in parts.items() if own is not None}
    before[""] = config._attn_implementation
    try:
        model.set_attn_implementation(name)
        yield
    finally:
        model.set_attn_implementation(before)
