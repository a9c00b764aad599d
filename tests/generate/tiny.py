"""A folder with a language model of random weights and a tokenizer of bytes: real ones, in a blink."""

from __future__ import annotations

from pathlib import Path
from typing import Any

SPECIAL = ["<pad>", "<s>", "</s>"]
# Turns as many chat models spell them; begins with the first token, as most templates do.
CHATML = (
    "{{ bos_token }}{% for message in messages %}<|{{ message['role'] }}|>\n{{ message['content'] }}\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)
# What Gemma's and the first templates of Mistral do.
NO_SYSTEM = (
    "{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
    "{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Conversation roles must alternate') }}{% endif %}{% endfor %}"
) + CHATML


def make_tokenizer(chat_template: str | None = CHATML, *, is_sentencepiece: bool = False) -> Any:
    """A token for each byte, or for each character as SentencePiece spells them.

    Args:
        chat_template: None for a model that knows no turns.
        is_sentencepiece: spaces stand in the tokens, and the one in front of a text is dropped when it is decoded.
    """
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    if is_sentencepiece:
        alphabet = ["\u2581", "\n", *map(chr, range(33, 127))]
        tokenizer = Tokenizer(models.BPE(_numbered(alphabet), []))
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
        tokenizer.decoder = decoders.Metaspace(prepend_scheme="first", split=False)
    else:
        tokenizer = Tokenizer(models.BPE(_numbered(sorted(pre_tokenizers.ByteLevel.alphabet())), []))
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.decoder = decoders.ByteLevel()
    made = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="<pad>", bos_token="<s>", eos_token="</s>")
    made.chat_template = chat_template
    return made


def _numbered(alphabet: list[str]) -> dict[str, int]:
    return {text: number for number, text in enumerate([*SPECIAL, *alphabet])}


def save_model(folder: Path, tokenizer: Any, *, context_tokens: int = 4096) -> str:
    """Write model and tokenizer as a shop would have them.

    Args:
        folder: where to.
        tokenizer: its own.
        context_tokens: the most that the model says it can read.

    Returns:
        What MODEL is set to.
    """
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    config = LlamaConfig(
        hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2, vocab_size=len(tokenizer),
        max_position_embeddings=context_tokens, pad_token_id=0, bos_token_id=1, eos_token_id=2,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)
