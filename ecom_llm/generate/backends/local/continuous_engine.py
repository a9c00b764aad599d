"""transformers' continuous batching: paged attention, for GPUs."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Sequence
from typing import Any

from transformers import ContinuousBatchingConfig, GenerationConfig
from transformers.utils import is_kernels_available

from ecom_llm.generate.backends.local import attention
from ecom_llm.generate.backends.local.requests import OnToken, Request

# How long to wait for a result before the caller is told that the batch is alive.
POLL_SECONDS = 0.5
# Without any result for this long the caller is told no more, so that its watchdog finds out about a device that hangs.
QUIET_SECONDS = 60.0
# Each request brings its own temperature; with a neutral 1 a manager would refuse to take any.
NEUTRAL = 0.7
# So low that of two tokens whose scores differ at all only the likelier is ever drawn, and still far from an overflow.
NEARLY_ZERO = 1e-20
# What its manager takes beside flash attention of any kind.
PAGED = ("sdpa", "eager", "paged|eager")

# Ids that never come again: what an abandoned batch still delivers is nobody's.
_numbers = itertools.count()


class ContinuousEngine:
    """Hands requests to a manager that schedules them token by token and shares the pages of common prefixes.

    It draws as transformers does, so a seed does not fix what it says, and without a repetition penalty. It ends a
    completion at the model's own end of turn; what follows another stop is cut off afterwards. Constraints are not
    supported.
    """

    supports_constraints = False

    def __init__(self, model: Any, *, stop_tokens: Sequence[int], places: int, keeps_attention: bool = False) -> None:
        """Take a model over.

        Args:
            model: a causal language model for which `supports` holds.
            stop_tokens: end a completion.
            places: requests that run together at most.
            keeps_attention: use the attention that the model has, even where flash attention is installed.
        """
        self._model = model
        self._stop_tokens = list(stop_tokens)
        self._places = places
        # Where flash attention is missing, the package `kernels` would have it fetched from the hub.
        self._may_switch = not keeps_attention and not is_kernels_available()
        # The `top_p` that the manager at hand was made with.
        self._top_p: float | None = None

    def complete(
        self, requests: Sequence[Request], is_done: Callable[[Request], bool], on_token: OnToken | None
    ) -> None:
        """See `Engine.complete`."""
        if requests[0].top_p != self._top_p:
            self._forget_manager()
            self._top_p = requests[0].top_p
        try:
            self._run(requests, is_done, on_token)
        except RuntimeError:
            # What is left of a batch that failed must not meet the next one.
            self._forget_manager()
            raise

    def _run(self, requests: Sequence[Request], is_done: Callable[[Request], bool], on_token: OnToken | None) -> None:
        # A manager keeps its pages and its compiled steps for the next batch. It always draws, the likeliest tokens at
        # next to no temperature, because one that was made not to could not be used for both.
        config = GenerationConfig(
            do_sample=True, max_new_tokens=max(request.max_new_tokens for request in requests),
            eos_token_id=self._stop_tokens, temperature=NEUTRAL, top_p=requests[0].top_p,
        )  # fmt: skip
        with self._model.continuous_batching_context_manager(
            generation_config=config,
            continuous_batching_config=ContinuousBatchingConfig(
                max_requests_per_batch=self._places, seed=requests[0].seed, per_request_processors=True,
                auto_switch_to_flash=self._may_switch,
            ),
            block=True, timeout=5, persistent_manager=True,
        ) as manager:  # fmt: skip
            waiting: dict[str, Request] = {}
            try:
                for request in requests:
                    waiting[_add(manager, request)] = request
                self._collect(manager, waiting, is_done, on_token)
            finally:
                for request_id in waiting:
                    manager.cancel_request(request_id)

    def _forget_manager(self) -> None:
        self._top_p = None
        self._model.destroy_cached_continuous_batching_manager()

    @staticmethod
    def _collect(
        manager: Any, waiting: dict[str, Request], is_done: Callable[[Request], bool], on_token: OnToken | None
    ) -> None:
        heard_at = time.monotonic()
        while waiting:
            result = manager.get_result(timeout=POLL_SECONDS)
            if result is None and not manager.is_running():
                raise RuntimeError(f"Continuous batching ended before its requests did: {_fatal(manager)}")
            heard_at = heard_at if result is None else time.monotonic()
            if on_token is not None and time.monotonic() - heard_at < QUIET_SECONDS:
                on_token()
            if result is None or not result.is_finished() or result.request_id not in waiting:
                continue
            if result.error:
                raise RuntimeError(f"Continuous batching failed: {result.error}")
            _write(waiting.pop(result.request_id), result.generated_tokens, is_done)


def supports(model: Any) -> bool:
    """Whether a model's attention, as it is set, can be paged; windows can, states cannot."""
    name = model.config._attn_implementation
    if name not in PAGED and "flash" not in name:
        return False
    return attention.can_be_replaced(model) and attention.kinds(model) <= {attention.FULL, attention.WINDOWED}


def _add(manager: Any, request: Request) -> str:
    added: str | None = manager.add_request(
        list(request.ids), request_id=f"ecom_llm-{next(_numbers)}", max_new_tokens=request.max_new_tokens,
        temperature=max(request.temperature, NEARLY_ZERO),
    )  # fmt: skip
    if added is None:
        raise RuntimeError(f"Continuous batching takes no requests: {_fatal(manager)}")
    return added


def _fatal(manager: Any) -> object:
    """What ended the manager's thread; its words say whether memory or the device is to blame."""
    return getattr(getattr(manager, "background_thread_status", None), "fatal_error", None)


def _write(request: Request, tokens: Sequence[int], is_done: Callable[[Request], bool]) -> None:
    for token in tokens:
        request.written.append(token)
        if is_done(request):
            return
