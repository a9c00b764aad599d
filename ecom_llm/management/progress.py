"""How far long work has come: a bar on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.core.management.base import OutputWrapper

BAR_CHARACTERS = 24
# A log is read later: it needs fewer lines than a screen needs redraws.
REDRAW_SECONDS = 0.5
LINE_SECONDS = 5.0


class Progress:
    """Writes to a stream, no more often than is of use."""

    def __init__(self, stream: OutputWrapper, clock: Callable[[], float] = time.monotonic) -> None:
        """Write nothing yet.

        Args:
            stream: a command's `stderr`.
            clock: seconds from any moment on.
        """
        self._stream = stream
        self._clock = clock
        self._is_terminal = stream.isatty()
        self._shown_at = clock() if not self._is_terminal else float("-inf")
        self._width = 0

    @property
    def is_due(self) -> bool:
        """Whether it is time to tell something again."""
        return self._clock() - self._shown_at >= (REDRAW_SECONDS if self._is_terminal else LINE_SECONDS)

    def show(
        self,
        done: int,
        total: int,
        what: str,
        *,
        rate: float = 0.0,
        seconds_left: float | None = None,
        note: str = "",
    ) -> None:
        """Tell how far it is, unless that was told a moment ago.

        Args:
            done: how many are done.
            total: of how many; may be an estimate.
            what: of what, such as ``texts``.
            rate: how many a second.
            seconds_left: an estimate, if there is one.
            note: what keeps the work waiting, if anything does.
        """
        if not self.is_due:
            return
        self._shown_at = self._clock()
        left = "" if seconds_left is None else f"about {in_words(seconds_left)} left"
        parts = [f"{done:,} of {total:,} {what}", f"{rate:.1f} a second" if rate else "", left, note]
        words = ", ".join(part for part in parts if part)
        self._draw(f"{bar(done, total)} {words}" if self._is_terminal else words)

    def close(self) -> None:
        """Leave the bar's line."""
        if self._width:
            self._stream.write("", str)

    def _draw(self, line: str) -> None:
        if not self._is_terminal:
            self._stream.write(line, str)
            return
        self._stream.write("\r" + line.ljust(self._width), str, ending="")
        self._stream.flush()
        self._width = len(line)


def bar(done: int, total: int) -> str:
    """Such as ``[######------]``."""
    filled = BAR_CHARACTERS if done >= total else BAR_CHARACTERS * done // total
    return f"[{'#' * filled}{'-' * (BAR_CHARACTERS - filled)}]"


def in_words(seconds: float) -> str:
    """Such as ``40 s``, ``12 min`` or ``3 h 20 min``."""
    if seconds < 90:
        return f"{max(seconds, 1):.0f} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"
