"""Picks the engine for a model and a device."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ecom_llm.exceptions import ConfigurationError
from ecom_llm.generate.backends.local import attention
from ecom_llm.generate.backends.local.continuous_engine import ContinuousEngine
from ecom_llm.generate.backends.local.loading import Loaded
from ecom_llm.generate.backends.local.plain_engine import PlainEngine
from ecom_llm.generate.backends.local.requests import Engine
from ecom_llm.generate.backends.local.row_engine import RowEngine

# Rows that advance together. On a CPU more of them bring nothing more; on a GPU memory is the limit.
CPU_PLACES = 64
GPU_PLACES = 256


def choose(loaded: Loaded, options: Mapping[str, Any], stop_tokens: Sequence[int]) -> Engine:
    """The engine that the options name, or the one that suits model and device.

    Args:
        loaded: the model.
        options: `engine` and `rows`.
        stop_tokens: end a completion.

    Raises:
        ConfigurationError: the model cannot run in the engine asked for.
    """
    is_cpu = loaded.device == "cpu"
    is_row_capable = attention.supports(loaded.model) and not options.get("attn_implementation")
    name = options.get("engine") or (("rows" if is_cpu else "continuous") if is_row_capable else "plain")
    places = int(options.get("rows") or (CPU_PLACES if is_cpu else GPU_PLACES))
    if name == "rows":
        if not is_row_capable:
            raise ConfigurationError("engine 'rows' replaces the attention, which this model does not let it do.")
        turn_starts = frozenset(loaded.tokenizer.all_special_ids)
        return RowEngine(loaded.model, turn_starts=turn_starts, places=places)
    if name == "continuous":
        return ContinuousEngine(loaded.model, stop_tokens=stop_tokens, places=places)
    return PlainEngine(loaded.model, pad_token=loaded.tokenizer.pad_token_id, places=places)
