"""What Celery's settings would do to workers of this app; a part of `checks`.

They are read as the settings have them. What a worker's command line says instead is not known here: `tasks` looks at
that when a worker starts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ecom_llm.conf import Generate

TASK_NAME = "ecom_llm.run_jobs"
"""The task whose annotations count; `generate.wake` sends it."""

PREFORK = ("prefork", "processes", "celery.concurrency.prefork:TaskPool")
# A task takes further jobs for this long before it ends.
TASK_SECONDS = 30
# An idle worker runs two tasks a minute, so a child that is replaced after fewer than this loads its model every hour.
FEW_TASKS = 100

Problem = tuple[str, str, str]
"""Number of the check, what is wrong, how to mend it."""


def problems(celery: Any, generate: Generate) -> Iterator[Problem]:
    """What would hurt.

    Args:
        celery: the configuration of the shop's Celery application.
        generate: the app's own.
    """
    if _for_the_task(celery, "acks_late", default=False):
        message = (
            "Celery is told to acknowledge this app's messages late: a worker that dies has its message run again."
        )
        yield "W003", message, "Take acks_late out of task_annotations; the job's lease is what gives the job back."
    if not celery.broker_url:
        hint = "Import your Celery app in the project's __init__.py and give it a broker_url."
        yield "W004", "GENERATE['DRIVER'] is 'celery', but no Celery app with a broker is loaded.", hint
    yield from pool_problems(celery.worker_pool, celery.worker_concurrency or 1)
    yield from _prefetch(celery)
    yield from _connection(celery)
    yield from _redis_timeouts(celery)
    yield from _time_limits(celery, generate)
    yield from _child_tasks(celery)


def pool_problems(pool: str, concurrency: object) -> Iterator[Problem]:
    """What a pool of workers would do to a model; also asked by a worker that starts.

    Args:
        pool: name or path of Celery's pool class.
        concurrency: processes or threads in it.
    """
    if pool not in PREFORK:
        message = (
            f"Celery's pool is {pool!r}: nothing but prefork can replace a process whose model has broken or hung."
        )
        yield "W010", message, "Start workers of this app with --pool prefork."
    if str(concurrency) != "1":
        message = f"Celery's concurrency is {concurrency}: each process loads a model of its own, on the same GPU."
        yield "W011", message, "Start workers of this app with --concurrency 1, one for each GPU."


def _prefetch(celery: Any) -> Iterator[Problem]:
    if celery.worker_prefetch_multiplier != 1 and not celery.worker_disable_prefetch:
        held = celery.worker_prefetch_multiplier or "any number of"
        message = f"A busy Celery worker holds {held} wake-up messages, of which an idle one hears nothing."
        yield "W012", message, "Set worker_prefetch_multiplier = 1."


def _connection(celery: Any) -> Iterator[Problem]:
    if not celery.broker_connection_retry or celery.broker_connection_retry_on_startup is False:
        message = "A Celery worker ends when its broker does not answer."
        yield "W013", message, "Leave broker_connection_retry and broker_connection_retry_on_startup on."
    elif celery.broker_connection_max_retries is not None:
        message = f"A Celery worker ends after {celery.broker_connection_max_retries} tries to reach its broker."
        yield "W013", message, "Set broker_connection_max_retries = None; 0 means not to try at all."


def _redis_timeouts(celery: Any) -> Iterator[Problem]:
    if not str(celery.broker_url).startswith(("redis", "sentinel")):
        return
    options = celery.broker_transport_options or {}
    missing = [name for name in ("socket_connect_timeout", "socket_timeout") if not options.get(name)]
    if missing:
        message = (
            f"broker_transport_options has no {' and no '.join(missing)}: a Redis that is silent holds its client."
        )
        hint = "Set broker_transport_options = {'socket_connect_timeout': 2, 'socket_timeout': 5}."
        yield "W014", message, hint


def _time_limits(celery: Any, generate: Generate) -> Iterator[Problem]:
    needed = TASK_SECONDS + generate.load_seconds + generate.batch_seconds
    for name in ("time_limit", "soft_time_limit"):
        limit = _for_the_task(celery, name, default=None) or getattr(celery, f"task_{name}")
        if limit and limit < needed:
            message = f"Celery's {name} is {limit} s; a task that loads its model and runs a batch may take {needed} s."
            hint = f"Set task_annotations = {{'{TASK_NAME}': {{'{name}': {needed}}}}}; hangs are seen without it."
            yield "W015", message, hint


def _child_tasks(celery: Any) -> Iterator[Problem]:
    tasks = celery.worker_max_tasks_per_child
    if tasks and tasks < FEW_TASKS:
        message = f"Celery replaces a worker's process after {tasks} tasks, and each one loads its model anew."
        yield "W016", message, f"Leave worker_max_tasks_per_child unset, or set it to {FEW_TASKS} and more."


def _for_the_task(celery: Any, name: str, *, default: Any) -> Any:
    """What `task_annotations` set for this app's task; those for every task go last, as Celery has it."""
    annotations = celery.task_annotations or ()
    for part in annotations if isinstance(annotations, list | tuple) else (annotations,):
        for task in (TASK_NAME, "*"):
            if isinstance(part, Mapping) and isinstance(part.get(task), Mapping):
                default = part[task].get(name, default)
    return default
