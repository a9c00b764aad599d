"""A causal language model of random weights, small enough for any test, and a tokenizer beside it."""

from __future__ import annotations

from typing import Any

import torch
from transformers import (
    Gemma2Config,
    Gemma2ForCausalLM,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    MambaConfig,
    MambaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    NemotronConfig,
    NemotronForCausalLM,
)

VOCABULARY = 96


def make_llama(seed: int = 0) -> Any:
    """Grouped heads, full attention."""
    torch.manual_seed(seed)
    config = LlamaConfig(
        hidden_size=32, intermediate_size=64, num_hidden_layers=3, num_attention_heads=4, num_key_value_heads=2,
        vocab_size=VOCABULARY, max_position_embeddings=512, eos_token_id=1, initializer_range=0.4,
    )  # fmt: skip
    return LlamaForCausalLM(config).eval()


def make_windowed(window: int = 8) -> Any:
    """Sees only the last few tokens of its 512, so a prefix cannot be shared."""
    torch.manual_seed(0)
    config = MistralConfig(
        hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
        vocab_size=VOCABULARY, max_position_embeddings=512, sliding_window=window, eos_token_id=1,
        initializer_range=0.4,
    )  # fmt: skip
    return MistralForCausalLM(config).eval()


def make_softcapped() -> Any:
    """Bends the scores of its attention, which not every attention knows how to do."""
    torch.manual_seed(0)
    config = Gemma2Config(
        hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
        head_dim=8, vocab_size=VOCABULARY, max_position_embeddings=512, sliding_window=64, eos_token_id=1,
    )  # fmt: skip
    return Gemma2ForCausalLM(config).eval()


def make_secretive() -> Any:
    """Says that its attention can be replaced, but its layers pass nothing on to it."""
    torch.manual_seed(0)
    config = NemotronConfig(
        hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
        vocab_size=VOCABULARY, max_position_embeddings=512, pad_token_id=0, eos_token_id=1, initializer_range=0.4,
    )  # fmt: skip
    return NemotronForCausalLM(config).eval()


def make_mamba() -> Any:
    """States in the place of attention; reads the weights of its linear layers itself."""
    torch.manual_seed(0)
    config = MambaConfig(hidden_size=32, num_hidden_layers=2, vocab_size=VOCABULARY, eos_token_id=1, pad_token_id=0)
    return MambaForCausalLM(config).eval()


def make_gpt2() -> Any:
    """Learned positions instead of rotated ones."""
    torch.manual_seed(0)
    config = GPT2Config(
        n_embd=32, n_layer=2, n_head=4, vocab_size=VOCABULARY, n_positions=512, bos_token_id=1, eos_token_id=1,
        initializer_range=0.4,
    )  # fmt: skip
    return GPT2LMHeadModel(config).eval()


def greedy(model: Any, ids: list[int], new_tokens: int) -> list[int]:
    """What transformers' own `generate` writes, alone and without any sharing."""
    tokens = torch.tensor([ids])
    with torch.inference_mode():
        output = model.generate(
            input_ids=tokens, attention_mask=torch.ones_like(tokens), max_new_tokens=new_tokens, do_sample=False,
            pad_token_id=0, eos_token_id=-1,
        )  # fmt: skip
    written: list[int] = output[0, len(ids) :].tolist()
    return written
