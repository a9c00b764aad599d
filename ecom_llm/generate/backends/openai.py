"""Any OpenAI-compatible server as the engine: vLLM, SGLang, TGI, llama.cpp's, `transformers serve`."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from itertools import groupby
from typing import TYPE_CHECKING, Any

from ecom_llm.entities import Completion, Prompt, Sampling
from ecom_llm.exceptions import BackendBusyError, ConfigurationError
from ecom_llm.generate.backends.base import Backend, OnToken
from ecom_llm.generate.backends.openai_answers import count, read_answer
from ecom_llm.generate.backends.openai_options import OPTION_NAMES, read_options
from ecom_llm.generate.backends.ticking import run_ticking
from ecom_llm.generate.turn_marks import without_turn_marks

if TYPE_CHECKING:
    from openai import AsyncOpenAI

logger = logging.getLogger(__name__)

# Between the seeds of a prompt's completions, wider than the seeds of a job's tries are apart.
SEED_STRIDE = 1_000
# The server's seeds are 32 bits wide at the least.
MAX_SEED = 2**31


@dataclass(frozen=True, slots=True)
class _Request:
    """One request: a prompt, and the places that its completions go to."""

    prompt: Prompt
    places: tuple[int, ...]
    temperature: float
    seed: int


@dataclass(slots=True)
class _Run:
    """One call of `generate`: what is still to be asked, and what came."""

    sampling: Sampling
    waiting: deque[_Request]
    completions: list[Completion | None]
    turned_away: list[BackendBusyError] = field(default_factory=list)


class OpenAIBackend(Backend):
    """Asks the server at `base_url` for chat completions of MODEL, a request for each prompt.

    REVISION is not sent; versions record it, so it can say what the server runs.

    Options:
        base_url: the server's address, mostly ending in ``/v1``; https, unless the host is this machine, a private
            address, or `allow_http` is set.
        api_key: sent to that address and to no other; empty for a server that asks for none. Never taken from the
            environment.
        concurrency: requests under way at once, 8 if left out.
        timeout_seconds: how long one request may take, 60 if left out.
        extra_body: further fields of each request, such as ``{"repetition_penalty": 1.1}`` of vLLM.
        prefix_mode: how the opening of the completion is carried: ``continue``, an assistant's message that the server
            is told to go on from (vLLM, SGLang, TGI, llama.cpp); ``assistant``, the same without being told (LMDeploy,
            older llama.cpp); ``instruction``, in words, for servers that always open a new turn (`transformers serve`).
        busy_statuses: HTTP statuses that give jobs back unspent; 429, 503 and 529 if left out.
        allow_http: lets prompts and key go unencrypted to a host that is neither this machine nor a private address.
    """

    option_names = OPTION_NAMES

    def __init__(self, alias: str, params: Mapping[str, Any]) -> None:
        super().__init__(alias, params)
        self._options = read_options(alias, self.options)
        if not self.model:
            raise ConfigurationError(f"BACKENDS[{alias!r}]: MODEL is missing: the model's name as the server has it.")
        # Some servers give one completion whatever `n` says, or refuse it. Learned once, so that it costs once.
        self._takes_n = True

    def check(self) -> list[str]:
        if find_spec("openai") is None:
            return ["the openai backend needs: pip install 'ecom-llm[openai]'."]
        return []

    def count_tokens(self, prompt: Prompt) -> int:
        return count(prompt)

    def generate(
        self, prompts: Sequence[Prompt], sampling: Sampling, on_token: OnToken | None = None
    ) -> list[Completion]:
        """Complete a batch; see `Backend.generate`.

        Raises:
            BackendBusyError: the server is busy or cannot be reached. It carries an entry for each completion, in the
                order of the result; those of one prompt are all there or all None.
            ConfigurationError: address, key or model are wrong, or the server redirects.
            BackendError: an answer is no answer, or takes too long.
        """
        if find_spec("openai") is None:
            raise ConfigurationError("; ".join(self.check()))
        from ecom_llm.generate.backends.openai_http import connect

        run = _Run(sampling, deque(self._requests(prompts, sampling)), [None] * (len(prompts) * sampling.n))
        run_ticking(self._complete(connect(self._options), run), on_token or _no_op)
        if run.turned_away:
            busy = _busy(run)
            # Whoever called says that the backend is busy, and knows no address.
            logger.warning("%s", busy)
            raise busy
        return [item for item in run.completions if item is not None]

    def _requests(self, prompts: Sequence[Prompt], sampling: Sampling) -> list[_Request]:
        """The requests of a batch: one a prompt and temperature, or one a completion where the server takes no `n`."""
        requests = []
        for number, prompt in enumerate(prompts):
            for temperature, samples in groupby(range(sampling.n), key=sampling.temperatures.__getitem__):
                places = tuple(number * sampling.n + sample for sample in samples)
                together = _Request(prompt, places, temperature, sampling.seed)
                requests += [together] if self._takes_n else _apart(together)
        return requests

    async def _complete(self, client: AsyncOpenAI, run: _Run) -> None:
        async with client:
            hands = min(self._options.concurrency, len(run.waiting))
            tasks = [asyncio.create_task(self._work(client, run)) for _ in range(hands)]
            try:
                await asyncio.gather(*tasks)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    async def _work(self, client: AsyncOpenAI, run: _Run) -> None:
        """Ask one request after another; none once the server has said that it is busy."""
        while run.waiting and not run.turned_away:
            try:
                await self._serve(client, run, run.waiting.popleft())
            except BackendBusyError as busy:
                run.turned_away.append(busy)

    async def _serve(self, client: AsyncOpenAI, run: _Run, request: _Request) -> None:
        from ecom_llm.generate.backends.openai_failures import RequestRefusedError

        completions: list[Completion] = []
        try:
            completions = await self._ask(client, run.sampling, request)
        except RequestRefusedError:
            if len(request.places) == 1:
                raise
        for place, completion in zip(request.places, completions, strict=False):
            run.completions[place] = completion
        missing = _apart(request)[len(completions) :]
        if missing:
            self._takes_n = False
            run.waiting.extend(missing)

    async def _ask(self, client: AsyncOpenAI, sampling: Sampling, request: _Request) -> list[Completion]:
        import openai

        from ecom_llm.generate.backends.openai_failures import as_ours, timed_out

        started = time.monotonic()
        try:
            # The client's own limit is on each read; a server that trickles would never reach it.
            async with asyncio.timeout(self._options.timeout_seconds):
                answer = await client.chat.completions.with_raw_response.create(**self._arguments(sampling, request))
        except TimeoutError:
            raise timed_out(self.alias, self._options) from None
        except openai.OpenAIError as error:
            raise as_ours(error, self.alias, self._options) from None
        seconds = time.monotonic() - started
        return read_answer(answer.content, request.prompt, sampling, len(request.places), seconds)

    def _arguments(self, sampling: Sampling, request: _Request) -> dict[str, Any]:
        messages, flags = spell(request.prompt, self._options.prefix_mode)
        # The interface has no such field; servers that know it take it from here.
        penalty = sampling.repetition_penalty
        extra = {"repetition_penalty": penalty} if penalty != 1 else {}
        return {
            "model": self.model,
            "messages": messages,
            "temperature": request.temperature,
            "top_p": sampling.top_p,
            "max_tokens": sampling.max_new_tokens,
            "seed": (request.seed + SEED_STRIDE * (request.places[0] % sampling.n)) % MAX_SEED,
            "extra_body": flags | extra | dict(self._options.extra_body),
            **({"n": len(request.places)} if len(request.places) > 1 else {}),
            **({"stop": list(sampling.stop)} if sampling.stop else {}),
        }


def spell(prompt: Prompt, prefix_mode: str) -> tuple[list[dict[str, str]], dict[str, Any]]:
    """A prompt as the messages of a request, and the further fields that its opening needs.

    A value of the shop's may not open a turn: servers read a chat template's marks wherever they stand.
    """
    messages = [{"role": message.role, "content": without_turn_marks(message.content)} for message in prompt.messages]
    prefix = without_turn_marks(prompt.prefix)
    if not prefix:
        return messages, {}
    if prefix_mode == "instruction":
        told = f"Begin your answer with exactly these words, and go on from them: {prefix}"
        if messages and messages[-1]["role"] == "user":
            messages[-1]["content"] += f"\n{told}"
        else:
            messages.append({"role": "user", "content": told})
        return messages, {}
    messages.append({"role": "assistant", "content": prefix})
    return messages, {
        "continue_final_message": True,
        "add_generation_prompt": False,
    } if prefix_mode == "continue" else {}


def _apart(request: _Request) -> list[_Request]:
    return [_Request(request.prompt, (place,), request.temperature, request.seed) for place in request.places]


def _busy(run: _Run) -> BackendBusyError:
    """One error for the batch. A prompt of which a completion is missing is asked again in whole."""
    n = run.sampling.n
    for start in range(0, len(run.completions), n):
        if None in run.completions[start : start + n]:
            run.completions[start : start + n] = [None] * n
    longest = max(run.turned_away, key=lambda busy: busy.retry_after_seconds)
    return BackendBusyError(str(longest), completions=run.completions, retry_after_seconds=longest.retry_after_seconds)


def _no_op() -> None:
    pass
