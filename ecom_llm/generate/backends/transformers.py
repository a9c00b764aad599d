"""A causal language model in this process, through transformers and torch."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ecom_llm import conf, metrics
from ecom_llm.entities import Completion, Prompt, Sampling
from ecom_llm.exceptions import (
    BackendBrokenError,
    BackendError,
    BackendMemoryError,
    ConfigurationError,
    EcomLLMError,
    ModelFileError,
    ModelLoadError,
    PromptTooLongError,
)
from ecom_llm.generate.backends.base import Backend, OnToken
from ecom_llm.generate.backends.spelling import Speller
from ecom_llm.model_files import locate

if TYPE_CHECKING:
    from ecom_llm.generate.backends.local.grounding import Grounding
    from ecom_llm.generate.backends.local.loading import Loaded
    from ecom_llm.generate.backends.local.requests import Constraint, Engine, Request

logger = logging.getLogger(__name__)

# Characters of English in a token, near enough to plan batches before the model is loaded.
CHARACTERS_PER_TOKEN = 4
ENGINES = ("rows", "plain", "continuous")
# Turns that a waiting thread spins before it sleeps: some microseconds, as long as the next piece of work is away.
SPIN_COUNT = "10000"
OUT_OF_MEMORY = ("out of memory", "can't allocate memory", "not enough memory")


@dataclass(slots=True)
class _Ready:
    loaded: Loaded
    engine: Engine
    stop_tokens: frozenset[int]
    speller: Speller
    context_tokens: int | None
    grounding: Grounding | None = None


class TransformersBackend(Backend):
    """Loads MODEL on first use: a packaged name, a GGUF file, a folder with safetensors, or a hub id.

    Options:
        device: ``cpu``, ``cuda``, ``cuda:1``; the GPU when there is one, if left out.
        dtype: ``float32``, ``bfloat16``, ``float16``; if left out, bfloat16 on a GPU and on a CPU that multiplies it
            in hardware, else float32.
        quantization: ``int8`` for 8-bit products on a CPU.
        engine: ``rows`` (shares prompt prefixes, replaces finished rows), ``continuous`` (transformers' continuous
            batching) or ``plain`` (its `generate`); if left out, continuous on a GPU, rows on a CPU, and plain for
            models whose attention cannot be replaced.
        rows: completions that advance together at most.
        attn_implementation: as transformers takes it; rules the engine ``rows`` out.
        compile: True has torch compile the model, which takes minutes at the first batch.
        threads: CPU threads of torch.
        cache_dir: folder for converted weights; `~/.cache/ecom_llm/weights` if left out, "" for none.
    """

    option_names = (
        "attn_implementation", "cache_dir", "compile", "device", "dtype", "engine", "quantization", "rows", "threads",
    )  # fmt: skip

    def __init__(self, alias: str, params: Mapping[str, Any]) -> None:
        super().__init__(alias, params)
        self._ready: _Ready | None = None
        for name, known in (("engine", ENGINES), ("quantization", ("int8",))):
            chosen = self.options.get(name)
            if chosen and chosen not in known:
                raise ConfigurationError(f"BACKENDS[{alias!r}]: {name} {chosen!r} is not one of {', '.join(known)}.")
        for name in ("rows", "threads"):
            number = self.options.get(name, 1)
            if type(number) is not int or number < 1:
                raise ConfigurationError(f"BACKENDS[{alias!r}]: {name} must be a whole number above 0, not {number!r}.")

    def check(self) -> list[str]:
        try:
            source = locate(self.model, self.revision)
        except ModelFileError as error:
            return [str(error)]
        if not source.arguments:
            return [f"REVISION is missing: without the commit of {self.model} its owner can change what you serve."]
        return []

    def count_tokens(self, prompt: Prompt) -> int:
        if self._ready is not None:
            return len(self._ready.speller.read(prompt))
        return sum(len(message.content) for message in prompt.messages) // CHARACTERS_PER_TOKEN

    def generate(
        self, prompts: Sequence[Prompt], sampling: Sampling, on_token: OnToken | None = None
    ) -> list[Completion]:
        ready = self._load()
        started = time.monotonic()
        read = [ready.speller.read(prompt) for prompt in prompts]
        self._refuse_too_long(ready, read, sampling)
        wanted = [
            (prompt, request)
            for prompt, ids in zip(prompts, read, strict=True)
            for request in self._requests(ready, prompt, ids, sampling)
        ]
        failure: BackendError | None = None
        try:
            ready.engine.complete([request for _, request in wanted], _Ending(ready, sampling.stop), on_token)
        except EcomLLMError:
            # Raised by `on_token`: the caller's own business, not the model's.
            raise
        except (RuntimeError, ValueError, IndexError, MemoryError) as error:
            failure = self._as_ours(error)
        if failure is not None:
            # Behind the `except`: until its end the error holds on to the batch's memory.
            _empty_device_cache()
            raise failure
        seconds = time.monotonic() - started
        return [self._completion(ready, prompt, request, sampling, seconds) for prompt, request in wanted]

    def _as_ours(self, error: Exception) -> BackendError:
        """What torch raised, told apart by what helps: a smaller batch, a new process, or nothing."""
        words = f"{self.model_name} could not generate: {error}"
        if isinstance(error, MemoryError) or any(sign in str(error).lower() for sign in OUT_OF_MEMORY):
            return BackendMemoryError(words)
        if "CUDA error" in str(error) or type(error).__name__ == "AcceleratorError":
            return BackendBrokenError(words)
        return BackendError(words)

    def _refuse_too_long(self, ready: _Ready, read: list[list[int]], sampling: Sampling) -> None:
        """Some models fail on a prompt beyond their context, and their whole batch with them; others write nonsense."""
        if ready.context_tokens is None:
            return
        room = ready.context_tokens - sampling.max_new_tokens
        too_long = [index for index, ids in enumerate(read) if len(ids) > room]
        if too_long:
            raise PromptTooLongError(
                f"A prompt of {max(map(len, read))} tokens leaves no room for {sampling.max_new_tokens} more: "
                f"{self.model_name} reads {ready.context_tokens} at most.",
                indices=too_long,
            )

    def _requests(self, ready: _Ready, prompt: Prompt, ids: list[int], sampling: Sampling) -> list[Request]:
        from ecom_llm.generate.backends.local.requests import Request

        constraints = self._constraints(ready, prompt)
        return [
            Request(
                ids, sampling.max_new_tokens, temperature, sampling.top_p, sampling.repetition_penalty,
                sampling.seed * sampling.n + index, constraints,
            )
            for index, temperature in enumerate(sampling.temperatures)
        ]  # fmt: skip

    def _constraints(self, ready: _Ready, prompt: Prompt) -> list[Constraint]:
        settings = conf.get_settings()
        if not settings.generate.grounded_decoding:
            return []
        if not ready.engine.supports_constraints:
            raise ConfigurationError("GENERATE['GROUNDED_DECODING'] needs the engine 'rows' or 'plain'.")
        if ready.grounding is None:
            from ecom_llm.generate.backends.local.grounding import Grounding

            ready.grounding = Grounding(ready.loaded.tokenizer, settings.guard.banned_words)
        return ready.grounding.constraints(prompt.citable, prompt.prefix)

    @staticmethod
    def _completion(ready: _Ready, prompt: Prompt, request: Request, sampling: Sampling, seconds: float) -> Completion:
        # The end of the turn is no word, whether or not the tokenizer knows it for special.
        is_ended = request.written and request.written[-1] in ready.stop_tokens
        text = ready.speller.write(request.ids, request.written[:-1] if is_ended else request.written)
        # A line break before the first word ends nothing; see `_Ending`.
        words = text.strip()
        for stop in sampling.stop:
            words = words.split(stop)[0]
        joined = f"{prompt.prefix} {words}" if text[:1].isspace() else f"{prompt.prefix}{words}"
        return Completion(" ".join(joined.split()), len(request.ids), len(request.written), seconds)

    def _load(self) -> _Ready:
        if self._ready is None:
            started = time.monotonic()
            source = locate(self.model, self.revision)
            # Read when torch is first imported. Its threads spin while they wait for each other; on a machine that is
            # busy otherwise they spin for a core that nobody gives them, and generate many times slower.
            os.environ.setdefault("GOMP_SPINCOUNT", SPIN_COUNT)
            try:
                from ecom_llm.generate.backends.local import engines, loading
            except ImportError as error:
                raise ConfigurationError(
                    "The transformers backend needs: pip install 'ecom-llm[transformers]'."
                ) from error
            loaded = self._load_model(loading, source)
            stop_tokens = _ends(loaded)
            engine = engines.choose(loaded, self.options, sorted(stop_tokens))
            self._ready = _Ready(loaded, engine, stop_tokens, Speller(loaded.tokenizer), _context_tokens(loaded.model))
            seconds = time.monotonic() - started
            metrics.observe_load(self.model_name, seconds)
            logger.info("Loaded %s in %.1f s.", self.model_name, seconds)
        return self._ready

    def _load_model(self, loading: Any, source: Any) -> Loaded:
        try:
            loaded: Loaded = loading.load(source, self.options)
        except (ConfigurationError, ModelFileError, ModelLoadError):
            raise
        except Exception as error:
            # No memory left on the device, say. The jobs are not to blame, and a new process may have more luck.
            raise ModelLoadError(f"The model cannot be loaded now: {type(error).__name__}: {error}") from error
        return loaded


class _Ending:
    """Whether a completion has ended: at the end of its turn, or at a stop string behind its first word."""

    def __init__(self, ready: _Ready, stops: Sequence[str]) -> None:
        self._decode = ready.loaded.tokenizer.decode
        self._ends = ready.stop_tokens
        self._stops = stops

    def __call__(self, request: Request) -> bool:
        if request.written[-1] in self._ends:
            return True
        last = self._decode(request.written[-1:])
        if not any(stop in last for stop in self._stops):
            return False
        return any(self._decode([token]).strip() for token in request.written[:3])


def _ends(loaded: Loaded) -> frozenset[int]:
    """The tokens that end a turn, as the model and its tokenizer name them."""
    named = [loaded.model.generation_config.eos_token_id, loaded.tokenizer.eos_token_id]
    flat = [token for item in named for token in (item if isinstance(item, list) else [item])]
    return frozenset(token for token in flat if token is not None)


def _context_tokens(model: Any) -> int | None:
    """The most tokens that a model can read, prompt and completion together; None where it does not say."""
    longest = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    return longest if isinstance(longest, int) and longest > 0 else None


def _empty_device_cache() -> None:
    import torch

    if torch.cuda.is_available():
        torch.cuda.empty_cache()
