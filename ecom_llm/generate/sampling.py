"""How tokens are drawn for each kind of text."""

from __future__ import annotations

from typing import Any

from ecom_llm import conf
from ecom_llm.entities import Kind, Sampling

# Longest completion in tokens; the packaged model's sentences take 10 to 40.
MAX_NEW_TOKENS = 64
# The likeliest words first. When they are blocked, several more daring ones at once: a step of the model costs nearly
# the same for four rows as for one, so one more try of four is cheaper than two of one.
TEMPERATURES = (0.0, 0.4)
SAMPLES = (1, 4)


def sampling_for(kind: Kind, attempt: int, seed: int) -> Sampling:
    """The sampling of a kind, the shop's own settings over the defaults.

    Args:
        kind: what the text is for.
        attempt: how many tries were blocked before this one.
        seed: of this try.
    """
    step = min(attempt, len(TEMPERATURES) - 1)
    values: dict[str, Any] = {
        "max_new_tokens": MAX_NEW_TOKENS, "temperature": TEMPERATURES[step], "n": SAMPLES[step],
    }  # fmt: skip
    values |= conf.get_settings().generate.sampling.get(kind, {})
    if "stop" in values:
        values["stop"] = tuple(values["stop"])
    return Sampling(**values | {"seed": seed})
