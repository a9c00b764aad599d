"""The Celery driver: the same pipeline, woken by a message that carries nothing."""

from __future__ import annotations

import logging
import os
import socket
import time
from typing import Any

from celery import shared_task
from celery.signals import worker_ready

from ecom_llm import conf, pipeline
from ecom_llm.generate.wake import TASK_NAME, wake

logger = logging.getLogger(__name__)

# A task ends after this, so that a warm shutdown is never far off; it wakes the next one if jobs are left.
TASK_SECONDS = 30


@shared_task(name=TASK_NAME, ignore_result=True, acks_late=False)
def run_jobs() -> None:
    """Work through the job table until it is empty or the task's time is up."""
    worker = f"celery {socket.gethostname()}:{os.getpid()}"
    pipeline.sweep()
    started = time.monotonic()
    while pipeline.run_once(worker).claimed:
        if time.monotonic() - started > TASK_SECONDS:
            wake()
            return


@worker_ready.connect
def sweep_by_timer(sender: Any = None, **kwargs: Any) -> None:
    """Wake this worker at start and every so often, so that nothing depends on beat or on the broker's memory."""
    del kwargs
    settings = conf.get_settings().generate
    if sender is None or settings.driver != "celery" or settings.queue not in sender.app.amqp.queues.consume_from:
        return
    wake()
    sender.timer.call_repeatedly(settings.sweep_seconds * 15, wake)
