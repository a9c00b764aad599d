"""A process whose model hangs ends by itself; one that shows tokens lives."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WATCH = """
import time
from ecom_llm.generate.watchdog import Watchdog

dog = Watchdog("default", hang_seconds={hang}, load_seconds={load})
with dog.watching():
    {body}
print("lived")
"""


def run(body: str, *, hang: int = 1, load: int = 1) -> tuple[subprocess.CompletedProcess[str], float]:
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", WATCH.format(body=body, hang=hang, load=load)],
        cwd=ROOT, env=os.environ | {"SECRET": "of-the-prompt"}, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    return done, time.monotonic() - started


def test_process_that_shows_no_token_ends_and_prints_where_it_stands_without_values() -> None:
    done, seconds = run("secret = 'of-the-prompt'; time.sleep(30)")
    assert done.returncode == 1
    assert seconds < 20
    assert "Timeout" in done.stderr
    assert "<module>" in done.stderr
    assert "of-the-prompt" not in done.stderr


def test_hang_that_holds_the_interpreters_lock_ends_the_process_too() -> None:
    # One call into C, over a number so long that it takes minutes.
    done, seconds = run("str(7 ** 40_000_000 // 3 ** 1_000) if not __import__('sys').set_int_max_str_digits(0) else 0")
    assert done.returncode == 1
    assert seconds < 20


def test_process_that_shows_tokens_lives_past_the_limit() -> None:
    done, _ = run("[(dog.feed(), time.sleep(0.05)) for _ in range(40)]")
    assert (done.returncode, done.stdout) == (0, "lived\n")


def test_first_token_may_take_as_long_as_loading_and_the_next_may_not() -> None:
    done, _ = run("time.sleep(2); dog.feed(); print('loaded', flush=True); time.sleep(30)", load=20)
    assert (done.returncode, done.stdout) == (1, "loaded\n")


def test_nothing_is_watched_after_the_batch() -> None:
    done, _ = run("dog.feed()\ntime.sleep(2)")
    assert (done.returncode, done.stdout) == (0, "lived\n")
