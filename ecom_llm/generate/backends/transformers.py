"""Any Hugging Face causal model, in this process, through transformers and torch."""

from __future__ import annotations

import io
import logging
import time
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr
from dataclasses import dataclass
from typing import Any

from ecom_llm.entities import Completion, Prompt, Sampling
from ecom_llm.exceptions import BackendError, ConfigurationError, EcomLLMError, ModelFileError
from ecom_llm.generate.backends.base import Backend, OnToken
from ecom_llm.generate.backends.model_files import locate

logger = logging.getLogger(__name__)

# Characters of English in a token, near enough to plan batches before the model is loaded.
CHARACTERS_PER_TOKEN = 4


@dataclass(slots=True)
class _Loaded:
    tokenizer: Any
    model: Any
    device: str


class TransformersBackend(Backend):
    """Loads MODEL on first use: a packaged name, a GGUF file, a folder with safetensors, or a hub id.

    Options:
        device: ``cpu``, ``cuda``, ``cuda:1``; the GPU when there is one, if left out.
        dtype: ``float32``, ``bfloat16``, ``float16``; float32 on the CPU, bfloat16 on a GPU, if left out.
        attn_implementation: as transformers takes it.
        threads: CPU threads of torch.
    """

    option_names = ("device", "dtype", "attn_implementation", "threads")

    def __init__(self, alias: str, params: Mapping[str, Any]) -> None:
        super().__init__(alias, params)
        self._loaded: _Loaded | None = None

    def check(self) -> list[str]:
        try:
            locate(self.model, self.revision)
        except ModelFileError as error:
            return [str(error)]
        return []

    def count_tokens(self, prompt: Prompt) -> int:
        if self._loaded is not None:
            return len(self._loaded.tokenizer(self._spell(self._loaded.tokenizer, prompt))["input_ids"])
        return sum(len(message.content) for message in prompt.messages) // CHARACTERS_PER_TOKEN

    def generate(
        self, prompts: Sequence[Prompt], sampling: Sampling, on_token: OnToken | None = None
    ) -> list[Completion]:
        loaded = self._load()
        started = time.monotonic()
        try:
            return self._run(loaded, prompts, sampling, on_token, started)
        except EcomLLMError:
            # Raised by `on_token`: the caller's own business, not the model's.
            raise
        except (RuntimeError, ValueError) as error:
            raise BackendError(f"{self.model_name} could not generate: {error}") from error

    def _run(
        self,
        loaded: _Loaded,
        prompts: Sequence[Prompt],
        sampling: Sampling,
        on_token: OnToken | None,
        started: float,
    ) -> list[Completion]:
        import torch

        texts = [self._spell(loaded.tokenizer, prompt) for prompt in prompts]
        inputs = loaded.tokenizer(texts, return_tensors="pt", padding=True, add_special_tokens=False)
        inputs = inputs.to(loaded.device)
        width = inputs["input_ids"].shape[1]
        torch.manual_seed(sampling.seed)
        with torch.inference_mode():
            output = loaded.model.generate(
                input_ids=inputs["input_ids"],
                attention_mask=inputs["attention_mask"],
                stopping_criteria=[_StopRows(loaded.tokenizer, width, sampling.stop, on_token)],
                pad_token_id=loaded.tokenizer.pad_token_id,
                **_arguments(sampling),
            )
        seconds = time.monotonic() - started
        return [
            self._completion(loaded, prompt, read, row[width:], sampling, seconds)
            for prompt, read, row in zip(prompts, inputs["attention_mask"].sum(1).tolist(), output, strict=True)
        ]

    @staticmethod
    def _completion(
        loaded: _Loaded, prompt: Prompt, read: int, row: Any, sampling: Sampling, seconds: float
    ) -> Completion:
        tokens = [token for token in row.tolist() if token != loaded.tokenizer.pad_token_id]
        text = loaded.tokenizer.decode(tokens, skip_special_tokens=True)
        for stop in sampling.stop:
            text = text.split(stop)[0] if text.strip() else text
        words = f"{prompt.prefix}{text}" if text.startswith((" ", ",", ".", "'")) else f"{prompt.prefix} {text}"
        return Completion(" ".join(words.split()), int(read), len(tokens), seconds)

    @staticmethod
    def _spell(tokenizer: Any, prompt: Prompt) -> str:
        """The prompt as one string. Values cannot open turns: special tokens are taken out of them."""
        special = sorted(tokenizer.all_special_tokens, key=len, reverse=True)

        def clean(text: str) -> str:
            for token in special:
                text = text.replace(token, " ")
            return text

        turns = [{"role": message.role, "content": clean(message.content)} for message in prompt.messages]
        if tokenizer.chat_template:
            spelt = tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
        else:
            spelt = "\n\n".join(turn["content"] for turn in turns) + "\n"
        return f"{spelt}{clean(prompt.prefix)}"

    def _load(self) -> _Loaded:
        if self._loaded is None:
            started = time.monotonic()
            self._loaded = self._read_files()
            logger.info("Loaded %s in %.1f s.", self.model_name, time.monotonic() - started)
        return self._loaded

    def _read_files(self) -> _Loaded:
        source = locate(self.model, self.revision)
        try:
            import torch
            from transformers import AutoModelForCausalLM, AutoTokenizer
            from transformers.utils import logging as transformers_logging
        except ImportError as error:
            raise ConfigurationError("The transformers backend needs: pip install 'ecom-llm[transformers]'.") from error
        transformers_logging.disable_progress_bar()
        if "threads" in self.options:
            torch.set_num_threads(int(self.options["threads"]))
        device = self.options.get("device") or ("cuda" if torch.cuda.is_available() else "cpu")
        dtype = getattr(torch, self.options.get("dtype") or ("float32" if device == "cpu" else "bfloat16"))
        arguments: dict[str, Any] = {"trust_remote_code": False, **source.arguments}
        attention = self.options.get("attn_implementation")
        arguments_of_model = arguments | ({"attn_implementation": attention} if attention else {})
        try:
            # The GGUF reader draws a progress bar of its own, whatever it is told.
            with redirect_stderr(io.StringIO()):
                tokenizer = AutoTokenizer.from_pretrained(source.name, **arguments)
                model = AutoModelForCausalLM.from_pretrained(
                    source.name, dtype=dtype, use_safetensors=True, **arguments_of_model
                )
        except Exception as error:
            # Readers of damaged files raise whatever they trip over. The jobs are not to blame.
            raise ModelFileError(f"{self.model_name} cannot be loaded: {type(error).__name__}: {error}") from error
        # Rows of a batch end at the same place, so that each one's next token is the last column.
        tokenizer.padding_side = "left"
        if tokenizer.pad_token_id is None:
            tokenizer.pad_token = tokenizer.eos_token
        return _Loaded(tokenizer, model.to(device).eval(), device)


class _StopRows:
    """Ends a row at the first stop string after its first word, and tells the caller of each step."""

    def __init__(self, tokenizer: Any, width: int, stops: Sequence[str], on_token: OnToken | None) -> None:
        self._tokenizer = tokenizer
        self._width = width
        self._stops = stops
        self._on_token = on_token

    def __call__(self, input_ids: Any, scores: Any, **kwargs: Any) -> Any:
        import torch

        if self._on_token is not None:
            self._on_token()
        is_done = []
        for row in input_ids[:, self._width :].tolist():
            last = self._tokenizer.decode(row[-1:])
            has_words = any(self._tokenizer.decode([token]).strip() for token in row[:3])
            is_done.append(has_words and any(stop in last for stop in self._stops))
        return torch.tensor(is_done, device=input_ids.device)


def _arguments(sampling: Sampling) -> dict[str, Any]:
    arguments: dict[str, Any] = {
        "max_new_tokens": sampling.max_new_tokens, "repetition_penalty": sampling.repetition_penalty,
    }  # fmt: skip
    if sampling.temperature <= 0:
        return arguments | {"do_sample": False}
    return arguments | {"do_sample": True, "temperature": sampling.temperature, "top_p": sampling.top_p}
