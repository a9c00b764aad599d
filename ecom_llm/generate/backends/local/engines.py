"""Picks the engine for a model and a device."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ecom_llm.exceptions import ConfigurationError
from ecom_llm.generate.backends.local import attention, continuous_engine, self_check
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
        options: `engine`, `rows` and `attn_implementation`.
        stop_tokens: end a completion.

    Raises:
        ConfigurationError: the model cannot run in the engine asked for.
        ModelLoadError: there is no memory to try the model out.
    """
    is_cpu = loaded.device == "cpu"
    has_own_attention = bool(options.get("attn_implementation"))
    name = options.get("engine") or ("rows" if is_cpu else "continuous")
    places = int(options.get("rows") or (CPU_PLACES if is_cpu else GPU_PLACES))
    objection = _objection(name, loaded.model, has_own_attention=has_own_attention)
    if objection:
        if options.get("engine"):
            raise ConfigurationError(f"engine {name!r} {objection}")
        name = "plain"
    if name == "rows":
        return RowEngine(loaded.model, turn_starts=_turn_starts(loaded.tokenizer), places=places)
    if name == "continuous":
        return ContinuousEngine(loaded.model, stop_tokens=stop_tokens, places=places, keeps_attention=has_own_attention)
    return PlainEngine(loaded.model, pad_token=loaded.tokenizer.pad_token_id, places=places)


def _objection(name: str, model: Any, *, has_own_attention: bool) -> str:
    """Why a model cannot run in an engine; empty when it can."""
    if name == "plain":
        return ""
    if name == "rows" and (has_own_attention or not attention.supports(model)):
        return "replaces the attention, which this model or 'attn_implementation' does not let it do."
    if name == "continuous" and not continuous_engine.supports(model):
        return "cannot page the attention of this model, or not with this 'attn_implementation'."
    if not self_check.passes(model):
        return "would write something else than this model does by itself."
    return ""


def _turn_starts(tokenizer: Any) -> frozenset[int]:
    """The tokens that may open a turn: special ones, and marks that were added and are not flagged so."""
    added = tokenizer.added_tokens_decoder.items()
    marks = {index for index, token in added if (mark := token.content.strip()) and not mark[0].isalnum()}
    return frozenset(marks.union(tokenizer.all_special_ids))
