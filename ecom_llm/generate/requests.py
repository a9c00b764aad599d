"""Asks for texts: what is missing or stale becomes a job, once, and a worker is woken."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from ecom_llm import conf
from ecom_llm.entities import JobRequest, TextKey
from ecom_llm.generate import jobs
from ecom_llm.generate.material import Material, gather_all
from ecom_llm.generate.templates import get_prompt_template, has_prompt
from ecom_llm.generate.wake import wake
from ecom_llm.models import GenerationJob

logger = logging.getLogger(__name__)

# A job that failed or was blocked is not tried again on the same facts and prompt before this.
RETRY_AFTER = timedelta(hours=24)
# Which text, from which facts, with which prompt.
Input = tuple[TextKey, str, str]


def request_texts(keys: Iterable[TextKey], priority: int = 0, *, is_forced: bool = False) -> int:
    """Queue the texts, each unless it is queued already or was settled from the same facts with the same prompt.

    Args:
        keys: the texts; those whose products are gone, or whose language has no prompt, are passed over.
        priority: higher goes first.
        is_forced: queue again what was settled.

    Returns:
        How many texts are queued or now being made.
    """
    wanted = [key for key in dict.fromkeys(keys) if has_prompt(key.kind, key.language)]
    if not wanted:
        return 0
    requests = [_request(material, priority) for material in gather_all(wanted).values() if material.is_sayable]
    if not is_forced:
        requests = _without_settled(requests)
    if not requests:
        return 0
    settings = conf.get_settings().generate
    with transaction.atomic():
        count = jobs.enqueue(requests, ttl_hours=settings.job_ttl_hours, queue_cap=settings.queue_cap)
        transaction.on_commit(wake, robust=True)
    if count < len(requests):
        logger.warning("The queue is full: %d of %d texts were not queued.", len(requests) - count, len(requests))
    return count


def _request(material: Material, priority: int) -> JobRequest:
    template = get_prompt_template(material.key.kind, material.key.language)
    return JobRequest(material.key, material.hash, template.version, priority, material.product_id)


def _without_settled(requests: list[JobRequest]) -> list[JobRequest]:
    """Leave out what is active, what was made last, and what failed a short while ago, from the same facts and prompt.

    A fact that changes and changes back is asked for again: the text of its first time has been archived since.
    """
    if not requests:
        return []
    state = GenerationJob.State
    recent = Q(finished_at__gte=Now() - RETRY_AFTER, state__in=[state.BLOCKED, state.FAILED])
    jobs_found = GenerationJob.objects.filter(
        Q(state__in=[*GenerationJob.ACTIVE, state.DONE]) | recent,
        kind__in={request.key.kind for request in requests},
        subject__in={request.key.subject for request in requests},
    )
    settled: set[Input] = set()
    made_last: dict[TextKey, Input] = {}
    for job in jobs_found.order_by("pk").only("kind", "subject", "language", "state", "input_hash", "prompt_version"):
        made_from = (job.key, job.input_hash, job.prompt_version)
        if job.state == state.DONE:
            made_last[job.key] = made_from
        else:
            settled.add(made_from)
    settled.update(made_last.values())
    return [item for item in requests if (item.key, item.input_hash, item.prompt_version) not in settled]
