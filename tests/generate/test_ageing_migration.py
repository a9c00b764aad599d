"""Jobs that waited before ageing came keep their place."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from ecom_llm.models import GenerationJob


def migrate(name: str) -> MigrationExecutor:
    executor = MigrationExecutor(connection)
    executor.migrate([("ecom_llm", name)])
    return executor


@pytest.mark.django_db(transaction=True)
def test_waiting_jobs_are_due_by_their_age_and_priority() -> None:
    newest = MigrationExecutor(connection).loader.graph.leaf_nodes("ecom_llm")[0][1]
    state = migrate("0001_initial").loader.project_state([("ecom_llm", "0001_initial")])
    before = state.apps.get_model("ecom_llm", "GenerationJob")
    now = timezone.now()
    try:
        for subject, priority, age_hours in (("page", 10, 1), ("bulk", -10, 0), ("old", 0, 12)):
            job = before.objects.create(
                kind="description", subject=subject, language="en", input_hash="x", prompt_version="1",
                priority=priority, expires_at=now,
            )  # fmt: skip
            before.objects.filter(pk=job.pk).update(created_at=now - timedelta(hours=age_hours))
    finally:
        migrate(newest)
    due = {job.subject: job.due_at - now for job in GenerationJob.objects.order_by("due_at")}
    assert list(due) == ["old", "page", "bulk"]
    assert due == {"old": timedelta(hours=-12), "page": timedelta(hours=-11), "bulk": timedelta(hours=10)}
