"""The production profile over real connections: PostgreSQL, Redis, RabbitMQ, a Celery worker."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from celery import Celery
from django.db import connection

from ecom_llm.entities import Kind, TextKey
from ecom_llm.generate import jobs, wake
from ecom_llm.generate.requests import request_texts
from ecom_llm.models import GenerationJob, TextVersion
from tests.faults.processes import PRODUCTS, celery_worker, shop_settings, wait_until
from tests.needs import service_url

pytestmark = pytest.mark.django_db(transaction=True)

KEYS = [TextKey(Kind.DESCRIPTION, item["id"], "en") for item in PRODUCTS[:12]]


@pytest.fixture
def use_broker(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Give this process an application on a broker, as a web process has one."""

    def use(url: str) -> None:
        app = Celery("test", broker=url, set_as_current=False)
        app.conf.broker_transport_options = {"socket_connect_timeout": 1, "socket_timeout": 1}
        monkeypatch.setattr(wake, "_app", app)
        # Another test's message may still be on its way to a broker that is down.
        monkeypatch.setattr(wake, "_sender", wake._Sender())

    return use


@pytest.mark.parametrize(
    "broker",
    [
        pytest.param("redis", marks=pytest.mark.services("redis")),
        pytest.param("rabbitmq", marks=pytest.mark.services("rabbitmq")),
    ],
)
def test_celery_worker_is_woken_and_publishes(broker: str, settings: Any, use_broker: Callable[[str], None]) -> None:
    queue = f"ecom_llm_test_{uuid.uuid4().hex[:8]}"
    settings.ECOM_LLM = shop_settings(DRIVER="celery", QUEUE=queue, SWEEP_SECONDS=600)
    use_broker(service_url(broker))
    with celery_worker(service_url(broker), queue):
        # The first sweep is the worker's own, at start.
        request_texts(KEYS[:6])
        wait_until(lambda: TextVersion.objects.count() == 6)
        # The next jobs have only the message to be found by.
        request_texts(KEYS[6:])
        wait_until(lambda: TextVersion.objects.count() == 12, 30)
    assert GenerationJob.objects.filter(state="done").count() == 12


def test_broker_that_is_down_costs_neither_the_request_nor_the_jobs(
    settings: Any, use_broker: Callable[[str], None]
) -> None:
    settings.ECOM_LLM = shop_settings(DRIVER="celery")
    use_broker("redis://127.0.0.1:1/0")
    started = time.monotonic()
    assert request_texts(KEYS) == 12
    assert time.monotonic() - started < 1
    assert GenerationJob.objects.filter(state="waiting").count() == 12


def test_concurrent_claimers_never_take_the_same_job(settings: Any) -> None:
    settings.ECOM_LLM = shop_settings()
    assert request_texts([TextKey(Kind.DESCRIPTION, item["id"], "en") for item in PRODUCTS]) == len(PRODUCTS)
    taken: list[int] = []

    def claim_all() -> None:
        try:
            while claimed := jobs.claim(4, worker="test", lease_seconds=60):
                assert len(claimed) <= 4
                taken.extend(job.pk for job in claimed)
        finally:
            connection.close()

    threads = [threading.Thread(target=claim_all) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(taken) == sorted(GenerationJob.objects.values_list("pk", flat=True))
