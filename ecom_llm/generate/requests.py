"""Asks for texts: what is missing or stale becomes a job, once, and a worker is woken."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db import Error, transaction
from django.db.models import Q
from django.db.models.functions import Now

from ecom_llm.entities import JobRequest, Kind, TextKey
from ecom_llm.exceptions import ConfigurationError
from ecom_llm.generate import demand, queue
from ecom_llm.generate.budgets import budget_for, bulk_share
from ecom_llm.generate.database import database
from ecom_llm.generate.material import Material, gather_all
from ecom_llm.generate.templates import get_prompt_template, has_prompt
from ecom_llm.generate.wake import wake
from ecom_llm.models import GenerationJob
from ecom_llm.traces import trace_of

logger = logging.getLogger(__name__)

# A job that failed or was blocked is not tried again on the same facts and prompt before this.
RETRY_AFTER = timedelta(hours=24)
# Which text, from which facts, with which prompt.
Input = tuple[TextKey, str, str]


@dataclass(slots=True)
class Asked:
    """What became of a request for texts.

    Attributes:
        settled: texts passed over: gone, nothing to say, facts that cannot be read, queued already, or made or blocked
            from the same facts.
        queued: texts that now have a job.
        refused: texts that are wanted but found the queue full.
    """

    settled: int = 0
    queued: int = 0
    refused: tuple[TextKey, ...] = ()


def request_texts(keys: Iterable[TextKey], priority: int = 0, *, is_forced: bool = False) -> int:
    """Queue the texts, each unless it is queued already or was settled from the same facts with the same prompt.

    Args:
        keys: the texts; those whose products are gone or cannot be read, or whose language has no prompt, are passed
            over.
        priority: higher goes first. A text that waits at a lower one is brought forward.
        is_forced: queue again what was settled.

    Returns:
        How many texts are queued or now being made.
    """
    asked = ask(keys, priority, is_forced=is_forced)
    if asked.refused:
        counts = {"queued": asked.queued, "refused": len(asked.refused)}
        logger.warning("The queue is full: %(refused)d texts were not queued, %(queued)d were.", counts, extra=counts)
    return asked.queued


def ask_as_shown(keys: Iterable[TextKey]) -> Asked:
    """Queue texts whose places were shown just now without them: the more often, the sooner they are made.

    A full queue is nothing to warn of here. What is shown often comes back often, and finds room first.

    Args:
        keys: as for `request_texts`.
    """
    return ask(keys, demand.SHOWN_ONCE, is_showing=True)


def ask(keys: Iterable[TextKey], priority: int = 0, *, is_forced: bool = False, is_showing: bool = False) -> Asked:
    """Queue the texts as `request_texts` does, and tell what became of each.

    Args:
        keys: as there.
        priority: as there. Below 0 it is bulk work, which leaves a quarter of each queue free.
        is_forced: as there.
        is_showing: this counts as one showing of each, see `generate.demand`.

    Returns:
        The counts; they add up to the number of different keys.
    """
    different = list(dict.fromkeys(keys))
    wanted = [key for key in different if has_prompt(key.kind, key.language)]
    asked = Asked(settled=len(different))
    if not wanted:
        return asked
    requests = [_request(material, priority) for material in _gather(wanted).values() if material.is_sayable]
    if not requests:
        return asked
    known = _known(requests)
    waiting = [job for job in known if job.state == GenerationJob.State.WAITING]
    behind = [job.pk for job in waiting if job.priority < priority]
    if is_showing:
        _climb(waiting)
    unsettled = requests if is_forced else _without_settled(requests, known)
    if behind or unsettled:
        asked.refused = _write(unsettled, behind, priority, is_forced=is_forced)
    asked.settled -= len(unsettled)
    asked.queued = len(unsettled) - len(asked.refused)
    return asked


def _gather(keys: Sequence[TextKey]) -> dict[TextKey, Material]:
    """Read what the texts are made from; one that the shop's own code fails on is left out, found by halving."""
    try:
        return gather_all(keys)
    except (ConfigurationError, Error):
        # A page does not wait for a slow or broken database again and again.
        raise
    except Exception as error:
        if len(keys) == 1:
            # The subject of search copy is what visitors searched for.
            subject = "" if keys[0].kind == Kind.SEARCH_COPY else keys[0].subject
            logger.warning(
                "A %s is not asked for, since its facts cannot be read: %s", keys[0].kind, trace_of(error),
                extra={"kind": keys[0].kind, "subject": subject},
            )  # fmt: skip
            return {}
    half = len(keys) // 2
    return _gather(keys[:half]) | _gather(keys[half:])


def _climb(waiting: list[GenerationJob]) -> None:
    """One statement for a kind, and on most pages that show what waits already none. Nobody is woken for it."""
    ids = set(demand.climbing(waiting))
    for kind in sorted({Kind(job.kind) for job in waiting if job.pk in ids}):
        of_kind = [job.pk for job in waiting if job.pk in ids and job.kind == kind]
        queue.climb(of_kind, demand.RUNG_POINTS, budget_for(kind).ttl_hours)


def _write(requests: list[JobRequest], behind: list[int], priority: int, *, is_forced: bool) -> tuple[TextKey, ...]:
    refused: list[TextKey] = []
    with transaction.atomic(using=database()):
        if behind:
            queue.promote(behind, priority)
        # In one order everywhere, as within each group; see `queue.enqueue`.
        for kind, group in sorted(_by_kind(requests).items()):
            # The first of them found room.
            refused += [request.key for request in group[_enqueue(kind, group) :]]
        if requests and not is_forced:
            _drop_made_meanwhile(requests)
        transaction.on_commit(wake, using=database(), robust=True)
    return tuple(refused)


def _drop_made_meanwhile(requests: list[JobRequest]) -> None:
    """Take back jobs whose texts were made between the look at the table and the writing, by another request's job.

    In the transaction that added them, so that nobody has claimed one yet.
    """
    state = GenerationJob.State
    made_last: dict[TextKey, Input] = {}
    needless = []
    for job in _known(requests):
        made_from = (job.key, job.input_hash, job.prompt_version)
        if job.state not in GenerationJob.ACTIVE:
            made_last[job.key] = made_from
        elif job.state == state.WAITING and made_last.get(job.key) == made_from:
            needless.append(job.pk)
    if needless:
        GenerationJob.objects.filter(pk__in=needless, state=state.WAITING).delete()


def _enqueue(kind: Kind, requests: list[JobRequest]) -> int:
    budget = budget_for(kind)
    cap = bulk_share(budget.queue_cap) if requests[0].priority < 0 else budget.queue_cap
    return queue.enqueue(requests, ttl_hours=budget.ttl_hours, queue_cap=cap)


def _by_kind(requests: list[JobRequest]) -> dict[Kind, list[JobRequest]]:
    groups: dict[Kind, list[JobRequest]] = {}
    for request in requests:
        groups.setdefault(request.key.kind, []).append(request)
    return groups


def _request(material: Material, priority: int) -> JobRequest:
    template = get_prompt_template(material.key.kind, material.key.language)
    return JobRequest(material.key, material.hash, template.version, priority, material.product_id)


def _known(requests: list[JobRequest]) -> list[GenerationJob]:
    """The jobs of these texts that are active, were done, or ended badly a short while ago; oldest first."""
    state = GenerationJob.State
    recent = Q(finished_at__gte=Now() - RETRY_AFTER, state__in=[state.BLOCKED, state.FAILED])
    # Not from a replica: one that lags lacks what was asked for or made a moment ago.
    found = GenerationJob.objects.using(database()).filter(
        Q(state__in=[*GenerationJob.ACTIVE, state.DONE]) | recent,
        kind__in={request.key.kind for request in requests},
        subject__in={request.key.subject for request in requests},
    )
    found = found.only("kind", "subject", "language", "state", "priority", "input_hash", "prompt_version")
    keys = {request.key for request in requests}
    return [job for job in found.order_by("pk") if job.key in keys]


def _without_settled(requests: list[JobRequest], known: list[GenerationJob]) -> list[JobRequest]:
    """Leave out what is active, what was made last, and what failed a short while ago, from the same facts and prompt.

    A fact that changes and changes back is asked for again: the text of its first time has been archived since.
    """
    settled: set[Input] = set()
    made_last: dict[TextKey, Input] = {}
    for job in known:
        made_from = (job.key, job.input_hash, job.prompt_version)
        if job.state == GenerationJob.State.DONE:
            made_last[job.key] = made_from
        else:
            settled.add(made_from)
    settled.update(made_last.values())
    return [item for item in requests if (item.key, item.input_hash, item.prompt_version) not in settled]
