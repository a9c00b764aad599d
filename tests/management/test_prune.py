from __future__ import annotations

import io
import json
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from ecom_llm.capture.erased import ask_to_forget
from ecom_llm.ids import uuid7
from ecom_llm.models import Erasure, Event
from tests.privacy.conftest import ADAM, EVA

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    output = io.StringIO()
    call_command("ecom_llm_prune", *arguments, stdout=output)
    return output.getvalue()


@pytest.fixture(autouse=True)
def _events(db: None) -> None:
    """One that is too old, one that is not, and one of a visitor who asked to be forgotten."""
    for key, days in ((EVA, 90.5), (EVA, 1), (ADAM, 1)):
        moment = timezone.now() - timedelta(days=days)
        Event.objects.create(id=uuid7(moment), kind="search", query="tent", visitor=key, occurred_at=moment)
    ask_to_forget({ADAM})


def test_what_is_too_old_goes_and_what_was_asked_is_finished() -> None:
    told = run("--json")
    result = json.loads(told.splitlines()[-1])
    assert (result["visitors_forgotten"], result["is_complete"]) == (1, True)
    assert Event.objects.get().visitor == EVA
    assert not Erasure.objects.filter(done_at=None).exists()
    words = [line.split() for line in told.splitlines()[:-1]]
    assert [line[:3] for line in words] == [["1", "visitors", "forgotten,"], ["search", "1", "deleted,"]]
    assert "older than 90 days" in told


def test_second_run_finds_nothing() -> None:
    run()
    assert run() == "Nothing was deleted: nothing is too old.\n"
    assert run("--dry-run") == "Nothing is too old.\n"
    result = json.loads(run("--json").splitlines()[-1])
    assert (set(result["rows"].values()), result["visitors_forgotten"], result["days_dropped"]) == ({0}, 0, 0)


def test_dry_run_only_counts() -> None:
    result = json.loads(run("--dry-run", "--json").splitlines()[-1])
    assert (result["rows"]["search"], result["rows"]["job"], result["erasures_waiting"]) == (1, 0, 1)
    assert Event.objects.count() == 3
    assert [line.split()[:2] for line in run("--dry-run").splitlines()] == [["search", "1"]]
