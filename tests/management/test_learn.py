"""`ecom_llm_learn` says what it did, and in words that it was stopped."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from ecom_llm.management.commands import ecom_llm_learn
from ecom_llm.models import LearnedState, LearningRun
from tests.conftest import MakeCatalog
from tests.recommend.conftest import record

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _shop(memory_catalog: MakeCatalog) -> None:
    memory_catalog()
    for minute, product_id in enumerate(("jacket-1", "kettle-1")):
        record("p:1", product_id, timezone.now() - timedelta(hours=1, minutes=-minute))


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("ecom_llm_learn", *arguments, stdout=out)
    return out.getvalue()


def test_it_ends_with_a_line_that_a_program_can_read() -> None:
    said = run("--json")
    assert "Learned anew: 2 pairs from 2 events" in said
    result = json.loads(said.splitlines()[-1])
    assert (result["kind"], result["pairs"], result["events"]) == ("rebuild", 2, 2)
    assert json.loads(run("--json").splitlines()[-1])["kind"] == "increment"
    assert json.loads(run("--rebuild", "--json").splitlines()[-1])["kind"] == "rebuild"


@pytest.mark.parametrize("place", ["learn", "update_content"])
def test_ctrl_c_is_answered_in_words_and_loses_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], place: str
) -> None:
    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(ecom_llm_learn, place, interrupted)
        with pytest.raises(SystemExit) as ended:
            run()
    assert ended.value.code == 130
    assert "the next run goes on" in capsys.readouterr().err
    run()
    assert LearningRun.objects.exists()


def test_rebuild_of_another_is_told_with_what_to_do() -> None:
    run()
    LearnedState.objects.update(rebuilding_until=timezone.now() + timedelta(minutes=1))
    with pytest.raises(CommandError, match="Wait until it is done"):
        run("--rebuild")
