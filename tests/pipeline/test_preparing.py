"""A worker's sweep makes the tables of the coming days' events, and lives on when it cannot."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import ProgrammingError
from django.utils import timezone

from ecom_llm.models import DailySalt
from ecom_llm.pipeline import sweeping
from ecom_llm.pipeline.sweeping import sweep

pytestmark = pytest.mark.django_db

# Not where it is raised: a trace shows that line.
WORDS = "must be owner of table; detail: red shoes"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """One entry for each time that tables were asked for, which fails."""
    calls: list[None] = []

    def prepare() -> None:
        calls.append(None)
        raise ProgrammingError(WORDS)

    monkeypatch.setattr(sweeping, "prepare_days", prepare)
    monkeypatch.setattr(sweeping, "_prepared_at", float("-inf"))
    return calls


def test_tables_are_seen_to_once_an_hour(asked: list[None], monkeypatch: pytest.MonkeyPatch) -> None:
    sweep()
    sweep()
    assert len(asked) == 1

    monkeypatch.setattr(sweeping, "_prepared_at", sweeping._prepared_at - sweeping.PREPARE_SECONDS)
    sweep()
    assert len(asked) == 2


def test_tables_that_cannot_be_made_stop_nothing_and_leave_no_words(
    asked: list[None], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    learned: list[int] = []
    monkeypatch.setattr(sweeping, "_learn", learned.append)

    sweep()

    assert asked
    assert learned
    assert "could not be made" in caplog.text
    assert "red shoes" not in caplog.text


def test_tomorrows_salt_is_there_before_its_first_visitor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeping, "_prepared_at", float("-inf"))
    sweep()
    assert DailySalt.objects.filter(day=timezone.localdate() + timedelta(days=1)).exists()
