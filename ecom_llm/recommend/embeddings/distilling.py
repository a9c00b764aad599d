"""Makes a vector for each token of an encoder's vocabulary, once and in small steps.

Source: Model2Vec (Tulkens and van Dongen, Minish Lab, 2024): each token through the encoder, the first principal
components, and weights by rank as in SIF (Arora, Liang and Ma, 2017), since vocabularies list frequent tokens first.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from tokenizers import Tokenizer

from ecom_llm.recommend.embeddings.encoder import Encoder
from ecom_llm.recommend.embeddings.static_words import Floats, StaticWords, quantise, unit

STEP_TOKENS = 512
DIMENSIONS = 256
# Of vocabularies of many languages, a quarter of a million tokens.
DIMENSIONS_OF_MANY = 128
MANY_TOKENS = 60_000
# SIF's `a`.
SMOOTHING = 1e-4


class Distillation:
    """One encoder's vocabulary on its way."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._tokens = np.zeros((encoder.vocabulary_size, encoder.dimensions), dtype=np.float32)

    def run(self) -> Iterator[None]:
        """Encode all tokens, some at each step."""
        for start in range(0, len(self._tokens), STEP_TOKENS):
            chunk = range(start, min(start + STEP_TOKENS, len(self._tokens)))
            self._tokens[chunk.start : chunk.stop] = self._encoder.encode_tokens(chunk)
            yield

    def finish(self) -> StaticWords:
        """What came of it; after `run` has ended."""
        centre = unit(self._tokens).mean(axis=0)
        self._tokens -= self._tokens.mean(axis=0)
        dimensions = min(DIMENSIONS_OF_MANY if len(self._tokens) > MANY_TOKENS else DIMENSIONS, len(centre))
        # Strongest components first, so that the first few of a vector are a fair likeness of it.
        _, axes = np.linalg.eigh(self._tokens.T @ self._tokens)
        basis: Floats = np.ascontiguousarray(axes[:, ::-1][:, :dimensions], dtype=np.float32)
        rows, scales = quantise(self._tokens @ basis)
        tokenizer = Tokenizer.from_str(self._encoder.serialise_tokenizer())
        return StaticWords(tokenizer, rows, scales * _weights(len(rows)), centre, basis)


def _weights(tokens: int) -> Floats:
    """What each token counts: less the more frequent it is, by Zipf's law."""
    shares = 1.0 / np.arange(2, tokens + 2)
    shares /= shares.sum()
    weights: Floats = (SMOOTHING / (SMOOTHING + shares)).astype(np.float32)
    return weights
