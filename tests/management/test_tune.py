"""`ecom_llm_tune` keeps parameters that prove better, and says what it did."""

from __future__ import annotations

import io
import json
import signal
from dataclasses import replace
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError

from ecom_llm.management.commands import ecom_llm_tune
from ecom_llm.models import LearnedState, LearningRun
from ecom_llm.recommend.blend import Blend, serving_blend
from ecom_llm.recommend.learning import RebuildUnderWayError
from ecom_llm.recommend.tuning import run as tuning
from ecom_llm.recommend.tuning.run import keep
from tests.recommend.tuning.conftest import _serving, chains, record

__all__ = ["_serving"]

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _few_parameters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tuning, "GRID", {"reverse": (0.0, 0.5, 1.0)})


@pytest.fixture
def _wrongly_set() -> None:
    """A shop in which the order of viewing is all, and that serves as if it were nothing."""
    record(chains(1100))
    keep(replace(Blend(), reverse=1.0, hop=0.0))


def run(*arguments: str) -> tuple[dict[str, Any], str]:
    """What the command says to programs and to people."""
    output, words = io.StringIO(), io.StringIO()
    call_command("ecom_llm_tune", *arguments, "--json", stdout=output, stderr=words)
    return json.loads(output.getvalue().splitlines()[-1]), words.getvalue()


@pytest.mark.usefixtures("_wrongly_set")
def test_better_parameters_are_kept_and_learned_with() -> None:
    figures, words = run()
    assert (figures["kept"], figures["better"], figures["complete"]) == (True, True, True)
    assert figures["changed"] == {"reverse": {"from": 1.0, "to": 0.0}}
    assert figures["after"]["mrr"] > figures["before"]["mrr"]
    assert "They are better, and are kept." in words
    assert "reverse: 1 -> 0" in words
    assert serving_blend() == replace(Blend(), reverse=0.0, hop=0.0)
    assert LearningRun.objects.get().kind == "rebuild"
    assert LearnedState.objects.get().rebuilt_at is not None


@pytest.mark.usefixtures("_wrongly_set")
def test_a_second_run_changes_nothing() -> None:
    run()
    state = LearnedState.objects.values().get()
    figures, words = run()
    assert (figures["kept"], figures["changed"]) == (False, {})
    assert "Nothing better was found: what serves now stays." in words
    assert LearnedState.objects.values().get() == state


@pytest.mark.usefixtures("_wrongly_set")
def test_a_dry_run_changes_nothing() -> None:
    state = LearnedState.objects.values().get()
    figures, words = run("--dry-run")
    assert (figures["kept"], figures["better"]) == (False, True)
    assert "run it without --dry-run to keep them" in words
    assert LearnedState.objects.values().get() == state
    assert not LearningRun.objects.exists()


@pytest.mark.usefixtures("_wrongly_set")
def test_what_chance_may_explain_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tuning, "SURE", 1e6)
    figures, words = run()
    assert (figures["kept"], figures["better"]) == (False, False)
    assert "not better by more than chance explains: what serves now stays" in words
    assert serving_blend().reverse == 1.0


@pytest.mark.usefixtures("_wrongly_set")
def test_time_that_is_over_is_said() -> None:
    figures, words = run("--minutes", "0.0001")
    assert not figures["complete"]
    assert "the time was over before all was tried" in words


@pytest.mark.usefixtures("_wrongly_set")
def test_somebody_else_who_is_learning_is_waited_for_by_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    def under_way(**_: Any) -> None:
        raise RebuildUnderWayError

    monkeypatch.setattr(ecom_llm_tune, "learn", under_way)
    figures, words = run()
    assert figures["kept"]
    assert "it is done again after that" in words
    assert LearnedState.objects.get().rebuilt_at is None


@pytest.mark.usefixtures("_wrongly_set")
def test_ctrl_c_changes_nothing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    state = LearnedState.objects.values().get()
    read_parts = tuning.read_parts

    def interrupted(*arguments: Any) -> Any:
        signal.raise_signal(signal.SIGINT)
        return read_parts(*arguments)

    monkeypatch.setattr(tuning, "read_parts", interrupted)
    with pytest.raises(SystemExit) as exit_info:
        call_command("ecom_llm_tune")
    assert exit_info.value.code == 130
    assert "Stopped; nothing was changed." in capsys.readouterr().err
    assert LearnedState.objects.values().get() == state


def test_too_few_visits_are_told() -> None:
    record(chains(20))
    with pytest.raises(CommandError, match=r"needs about 1,000 visits .* the shop has 20"):
        call_command("ecom_llm_tune")


@pytest.mark.parametrize("minutes", ["0", "-1", "nan", "inf", "soon"])
def test_minutes_that_are_none_are_told(minutes: str) -> None:
    with pytest.raises(CommandError, match="not a number of minutes"):
        call_command("ecom_llm_tune", "--minutes", minutes)


def test_a_database_that_is_away_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any) -> None:
        raise OperationalError("gone")

    monkeypatch.setattr(tuning, "read_parts", away)
    with pytest.raises(CommandError, match="The database cannot be used: gone"):
        call_command("ecom_llm_tune")
