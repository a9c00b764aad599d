"""Loads a tokenizer and a model as the options say."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.utils import logging as transformers_logging

from ecom_llm.exceptions import ConfigurationError, ModelFileError, ModelLoadError
from ecom_llm.generate.backends.local import int8, weights_cache
from ecom_llm.model_files import ModelSource

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model that is ready.

    Attributes:
        tokenizer: its tokenizer.
        model: on its device, in evaluation mode.
        device: where.
    """

    tokenizer: Any
    model: Any
    device: str


def load(source: ModelSource, options: Mapping[str, Any]) -> Loaded:
    """Load a model.

    Args:
        source: where from.
        options: of the backend; see `TransformersBackend`.

    Raises:
        ConfigurationError: an option asks for what this machine or torch has not.
        ModelFileError: the files are damaged or of no causal language model.
    """
    transformers_logging.disable_progress_bar()
    if "threads" in options:
        torch.set_num_threads(int(options["threads"]))
    device = options.get("device") or ("cuda" if torch.cuda.is_available() else "cpu")
    is_int8 = options.get("quantization") == "int8"
    if is_int8 and device != "cpu":
        raise ConfigurationError("quantization 'int8' is for the CPU; on a GPU use dtype 'bfloat16'.")
    # What is left of floats around integer products is best left alone.
    dtype = choose_dtype(options.get("dtype") or ("float32" if is_int8 else ""), device)
    tokenizer, model = _read_cached(source, dtype, options)
    # Rows of a batch end at the same place, so that each one's next token is the last column.
    tokenizer.padding_side = "left"
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    if is_int8:
        int8.quantize(model)
    model = model.to(device).eval()
    if options.get("compile"):
        model.forward = torch.compile(model.forward, dynamic=True)
    return Loaded(tokenizer, model, device)


def _read_cached(source: ModelSource, dtype: torch.dtype, options: Mapping[str, Any]) -> tuple[Any, Any]:
    attention = options.get("attn_implementation")
    cached = weights_cache.folder_for(source, dtype, options.get("cache_dir"))
    if cached is not None and cached.is_dir():
        try:
            return _read(ModelSource(str(cached), {"local_files_only": True}), dtype, attention)
        except Exception:
            # A disk that was full, a library that changed its format: the model itself is still there.
            logger.warning("The converted weights in %s cannot be read; converting again.", cached, exc_info=True)
            weights_cache.forget(cached)
    try:
        tokenizer, model = _read(source, dtype, attention)
    except Exception as error:
        if "local_files_only" not in source.arguments or isinstance(error, (MemoryError, torch.OutOfMemoryError)):
            raise ModelLoadError(f"{source.name} cannot be loaded now: {type(error).__name__}: {error}") from error
        # Readers of damaged files raise whatever they trip over. The jobs are not to blame.
        raise ModelFileError(f"{source.name} cannot be loaded: {type(error).__name__}: {error}") from error
    if cached is not None:
        weights_cache.keep(cached, model, tokenizer)
    return tokenizer, model


def choose_dtype(name: str, device: str) -> torch.dtype:
    """The type of the weights.

    Args:
        name: the option; empty lets the device decide.
        device: such as ``cpu`` or ``cuda:1``.

    Raises:
        ConfigurationError: torch has no such type.
    """
    if name:
        dtype = getattr(torch, name, None)
        if not isinstance(dtype, torch.dtype) or not dtype.is_floating_point:
            raise ConfigurationError(f"dtype {name!r} is not one: use float32, bfloat16 or float16.")
        return dtype
    return torch.bfloat16 if device != "cpu" or has_fast_bfloat16() else torch.float32


def has_fast_bfloat16() -> bool:
    """Whether this CPU multiplies bfloat16 in hardware; elsewhere float32 is quicker."""
    probes = (getattr(torch.cpu, name, None) for name in ("_is_amx_tile_supported", "_is_avx512_bf16_supported"))
    return any(probe() for probe in probes if probe is not None)


def _read(source: ModelSource, dtype: torch.dtype, attention: str | None) -> tuple[Any, Any]:
    arguments: dict[str, Any] = {"trust_remote_code": False, **source.arguments}
    # The GGUF reader draws a progress bar of its own, whatever it is told.
    with redirect_stderr(io.StringIO()), _quiet(is_quiet="gguf_file" in arguments):
        tokenizer = AutoTokenizer.from_pretrained(source.name, **arguments)
        if attention:
            arguments["attn_implementation"] = attention
        model = AutoModelForCausalLM.from_pretrained(source.name, dtype=dtype, use_safetensors=True, **arguments)
    if "gguf_file" in source.arguments:
        _forget_gguf(model)
    return tokenizer, model


@contextmanager
def _quiet(*, is_quiet: bool) -> Iterator[None]:
    """Keep transformers from advising on packed weights while they are being unpacked."""
    before = transformers_logging.get_verbosity()
    if is_quiet:
        transformers_logging.set_verbosity_error()
    try:
        yield
    finally:
        transformers_logging.set_verbosity(before)


def _forget_gguf(model: Any) -> None:
    """The weights have been unpacked; what still says otherwise would forbid saving and converting them."""
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
    model.hf_quantizer = None
    model.is_quantized = False
