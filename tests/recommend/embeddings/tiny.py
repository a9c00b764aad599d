"""An encoder that knows a dozen words and needs no torch: a text is the mean of its words' directions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from ecom_llm.model_files import ModelSource
from ecom_llm.recommend.embeddings.static_words import Floats, unit

# Words of one line mean the same.
MEANINGS = (
    ("jacket", "coat", "parka"),
    ("kettle", "pot"),
    ("rain", "waterproof"),
    ("sofa", "couch", "settee"),
    ("lamp", "light"),
)
WORDS = ("[UNK]", *(word for line in MEANINGS for word in line))
DIMENSIONS = 32


def make_tokenizer() -> Tokenizer:
    """Splits at spaces and punctuation."""
    tokenizer = Tokenizer(models.WordLevel({word: place for place, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    return tokenizer


class TinyEncoder:
    """Stands in for `Encoder`."""

    dimensions = DIMENSIONS
    vocabulary_size = len(WORDS)

    def __init__(self, source: ModelSource) -> None:
        del source
        drawn = np.random.default_rng(5)
        directions = unit(drawn.normal(size=(len(MEANINGS), DIMENSIONS)).astype(np.float32))
        self._rows = np.zeros((len(WORDS), DIMENSIONS), dtype=np.float32)
        for place, line in enumerate(MEANINGS):
            for word in line:
                noise = drawn.normal(scale=0.03, size=DIMENSIONS)
                self._rows[WORDS.index(word)] = directions[place] + noise
        self.encoded: list[str] = []

    def encode(self, texts: Sequence[str]) -> Floats:
        self.encoded += texts
        tokenizer = make_tokenizer()
        return unit(np.stack([self._rows[tokenizer.encode(text).ids or [0]].mean(axis=0) for text in texts]))

    def encode_tokens(self, token_ids: Sequence[int]) -> Floats:
        return self._rows[list(token_ids)]

    def serialise_tokenizer(self) -> str:
        return str(make_tokenizer().to_str())
