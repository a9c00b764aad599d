"""A backend without a model: says the plain sentence. For tests, and for trying a shop out."""

from __future__ import annotations

import time
from collections.abc import Sequence

from ecom_llm.entities import Completion, Prompt, Sampling
from ecom_llm.generate.backends.base import Backend, OnToken


class EchoBackend(Backend):
    """Answers each prompt with its plain sentence, which is grounded by construction.

    Options:
        reply: says this instead, whatever the prompt; a list gives each try's reply by its seed.
        delay_seconds: time a batch takes, spent in `ticks` steps.
        ticks: how often `on_token` is called in a batch.
        crash_on: ends the process when a prompt holds this text, as a fault in a model's native code would.
    """

    option_names = ("reply", "delay_seconds", "ticks", "crash_on")

    @property
    def model_name(self) -> str:
        return self.model or "echo"

    def count_tokens(self, prompt: Prompt) -> int:
        return sum(len(message.content.split()) for message in prompt.messages)

    def generate(
        self, prompts: Sequence[Prompt], sampling: Sampling, on_token: OnToken | None = None
    ) -> list[Completion]:
        started = time.monotonic()
        self._crash_if_told(prompts)
        ticks = int(self.options.get("ticks", 1))
        for _ in range(ticks):
            time.sleep(float(self.options.get("delay_seconds", 0)) / ticks)
            if on_token is not None:
                on_token()
        seconds = time.monotonic() - started
        texts = [self._reply(prompt, sampling.seed) for prompt in prompts]
        return [
            Completion(text, self.count_tokens(prompt), len(text.split()), seconds)
            for prompt, text in zip(prompts, texts, strict=True)
        ]

    def _reply(self, prompt: Prompt, seed: int) -> str:
        reply = self.options.get("reply", prompt.plain)
        return str(reply if isinstance(reply, str) else reply[min(seed, len(reply) - 1)])

    def _crash_if_told(self, prompts: Sequence[Prompt]) -> None:
        word = self.options.get("crash_on")
        if word and any(word in message.content for prompt in prompts for message in prompt.messages):
            import os

            os.abort()
