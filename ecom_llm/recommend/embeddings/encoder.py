"""Runs the encoder that RECOMMEND["EMBEDDINGS"] names; in workers and commands only, never in a web process."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from ecom_llm import conf
from ecom_llm.exceptions import ModelFileError
from ecom_llm.model_files import PACKAGED_ENCODERS, ModelSource, locate

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

logger = logging.getLogger(__name__)

NEEDED = ("numpy", "torch", "transformers", "tokenizers")
# Of a text; all-MiniLM-L6-v2 was trained on as many.
MAX_TOKENS = 128
# Moves when what is made of a product's text changes, so that all are encoded anew.
VERSION = 1
MAX_NAME = 180


class Encoder:
    """Mean pooling over the last layer, normalised, as sentence-transformers models do.

    Source: Reimers and Gurevych, "Sentence-BERT", 2019; the README of all-MiniLM-L6-v2.
    """

    def __init__(self, source: ModelSource) -> None:
        """Load it, on the GPU if there is one.

        Args:
            source: where from.

        Raises:
            ModelFileError: the files cannot be loaded.
        """
        import torch
        from transformers import AutoModel, AutoTokenizer
        from transformers.utils import logging as transformers_logging

        transformers_logging.disable_progress_bar()
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        arguments: dict[str, Any] = {"trust_remote_code": False, **source.arguments}
        dtype = torch.bfloat16 if self._device == "cuda" or _has_fast_bfloat16(torch) else torch.float32
        try:
            self._tokenizer = AutoTokenizer.from_pretrained(source.name, **arguments)
            model = AutoModel.from_pretrained(source.name, dtype=dtype, use_safetensors=True, **arguments)
        except Exception as error:
            raise ModelFileError(f"{source.name} cannot be loaded: {type(error).__name__}: {error}") from error
        self._model = model.to(self._device).eval()
        self.dimensions = int(model.config.hidden_size)

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One unit vector a text; texts of about the same length are best given together.

        Args:
            texts: at least one; what is longer than 128 tokens is cut.
        """
        import numpy as np

        inputs = self._tokenizer(list(texts), truncation=True, max_length=MAX_TOKENS, padding=True, return_tensors="pt")
        vectors = self._pool(inputs["input_ids"], inputs["attention_mask"])
        lengths = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
        return np.asarray(vectors / lengths, dtype=np.float32)

    def encode_tokens(self, token_ids: Sequence[int]) -> NDArray[np.float32]:
        """One vector for each token of the vocabulary, as if it were a text; not normalised.

        Args:
            token_ids: at least one.
        """
        import torch

        # What the tokenizer puts before and after a text.
        framed = self._tokenizer("a", return_special_tokens_mask=True)
        is_text = framed["special_tokens_mask"].index(0)
        before, after = framed["input_ids"][:is_text], framed["input_ids"][is_text + 1 :]
        inputs = torch.tensor([[*before, token_id, *after] for token_id in token_ids])
        return self._pool(inputs, torch.ones_like(inputs))

    def serialise_tokenizer(self) -> str:
        """The tokenizer as JSON, for the library `tokenizers`."""
        return str(self._tokenizer.backend_tokenizer.to_str())

    @property
    def vocabulary_size(self) -> int:
        """Tokens that it knows."""
        return len(self._tokenizer)

    def _pool(self, ids: Any, mask: Any) -> NDArray[np.float32]:
        import torch

        with torch.inference_mode():
            ids, mask = ids.to(self._device), mask.to(self._device)
            hidden = self._model(input_ids=ids, attention_mask=mask).last_hidden_state.float()
            weights = mask.unsqueeze(-1).float()
            pooled = (hidden * weights).sum(1) / weights.sum(1)
        result: NDArray[np.float32] = pooled.cpu().numpy()
        return result


def encoder_name() -> str:
    """What is stored with each vector of the encoder that the settings name; empty when they name none."""
    settings = conf.get_settings().recommend
    if not settings.embeddings:
        return ""
    name = "@".join(filter(None, (settings.embeddings, settings.embeddings_revision)))
    if len(name) > MAX_NAME:
        name = hashlib.sha256(name.encode()).hexdigest()
    return f"{name}#{VERSION}"


def find_encoder() -> ModelSource | None:
    """Where the encoder that the settings name lies; None where it or what runs it is not installed.

    Raises:
        ModelFileError: the setting names nothing that can be used.
    """
    settings = conf.get_settings().recommend
    if not settings.embeddings or any(find_spec(name) is None for name in NEEDED):
        return None
    if settings.embeddings in PACKAGED_ENCODERS and find_spec(PACKAGED_ENCODERS[settings.embeddings][0]) is None:
        return None
    setting = "RECOMMEND['EMBEDDINGS']"
    source = locate(settings.embeddings, settings.embeddings_revision, setting=setting, packaged=PACKAGED_ENCODERS)
    if "gguf_file" in source.arguments:
        raise ModelFileError(f"{setting} takes an encoder with safetensors, not a GGUF file.")
    return source


def _has_fast_bfloat16(torch: Any) -> bool:
    """Whether this CPU multiplies bfloat16 in hardware; that halves the time, vectors agreeing to four digits."""
    probes = (getattr(torch.cpu, name, None) for name in ("_is_amx_tile_supported", "_is_avx512_bf16_supported"))
    return any(probe() for probe in probes if probe is not None)
