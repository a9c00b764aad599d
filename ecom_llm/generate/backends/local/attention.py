"""Attention over a prefix that all rows of a batch share, and over what is each row's own.

The keys and values of the prefix are kept once, not once a row: all rows' queries meet them in one matrix product, so
neither memory nor its bandwidth grows with the batch (Juravsky et al., "Hydragen", 2024).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from transformers import AttentionInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward

NAME = "ecom_llm_shared_prefix"

# Kinds of layers, in transformers' words.
FULL = "full_attention"
WINDOWED = "sliding_attention"

# What torch's own attention calls on a CPU; unlike that it tells the weights' sum. Without it, the same in five steps.
_fused = getattr(torch.ops.aten, "_scaled_dot_product_flash_attention_for_cpu", None)


@dataclass(frozen=True, slots=True)
class Prefix:
    """Keys and values of tokens that begin every prompt.

    Attributes:
        ids: the tokens.
        keys: a tensor for each layer, shape (key heads, tokens, head size).
        values: likewise.
    """

    ids: tuple[int, ...]
    keys: tuple[torch.Tensor, ...]
    values: tuple[torch.Tensor, ...]


def attend(
    module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    shared_prefix: Prefix | None = None,
    **kwargs: Any,
) -> tuple[torch.Tensor, None]:
    """Attention as transformers calls it.

    Args:
        module: the attention layer; its `layer_idx` picks the prefix's keys.
        query: shape (rows, heads, new tokens, head size).
        key: of each row's own tokens, shape (rows, key heads, own tokens, head size).
        value: likewise.
        attention_mask: added to the scores of a row's own tokens, shape (rows, 1, new tokens, own tokens).
        scaling: of the scores; by the head's size when left out.
        shared_prefix: what comes before every row's own tokens; without it this is transformers' own attention.
        kwargs: further arguments for transformers' own attention.

    Returns:
        Shape (rows, new tokens, heads, head size), and no weights.
    """
    if shared_prefix is None:
        output, _ = sdpa_attention_forward(module, query, key, value, attention_mask, scaling=scaling, **kwargs)
        return output, None
    rows, heads, tokens, size = query.shape
    key_heads = key.shape[1]
    # Heads that share keys lie side by side, so they count as further queries.
    grouped = query.reshape(rows, key_heads, -1, size)
    if attention_mask is not None:
        attention_mask = attention_mask.repeat(1, 1, heads // key_heads, 1)
    scale = size**-0.5 if scaling is None else scaling
    # All rows at once, as if they were queries of one: shape (1, key heads, rows x queries, size).
    together = grouped.transpose(0, 1).reshape(1, key_heads, -1, size)
    prefix_keys, prefix_values = (part[module.layer_idx][None] for part in (shared_prefix.keys, shared_prefix.values))
    to_prefix, prefix_weight = _attend_part(together, prefix_keys, prefix_values, None, scale)
    to_own, own_weight = _attend_part(grouped, key, value, attention_mask, scale)
    to_prefix = to_prefix.view(key_heads, rows, -1, size).transpose(0, 1)
    prefix_weight = prefix_weight.view(key_heads, rows, -1).transpose(0, 1)
    # Each part is normalised by itself; the logarithms of their sums say how much of the whole it is.
    share = torch.sigmoid(prefix_weight - own_weight).unsqueeze(-1).to(query.dtype)
    output = to_own + (to_prefix - to_own) * share
    return output.reshape(rows, heads, tokens, size).transpose(1, 2).contiguous(), None


def _attend_part(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, mask: torch.Tensor | None, scale: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Attention over part of the keys.

    Returns:
        The output, shape (rows, heads, queries, size), and the logarithm of the weights' sum, without the last axis.
    """
    if _fused is not None and query.device.type == "cpu":
        output, weight = _fused(query, key, value, dropout_p=0.0, is_causal=False, attn_mask=mask, scale=scale)
        return output, weight
    scores = torch.matmul(query * scale, key.transpose(2, 3)).float()
    if mask is not None:
        scores = scores + mask
    weight = scores.logsumexp(dim=-1)
    return torch.matmul((scores - weight.unsqueeze(-1)).exp().to(query.dtype), value), weight


def register() -> None:
    """Make `attend` known to transformers under `NAME`."""
    AttentionInterface.register(NAME, attend)


def supports(model: Any) -> bool:
    """Whether a model's attention can be replaced and sees all that came before; windows and states cannot share."""
    return can_be_replaced(model) and kinds(model) == {FULL}


def can_be_replaced(model: Any) -> bool:
    """Whether a model takes another attention than its own and, as most, does nothing to the scores but scale them."""
    text = model.config.get_text_config()
    is_open = bool(getattr(model, "_supports_attention_backend", False))
    return is_open and getattr(text, "attn_logit_softcapping", None) is None


def kinds(model: Any) -> set[str]:
    """The kinds of a model's layers, as transformers names them; a window as long as the context is none."""
    text = model.config.get_text_config()
    named = set(getattr(text, "layer_types", None) or [FULL])
    window = getattr(text, "sliding_window", None) if getattr(text, "use_sliding_window", True) else None
    if window is None:
        return named
    context = getattr(text, "max_position_embeddings", None)
    if context is not None and window >= context:
        return {FULL if kind == WINDOWED else kind for kind in named}
    return named | {WINDOWED}
