"""Asks for one text after another, each in a process that ends between the commit and the message to the broker.

`python -m tests.faults.ends_before_publish SUBJECT…` exits with 0 when every process ended there.
"""

from __future__ import annotations

import os
import sys
from typing import NoReturn

import django

ENDED_THERE = 9


def end_here() -> NoReturn:
    """Stands where the message would be sent: after the commit, nothing else runs."""
    os._exit(ENDED_THERE)


def ask_and_end(subject: str) -> None:
    """Commit a job in a process of its own, which ends at once."""
    from ecom_llm.entities import Kind, TextKey
    from ecom_llm.generate import requests

    requests.wake = end_here
    requests.request_texts([TextKey(Kind.DESCRIPTION, subject, "en")])


def main(subjects: list[str]) -> int:
    """Fork a process a subject; none shares a database connection with another.

    Returns:
        How many ended somewhere else.
    """
    django.setup()
    astray = 0
    for subject in subjects:
        child = os.fork()
        if child == 0:
            try:
                ask_and_end(subject)
            finally:
                os._exit(1)
        astray += os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != ENDED_THERE
    return min(astray, 100)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
