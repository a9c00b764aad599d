"""Long work tells how far it is, on a screen and in a log."""

from __future__ import annotations

import io

import pytest
from django.core.management.base import OutputWrapper

from ecom_llm.management.progress import Progress, bar, in_words


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_terminal_gets_a_bar_that_is_drawn_over_itself() -> None:
    now = [0.0]
    screen = Terminal()
    progress = Progress(OutputWrapper(screen), clock=lambda: now[0])
    progress.show(0, 2000, "texts")
    now[0] = 1
    progress.show(1000, 2000, "texts", rate=2.5, seconds_left=400)
    progress.close()
    first, second = screen.getvalue().split("\r")[1:]
    assert first == "[------------------------] 0 of 2,000 texts"
    assert second == "[############------------] 1,000 of 2,000 texts, 2.5 a second, about 7 min left\n"


def test_shorter_line_leaves_nothing_of_a_longer_one() -> None:
    now = [0.0]
    screen = Terminal()
    progress = Progress(OutputWrapper(screen), clock=lambda: now[0])
    progress.show(1, 2, "texts", note="no worker is at it")
    now[0] = 1
    progress.show(2, 2, "texts")
    first, second = screen.getvalue().split("\r")[1:]
    assert len(second) == len(first)


def test_log_gets_a_plain_line_every_few_seconds() -> None:
    now = [0.0]
    log = io.StringIO()
    progress = Progress(OutputWrapper(log), clock=lambda: now[0])
    for second in range(12):
        now[0] = float(second)
        progress.show(second, 12, "texts")
    progress.close()
    assert log.getvalue().splitlines() == ["5 of 12 texts", "10 of 12 texts"]


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.2, "1 s"), (89, "89 s"), (90, "2 min"), (725, "12 min"), (12000, "3 h 20 min")]
)
def test_time_left_is_told_in_words(seconds: float, words: str) -> None:
    assert in_words(seconds) == words


def test_bar_of_no_work_is_full() -> None:
    assert bar(0, 0) == bar(5, 5) == f"[{'#' * 24}]"
