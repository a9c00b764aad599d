"""A process that claims jobs until there are none: `python -m tests.faults.claimer LIMIT START`.

It starts at a moment of the wall clock, so that several start together, and prints the sizes of its claims and the ids.
"""

from __future__ import annotations

import json
import os
import sys
import time

import django


def main(limit: int, start: float) -> None:
    """Claim until there is nothing to claim."""
    django.setup()
    from django.db import connection

    from ecom_llm.generate import jobs

    connection.ensure_connection()
    time.sleep(max(start - time.time(), 0))
    sizes: list[int] = []
    ids: list[int] = []
    while claimed := jobs.claim(limit, worker=f"claimer:{os.getpid()}", lease_seconds=600):
        sizes.append(len(claimed))
        ids += [job.pk for job in claimed]
    print(json.dumps({"sizes": sizes, "ids": ids}))


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
