"""What a lost database interrupts goes back unspent."""

from __future__ import annotations

import uuid

import pytest
from django.db import OperationalError, ProgrammingError, connection

from ecom_llm.entities import Kind, TextKey
from ecom_llm.generate import interrupted, jobs
from ecom_llm.generate.requests import request_texts
from ecom_llm.models import GenerationJob
from tests.conftest import MakeCatalog

pytestmark = pytest.mark.django_db


def test_interrupted_jobs_wait_again_with_no_attempt_spent(memory_catalog: MakeCatalog) -> None:
    memory_catalog([{"id": "lamp", "name": "Lamp", "attributes": {"Material": "brass"}}])
    assert request_texts([TextKey(Kind.DESCRIPTION, "lamp", "en")]) == 1
    (job,) = jobs.claim(1, worker="test", lease_seconds=60)
    assert job.lease_token is not None
    interrupted.remember(job.lease_token)
    assert interrupted.give_back() == 1
    job.refresh_from_db()
    assert (job.state, job.attempts, job.lease_token) == (GenerationJob.State.WAITING, 0, None)


def test_lease_that_was_taken_over_is_left_alone() -> None:
    interrupted.remember(uuid.uuid4())
    assert interrupted.give_back() == 0
    assert interrupted.give_back() == 0


def test_statement_that_fails_in_a_database_that_answers_is_no_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    error = OperationalError("canceling statement due to statement timeout")
    assert not interrupted.is_away(error)
    monkeypatch.setattr(connection, "is_usable", lambda: False)
    assert interrupted.is_away(error)
    assert not interrupted.is_away(ProgrammingError("no such column"))
