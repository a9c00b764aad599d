"""What this process has counted: failures that a shopper never saw, events written, events dropped."""

from __future__ import annotations

import threading
from collections import Counter

_counts: Counter[str] = Counter()
_lock = threading.Lock()


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


def reset() -> None:
    """Forget all counts."""
    with _lock:
        _counts.clear()
