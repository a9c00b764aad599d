"""How tokens are drawn for each kind of text."""

from __future__ import annotations

from ecom_llm import conf
from ecom_llm.entities import Kind, Sampling

# Chosen by measurement on the packaged model; see docs/performance.md.
DEFAULTS: dict[Kind, Sampling] = {
    Kind.DESCRIPTION: Sampling(max_new_tokens=90),
    Kind.REASON: Sampling(max_new_tokens=50),
    Kind.SEARCH_COPY: Sampling(max_new_tokens=60),
}


def sampling_for(kind: Kind, seed: int) -> Sampling:
    """The sampling of a kind, the shop's own settings over the defaults.

    Args:
        kind: what the text is for.
        seed: of this try.
    """
    default = DEFAULTS[kind]
    values = {name: getattr(default, name) for name in Sampling.__slots__}
    values |= conf.get_settings().generate.sampling.get(kind, {})
    return Sampling(**values | {"seed": seed, "stop": tuple(values["stop"])})
