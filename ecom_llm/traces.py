"""How an exception is logged on the way of a job: where it was raised and its type, never its words.

The words of a shop's own code, or of a model's server, may hold a fact, a prompt or what a visitor searched for. They
are kept in the job's row, for staff to read. Nor is the exception itself handed to the log: error trackers add the
local variables of its frames.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator


def trace_of(error: BaseException) -> str:
    """Tell an exception without its words.

    Args:
        error: as caught.

    Returns:
        Its type and its frames, outermost first, followed by those of the exceptions that led to it.
    """
    told = [f"{type(item).__name__}\n{''.join(traceback.format_tb(item.__traceback__))}" for item in _chain(error)]
    return "from ".join(told).rstrip()


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
