"""Wakes a worker. A message is only a hint: the job table is the truth and every worker sweeps it by itself."""

from __future__ import annotations

import logging

from ecom_llm import conf

logger = logging.getLogger(__name__)

TASK_NAME = "ecom_llm.run_jobs"
# A message nobody has taken by then is of no use: an idle worker's own sweep has come by.
MESSAGE_EXPIRES_SECONDS = 60


def wake() -> bool:
    """Tell a Celery worker that jobs wait; does nothing for the worker command, which polls.

    Call it after the commit. A broker that is down costs a log line, never an error.

    Returns:
        Whether a message was sent.
    """
    settings = conf.get_settings().generate
    if settings.driver != "celery":
        return False
    from celery import current_app

    try:
        current_app.send_task(
            TASK_NAME, queue=settings.queue, ignore_result=True, retry=False, expires=MESSAGE_EXPIRES_SECONDS
        )
    except Exception as error:
        logger.warning("No worker was woken (%s); the next sweep takes the jobs.", type(error).__name__)
        return False
    return True
