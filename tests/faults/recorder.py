"""A process that records views through the sink of its settings: `python -m tests.faults.recorder COUNT START NUMBER`.

It starts at a moment of the wall clock, so that several start together, and prints what it has counted when it ends.
"""

from __future__ import annotations

import json
import sys
import time

import django


def main(count: int, start: float, number: int) -> None:
    """Record so many views, each of a visitor of its own."""
    django.setup()
    from ecom_llm.capture import background, counters
    from ecom_llm.capture.record import record_view
    from ecom_llm.capture.visitors import Visitor
    from ecom_llm.entities import Consent

    time.sleep(max(start - time.time(), 0))
    for view in range(count):
        record_view(Visitor(f"p:{number:016x}{view:016x}", Consent.PERSONAL), f"lamp-{view % 64}")
    background.finish()
    print(json.dumps(counters.read()))


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]))
