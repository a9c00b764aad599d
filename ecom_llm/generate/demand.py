"""How much a text is wanted, told by how often its place in the shop is shown; counted in its job's own priority.

The rungs of a ladder stand for 1, 2, 4, 8, 16 and 32 showings. A job climbs one when its place is shown again and a die
allows it, with a chance of 1 in as many showings as it stands for (Morris, "Counting large numbers of events in small
registers", 1978). So a job is written to five times at most, however many pages of however many processes show its
place, and the count is right to within a factor of two or so without being kept anywhere else.
"""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Iterable

from ecom_llm.models import GenerationJob

# A rung is worth two hours, see `generate.queue`. Shown once is bulk work: it leaves a quarter of the queue and of the
# budgets to what is shown again. The highest stays below a page's own texts.
RUNG_POINTS = 2
RUNGS = tuple(range(-1, 10, RUNG_POINTS))
SHOWN_ONCE, SHOWN_OFTEN = RUNGS[0], RUNGS[-1]


def climbing(waiting: Iterable[GenerationJob]) -> list[int]:
    """Which jobs climb a rung now that their places were shown once more.

    Args:
        waiting: jobs that wait, at `SHOWN_ONCE` or more; those at `SHOWN_OFTEN` or more stay where they are.

    Returns:
        Their keys.
    """
    return [job.pk for job in waiting if SHOWN_ONCE <= job.priority < SHOWN_OFTEN and _is_next(job.priority)]


def _is_next(priority: int) -> bool:
    showings = 1 << (bisect_right(RUNGS, priority) - 1)
    return showings == 1 or random.random() * showings < 1  # noqa: S311 - a sample, not a secret
