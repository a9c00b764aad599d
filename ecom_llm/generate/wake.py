"""Wakes a worker. A message is only a hint: the job table is the truth and every worker sweeps it by itself."""

from __future__ import annotations

import logging
import os
import threading
from typing import TYPE_CHECKING

from ecom_llm import conf

if TYPE_CHECKING:
    from celery import Celery

logger = logging.getLogger(__name__)

TASK_NAME = "ecom_llm.run_jobs"
# A message nobody has taken by then is of no use: an idle worker's own sweep has come by.
MESSAGE_EXPIRES_SECONDS = 60
# A connection that died unnoticed is replaced and the message sent again; a broker that is restarting is waited for,
# by the sending thread alone: 0, 1, … 5 seconds between tries, 15 in all. After that the next sweep is near.
RETRY_POLICY = {"max_retries": 6, "interval_start": 0, "interval_step": 1, "interval_max": 5}


def wake() -> None:
    """Tell a Celery worker that jobs wait; does nothing for the worker command, which polls.

    Call it after the commit. The message is sent by a thread, because a broker that is down or slow may hold its
    client for seconds, and a page does not wait for it. What cannot be sent costs a log line, never an error.
    """
    settings = conf.get_settings().generate
    if settings.driver == "celery":
        _sender.send_soon(settings.queue)


class _Sender:
    """Sends at most one message at a time; what is asked for meanwhile is one more message, however often."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_sending = False
        self._is_asked_again = False

    def send_soon(self, queue: str) -> None:
        """Have a message sent; returns at once."""
        with self._lock:
            self._is_asked_again = self._is_sending
            if self._is_sending:
                return
            self._is_sending = True
        try:
            threading.Thread(target=self._run, args=(queue,), name="ecom_llm wake", daemon=True).start()
        except RuntimeError:
            # The process may start no further thread just now; the next request for a text tries again.
            with self._lock:
                self._is_sending = False
            logger.warning("No worker was woken (no thread to be had); the next sweep takes the jobs.")

    def _run(self, queue: str) -> None:
        while True:
            self._is_asked_again = False
            _send(queue)
            with self._lock:
                if not self._is_asked_again:
                    self._is_sending = False
                    return


def remember_app(app: Celery | None = None) -> Celery:
    """Keep the shop's Celery application for threads to send with.

    Celery's own `current_app` is one a thread: in a thread of a web server it is an unconfigured default, which
    would look for a broker on this machine. Called when Django starts, in the thread that loaded the shop's.

    Args:
        app: the application; the current one when left out.

    Returns:
        The application.
    """
    global _app
    from celery.app import app_or_default

    remembered: Celery = app or app_or_default()
    _app = remembered
    return remembered


def _send(queue: str) -> None:
    try:
        (_app or remember_app()).send_task(
            TASK_NAME,
            queue=queue,
            ignore_result=True,
            retry=True,
            retry_policy=RETRY_POLICY,
            expires=MESSAGE_EXPIRES_SECONDS,
        )
    except Exception as error:
        logger.warning("No worker was woken (%s); the next sweep takes the jobs.", type(error).__name__)


_app: Celery | None = None
_sender = _Sender()


def _renew_sender() -> None:
    """A forked child has no thread that would ever say that the parent's message is sent."""
    global _sender
    _sender = _Sender()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_sender)
