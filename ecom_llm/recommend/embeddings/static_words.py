"""Compares words without an encoder: each token has a vector of its own, and a text is their weighted mean.

The vectors are distilled from the encoder by `distilling`, as Model2Vec does (Tulkens and van Dongen, Minish Lab,
2024). A web process loads this module with NumPy and `tokenizers`; torch is not needed.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

Floats = NDArray[np.float32]

_LENGTH = struct.Struct("<I")
_SCALE = struct.Struct("<f")
# What a product's name and category count beside the rest of what is said of it.
HEAD_SHARE = 0.7
# Of a text; searches are far shorter.
MAX_TEXT_TOKENS = 400


@dataclass(frozen=True, slots=True)
class StaticWords:
    """The vectors of a vocabulary.

    Attributes:
        tokenizer: the encoder's own.
        rows: one int8 vector for each token.
        scales: what each is to be multiplied with; what is frequent in any text counts less.
        centre: the mean of the encoder's unit vectors.
        basis: takes what the encoder makes of a text into the space of these vectors; None where it is not needed.
    """

    tokenizer: Tokenizer
    rows: NDArray[np.int8]
    scales: Floats
    centre: Floats | None = None
    basis: Floats | None = None

    @property
    def dimensions(self) -> int:
        """Of each vector."""
        return int(self.rows.shape[1])

    def encode(self, texts: Sequence[str]) -> Floats:
        """One unit vector a text; zeros where no token is known."""
        made = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        for place, text in enumerate(texts):
            # One by one: a batch starts threads, which do not go with processes that fork.
            ids = self.tokenizer.encode(text, add_special_tokens=False).ids[:MAX_TEXT_TOKENS]
            if ids:
                made[place] = (self.rows[ids].astype(np.float32) * self.scales[ids, None]).mean(axis=0)
        return unit(made)

    def encode_products(self, heads: Sequence[str], rests: Sequence[str], full: Floats) -> Floats:
        """One unit vector a product, half from its words and half from what the encoder made of the whole.

        Args:
            heads: names and categories.
            rests: what else is said.
            full: the encoder's vectors.
        """
        of_heads: Floats = self.encode(heads) * np.float32(HEAD_SHARE)
        of_rests: Floats = self.encode(rests) * np.float32(1 - HEAD_SHARE)
        words = unit(np.add(of_heads, of_rests))
        if self.basis is None or self.centre is None:
            return words
        moved = np.asarray((full - self.centre) @ self.basis, dtype=np.float32)
        return unit(np.add(words, unit(moved)))

    def is_one_token(self, word: str) -> bool:
        """Whether a word stands in the vocabulary as a whole."""
        return self.tokenizer.token_to_id(word) is not None


def unit(vectors: Floats) -> Floats:
    """The vectors at length 1; zeros stay zeros."""
    lengths: Floats = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-9), dtype=np.float32)


def pack_words(words: StaticWords) -> bytes:
    """All of it as one value.

    Raises:
        ValueError: there is no basis.
    """
    if words.basis is None or words.centre is None:
        raise ValueError("Only what was distilled can be packed.")
    tokenizer = words.tokenizer.to_str().encode()
    header = json.dumps(
        {"rows": words.rows.shape[0], "dimensions": words.dimensions, "encoder_dimensions": words.basis.shape[0],
         "tokenizer_bytes": len(tokenizer)}
    ).encode()  # fmt: skip
    arrays = (words.scales.astype("<f4"), words.rows, words.centre.astype("<f4"), words.basis.astype("<f4"))
    return b"".join([_LENGTH.pack(len(header)), header, tokenizer, *(array.tobytes() for array in arrays)])


def unpack_words(body: bytes | memoryview, *, with_basis: bool) -> StaticWords:
    """What was packed.

    Args:
        body: as `pack_words` made it.
        with_basis: also what only products need.
    """
    view = memoryview(body)
    (length,) = _LENGTH.unpack_from(view)
    header: dict[str, Any] = json.loads(bytes(view[_LENGTH.size : _LENGTH.size + length]))
    at = _LENGTH.size + length
    tokenizer = Tokenizer.from_str(bytes(view[at : at + header["tokenizer_bytes"]]).decode())
    tokenizer.no_padding()
    tokenizer.no_truncation()
    at += header["tokenizer_bytes"]
    rows, dimensions, full = header["rows"], header["dimensions"], header["encoder_dimensions"]
    scales = np.frombuffer(view, "<f4", rows, at).astype(np.float32)
    at += 4 * rows
    # Copied, so that the whole body need not be kept.
    vectors = np.frombuffer(view, np.int8, rows * dimensions, at).reshape(rows, dimensions).copy()
    at += rows * dimensions
    if not with_basis:
        return StaticWords(tokenizer, vectors, scales)
    centre = np.frombuffer(view, "<f4", full, at).astype(np.float32)
    basis = np.frombuffer(view, "<f4", full * dimensions, at + 4 * full).reshape(full, dimensions).astype(np.float32)
    return StaticWords(tokenizer, vectors, scales, centre, basis)


def quantise(vectors: Floats) -> tuple[NDArray[np.int8], Floats]:
    """Each row as int8, and what to multiply it with."""
    scales = np.maximum(np.abs(vectors).max(axis=1), 1e-9) / 127
    return np.rint(vectors / scales[:, None]).astype(np.int8), scales.astype(np.float32)


def pack_static(vectors: Floats) -> list[bytes]:
    """Each vector as one value: its scale, then int8."""
    rows, scales = quantise(vectors)
    return [_SCALE.pack(float(scale)) + row.tobytes() for row, scale in zip(rows, scales, strict=True)]


def unpack_static(packed: Sequence[bytes], dimensions: int) -> tuple[NDArray[np.int8], Floats]:
    """The rows and scales of values that have as many dimensions; those that have not must be left out before."""
    joined = np.frombuffer(b"".join(packed), np.uint8).reshape(len(packed), _SCALE.size + dimensions)
    scales = joined[:, : _SCALE.size].copy().view("<f4")[:, 0].astype(np.float32)
    return joined[:, _SCALE.size :].copy().view(np.int8), scales


def static_bytes(dimensions: int) -> int:
    """How long a packed vector is."""
    return _SCALE.size + dimensions
