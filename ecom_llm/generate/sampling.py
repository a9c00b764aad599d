"""How tokens are drawn for each kind of text."""

from __future__ import annotations

from typing import Any

from ecom_llm import conf
from ecom_llm.entities import Kind, Sampling

# Longest completion in tokens; the packaged model's sentences take 10 to 40.
MAX_NEW_TOKENS = 64
# The likeliest words first; after a blocked try, more and more daring ones.
TEMPERATURES = (0.0, 0.3, 0.5)


def sampling_for(kind: Kind, attempt: int, seed: int) -> Sampling:
    """The sampling of a kind, the shop's own settings over the defaults.

    Args:
        kind: what the text is for.
        attempt: how many completions were blocked before this one.
        seed: of this try.
    """
    temperature = TEMPERATURES[min(attempt, len(TEMPERATURES) - 1)]
    values: dict[str, Any] = {"max_new_tokens": MAX_NEW_TOKENS, "temperature": temperature}
    values |= conf.get_settings().generate.sampling.get(kind, {})
    if "stop" in values:
        values["stop"] = tuple(values["stop"])
    return Sampling(**values | {"seed": seed})
