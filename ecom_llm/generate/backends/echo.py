"""A backend without a model: says the plain sentence. For tests, and for trying a shop out."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence

from ecom_llm.entities import Completion, Prompt, Sampling
from ecom_llm.exceptions import BackendMemoryError
from ecom_llm.generate.backends.base import Backend, OnToken


class EchoBackend(Backend):
    """Answers each prompt with its plain sentence, which is grounded by construction.

    Options:
        reply: says this instead, whatever the prompt; a list gives each try's reply by its seed, and a try's further
            samples those behind it.
        delay_seconds: time a batch takes, spent in `ticks` steps.
        ticks: how often `on_token` is called in a batch; with 0 the batch shows no token.
        crash_on: ends the process when a prompt holds this text, as a fault in a model's native code would.
        hang_on: when a prompt holds this text, blocks for ever without a token, as a hang in native code would.
        memory_batch: prompts in a batch above which memory runs out.
    """

    option_names = ("reply", "delay_seconds", "ticks", "crash_on", "hang_on", "memory_batch")

    @property
    def model_name(self) -> str:
        return self.model or "echo"

    def count_tokens(self, prompt: Prompt) -> int:
        return sum(len(message.content.split()) for message in prompt.messages)

    def generate(
        self, prompts: Sequence[Prompt], sampling: Sampling, on_token: OnToken | None = None
    ) -> list[Completion]:
        started = time.monotonic()
        self._fail_if_told(prompts)
        self._spend_time(on_token)
        seconds = time.monotonic() - started
        return [
            Completion(text, self.count_tokens(prompt), len(text.split()), seconds)
            for prompt in prompts
            for text in [self._reply(prompt, sampling.seed + sample) for sample in range(sampling.n)]
        ]

    def _spend_time(self, on_token: OnToken | None) -> None:
        ticks = int(self.options.get("ticks", 1))
        pause_seconds = float(self.options.get("delay_seconds", 0)) / (ticks or 1)
        for _ in range(ticks or 1):
            if pause_seconds:
                time.sleep(pause_seconds)
            if on_token is not None and ticks:
                on_token()

    def _reply(self, prompt: Prompt, seed: int) -> str:
        reply = self.options.get("reply", prompt.plain)
        return str(reply if isinstance(reply, str) else reply[min(seed, len(reply) - 1)])

    def _fail_if_told(self, prompts: Sequence[Prompt]) -> None:
        if len(prompts) > self.options.get("memory_batch", len(prompts)):
            raise BackendMemoryError
        if self._is_told("crash_on", prompts):
            os.abort()
        while self._is_told("hang_on", prompts):
            time.sleep(3600)

    def _is_told(self, option: str, prompts: Sequence[Prompt]) -> bool:
        word = str(self.options.get(option, ""))
        return word != "" and any(word in message.content for prompt in prompts for message in prompt.messages)
