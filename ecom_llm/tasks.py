"""The Celery driver: the same pipeline, woken by a message that carries nothing."""

from __future__ import annotations

import logging
import mmap
import os
import socket
import time
from typing import Any

from billiard.exceptions import WorkerLostError
from celery import shared_task
from celery.signals import task_failure, worker_init, worker_process_shutdown, worker_ready, worker_shutting_down

from ecom_llm import conf, pipeline
from ecom_llm.capture import background
from ecom_llm.celery_checks import pool_problems
from ecom_llm.exceptions import BackendBrokenError, ModelLoadError
from ecom_llm.generate.wake import TASK_NAME, wake
from ecom_llm.recommend.learning import RebuildUnderWayError, learn
from ecom_llm.traces import trace_of

logger = logging.getLogger(__name__)

LEARN_TASK_NAME = "ecom_llm.learn_events"
# A task ends after this, so that a warm shutdown is never far off; it wakes the next one if jobs are left.
TASK_SECONDS = 30

# One byte that the main process and the children it forks share: 1 once the worker is to stop. Without it a warm
# shutdown would wait for the batch at hand.
_stopping = mmap.mmap(-1, 1)

# Until then this child's backend wants to be left alone, whoever wakes it; the timer comes by again.
_paused_until = 0.0


@shared_task(name=TASK_NAME, ignore_result=True, acks_late=False)
def run_jobs() -> None:
    """Work through the job table until it is empty, the task's time is up or the worker is to stop."""
    global _paused_until
    if time.monotonic() < _paused_until:
        return
    worker = f"celery {socket.gethostname()}:{os.getpid()}"
    parent = os.getppid()

    def should_stop() -> bool:
        # A child whose main process was killed is nobody's: it gives its jobs back.
        return _stopping[0] == 1 or os.getppid() != parent

    try:
        pipeline.sweep()
        started = time.monotonic()
        while not should_stop():
            report = pipeline.run_once(worker, should_stop)
            if report.pause_seconds:
                _paused_until = time.monotonic() + report.pause_seconds
            if not report.claimed or report.pause_seconds:
                return
            if time.monotonic() - started > TASK_SECONDS:
                wake()
                return
    except BackendBrokenError as error:
        # Only a new process helps; the pool replaces one that leaves.
        # A prompt may be in its words, which are in the job's row; loading knows no prompt, and no row.
        words = error if isinstance(error, ModelLoadError) else trace_of(error)
        logger.critical("The backend is broken, so this process ends: %s", words)
        raise SystemExit(1) from error


@shared_task(name=LEARN_TASK_NAME, ignore_result=True, acks_late=False)
def learn_events() -> None:
    """Bring item pairs up to date, for a beat schedule and a queue of the shop's own.

    Workers that write texts do so anyway, unless `RECOMMEND["LEARN_IN_WORKERS"]` is off.
    """
    try:
        learn()
    except RebuildUnderWayError:
        logger.info("Somebody else is learning all anew; the next call goes on.")


@worker_init.connect
def _forget_stop(**kwargs: Any) -> None:
    """A worker that starts in a process where one has stopped."""
    del kwargs
    _stopping[0] = 0


@worker_shutting_down.connect
def _tell_children_to_stop(**kwargs: Any) -> None:
    """Have the jobs in hand given back, unspent, instead of being waited for."""
    del kwargs
    _stopping[0] = 1


@worker_process_shutdown.connect
def _write_events_down(**kwargs: Any) -> None:
    """A child of billiard ends without `atexit`; what the shop's own tasks recorded would end with it."""
    del kwargs
    background.finish()


@task_failure.connect
def _wake_after_death(sender: Any = None, exception: BaseException | None = None, **kwargs: Any) -> None:
    """Go on at once when a child died: the other jobs need not wait for the timer."""
    del kwargs
    if getattr(sender, "name", "") == TASK_NAME and isinstance(exception, WorkerLostError):
        wake()


@worker_ready.connect
def sweep_by_timer(sender: Any = None, **kwargs: Any) -> None:
    """Wake this worker at start and every so often, so that nothing depends on beat or on the broker's memory."""
    del kwargs
    settings = conf.get_settings().generate
    if sender is None or settings.driver != "celery" or settings.queue not in sender.app.amqp.queues.consume_from:
        return
    _warn_of_pool(sender.controller)
    wake()
    sender.timer.call_repeatedly(settings.sweep_seconds * 15, wake)


def _warn_of_pool(controller: Any) -> None:
    """What a command line says of the pool is known here only; `manage.py check` reads the settings."""
    pool = f"{controller.pool_cls.__module__}:{controller.pool_cls.__qualname__}"
    for number, message, hint in pool_problems(pool, controller.concurrency):
        logger.warning("%s %s (ecom_llm.%s)", message, hint, number)
