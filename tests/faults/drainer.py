"""A drain that is killed between storing a batch and acknowledging it: `python -m tests.faults.drainer SIZE`."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence

import django


def main(size: int) -> None:
    """Take a batch, store it, and die as `kill -9` has it."""
    django.setup()
    from ecom_llm.capture import draining
    from ecom_llm.capture.stream import EventStream

    def die(self: EventStream, ids: Sequence[bytes]) -> None:
        del self, ids
        os.kill(os.getpid(), signal.SIGKILL)

    EventStream.finish = die  # type: ignore[method-assign]
    draining.drain(lambda: False, batch=size)


if __name__ == "__main__":
    main(int(sys.argv[1]))
