"""The contract of a backend."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ecom_llm.entities import Completion, Prompt, Sampling
from ecom_llm.exceptions import ConfigurationError

OnToken = Callable[[], None]

# Full batches that fit before a larger one is tried again: one batch in so many may be made twice.
FITTED_BEFORE_MORE = 16


class Backend(ABC):
    """Generates text. Made once in each worker process; loads its model when first used, never at import."""

    supports_seed: bool = True
    """Whether another seed gives another completion."""

    option_names: tuple[str, ...] = ()
    """The keys that OPTIONS may hold."""

    def __init__(self, alias: str, params: Mapping[str, Any]) -> None:
        """Make the backend; must be quick and touch no model.

        Args:
            alias: its key in `BACKENDS`.
            params: the entry itself: MODEL, REVISION, OPTIONS.

        Raises:
            ConfigurationError: an option is unknown.
        """
        self.alias = alias
        self.model: str = params.get("MODEL", "")
        self.revision: str = params.get("REVISION", "")
        self.options: Mapping[str, Any] = params.get("OPTIONS", {})
        # Jobs of a batch that still fit into memory; known once a larger one did not.
        self.fitting_jobs: int | None = None
        self._fitted = 0
        for name in self.options:
            if name not in self.option_names:
                known = ", ".join(self.option_names) or "none"
                raise ConfigurationError(f"BACKENDS[{alias!r}]: {name!r} is not an option. Known: {known}.")

    @property
    def model_name(self) -> str:
        """The model as a version records it."""
        return f"{self.model}@{self.revision}" if self.revision else self.model

    def note_too_large(self, jobs: int) -> None:
        """Remember that a batch did not fit into memory; the next ones are half as large.

        Args:
            jobs: how many it held.
        """
        self.fitting_jobs, self._fitted = max(jobs // 2, 1), 0

    def note_fitted(self, jobs: int) -> None:
        """Dare twice as much after `FITTED_BEFORE_MORE` full batches: what had filled the memory may be gone.

        Args:
            jobs: how many a batch held that fitted.
        """
        if self.fitting_jobs is None or jobs < self.fitting_jobs:
            return
        self._fitted += 1
        if self._fitted >= FITTED_BEFORE_MORE:
            self.fitting_jobs, self._fitted = self.fitting_jobs * 2, 0

    @abstractmethod
    def count_tokens(self, prompt: Prompt) -> int:
        """The prompt's length in tokens, or a close guess that needs no model."""

    @abstractmethod
    def generate(
        self, prompts: Sequence[Prompt], sampling: Sampling, on_token: OnToken | None = None
    ) -> list[Completion]:
        """Complete a batch.

        Args:
            prompts: at least one.
            sampling: for all of them.
            on_token: called after each token of the batch (a remote backend: at least once a second); may raise to
                stop it (a lost lease, a deadline).

        Returns:
            `sampling.n` completions for each prompt: all of the first prompt, then all of the second.

        Raises:
            BackendBusyError: there is no room at the moment; it carries what was completed.
            BackendMemoryError: the batch is too large for the memory.
            BackendBrokenError: this process cannot go on.
            BackendError: the model cannot be loaded or run.
        """

    def check(self) -> list[str]:
        """What is wrong with the settings, for `manage.py check`; loads nothing."""
        return []
