"""What this process has counted: failures that a shopper never saw, events written, events dropped."""

from __future__ import annotations

import os
from collections import Counter

from ecom_llm.capture.forks import ProcessLock

_counts: Counter[str] = Counter()
# Of those, what the table of counts has been given.
_taken: Counter[str] = Counter()
_lock = ProcessLock()


def count(name: str, amount: int = 1) -> None:
    """Add to a counter.

    Args:
        name: dotted, such as ``events.dropped.unknown_product``.
        amount: how many.
    """
    with _lock:
        _counts[name] += amount


def read(prefix: str = "") -> dict[str, int]:
    """The counters of this process since it started.

    Args:
        prefix: only counters whose name starts with it; it is cut off the names returned.
    """
    with _lock:
        matching = {name: total for name, total in _counts.items() if name.startswith(prefix)}
    return {name.removeprefix(prefix): total for name, total in matching.items()}


def take(prefixes: tuple[str, ...]) -> Counter[str]:
    """What has been counted since the last `take`.

    Args:
        prefixes: only counters whose name starts with one of them.
    """
    with _lock:
        new = Counter(
            {
                name: total - _taken[name]
                for name, total in _counts.items()
                if total > _taken[name] and name.startswith(prefixes)
            }
        )
        _taken.update(new)
    return new


def give_back(pending: Counter[str]) -> None:
    """Have the next `take` return these too: they could not be saved."""
    with _lock:
        _taken.subtract(pending)


def reset() -> None:
    """Forget all counts."""
    with _lock:
        _counts.clear()
        _taken.clear()


# What a parent counted is the parent's.
os.register_at_fork(after_in_child=reset)
