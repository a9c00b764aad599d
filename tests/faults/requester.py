"""A process that asks for one text from many threads at once: `python -m tests.faults.requester COUNT START`.

It starts at a moment of the wall clock, so that several start together.
"""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor

import django

THREADS = 8


def main(count: int, start: float) -> None:
    """Ask so often for the same text."""
    django.setup()
    from django.db import connection

    from ecom_llm.entities import Kind, TextKey
    from ecom_llm.generate.requests import request_texts

    def ask(times: int) -> None:
        connection.ensure_connection()
        time.sleep(max(start - time.time(), 0))
        for _ in range(times):
            request_texts([TextKey(Kind.DESCRIPTION, "lamp-0", "en")])
        connection.close()

    shares = [count // THREADS + (number < count % THREADS) for number in range(THREADS)]
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(ask, shares))
    print(count)


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
