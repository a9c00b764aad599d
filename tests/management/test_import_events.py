"""`ecom_llm_import_events` tells what became of a file, and can be stopped."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError

from ecom_llm.capture.importing import running
from ecom_llm.capture.importing.people import imported_key
from ecom_llm.models import Event, EventImport

pytestmark = pytest.mark.django_db

HEADER = "occurred_at,visitor,kind,product_id\n"
NAME = "ecom_llm_import_events"

Counts = Callable[..., dict[str, Any]]


@pytest.fixture(autouse=True)
def _catalog(memory_catalog: Callable[..., Any]) -> None:
    memory_catalog()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of three views and a line that is none."""
    path = tmp_path / "events.csv"
    lines = [f"2024-05-0{day},ann,view_item,kettle-1\n" for day in (1, 2, 3)]
    path.write_text(HEADER + "".join(lines) + "2024-05-04,ann,page_view,kettle-1\n")
    return path


@pytest.fixture
def counts(capsys: pytest.CaptureFixture[str]) -> Counts:
    """Run the command; what it says to programs."""

    def run(*arguments: Any) -> dict[str, Any]:
        call_command(NAME, *map(str, arguments), "--json")
        figures: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1])
        return figures

    return run


def test_file_is_imported_and_rejected_lines_do_not_fail_the_run(path: Path, counts: Counts) -> None:
    figures = counts(path)
    assert (figures["offered"], figures["accepted"], figures["rejected"]) == (4, 3, 1)
    assert [reason.split(":")[0] for reason in figures["reasons"]] == ["kind is not known"]
    assert Event.objects.count() == 3
    line = json.loads(path.with_name("events.csv.rejected.jsonl").read_text())
    assert (line["line"], line["record"]["kind"]) == (5, "page_view")


def test_file_that_is_done_is_left_alone_unless_told(
    path: Path, counts: Counts, capsys: pytest.CaptureFixture[str]
) -> None:
    counts(path)
    before = EventImport.objects.values().get()
    call_command(NAME, str(path))
    assert "was imported before" in capsys.readouterr().out
    assert EventImport.objects.values().get() == before
    figures = counts(path, "--restart")
    assert (figures["accepted"], figures["duplicates"], figures["rejected"]) == (0, 3, 1)
    assert len(path.with_name("events.csv.rejected.jsonl").read_text().splitlines()) == 1


def test_report_says_how_many_and_why(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call_command(NAME, str(path))
    output = capsys.readouterr().out
    assert "4 events offered: 3 new, 0 known, 1 rejected." in output
    assert "1: kind is not known: one of view_item, " in output
    assert str(path.with_name("events.csv.rejected.jsonl")) in output
    assert output.endswith("A worker learns from them by itself; manage.py ecom_llm_learn does it now.\n")


def test_file_without_one_usable_line_fails(path: Path) -> None:
    path.write_text(HEADER + "never,ann,view_item,kettle-1\n")
    with pytest.raises(CommandError, match="Not one line"):
        call_command(NAME, str(path))


@pytest.mark.parametrize("text", ["", HEADER])
def test_file_without_lines_is_no_failure(path: Path, counts: Counts, text: str) -> None:
    path.write_text(text)
    assert counts(path)["offered"] == 0


def test_unknown_column_is_named_with_the_nearest_before_anything_is_written(path: Path) -> None:
    path.write_text(HEADER.replace("visitor", "visitors") + "2024-05-01,ann,view_item,kettle-1\n")
    with pytest.raises(CommandError, match="'visitors' is unknown; did you mean 'visitor'"):
        call_command(NAME, str(path))
    assert not EventImport.objects.exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["none.csv"], "no file none.csv"),
        (["."], "is a directory"),
        (["none.csv", "--timezone", "Nowhere"], "no time zone 'Nowhere'"),
    ],
)
def test_wrong_arguments_are_told(arguments: list[str], words: str) -> None:
    with pytest.raises(CommandError, match=words):
        call_command(NAME, *arguments)


def test_signal_ends_it_after_its_batch_and_the_same_command_goes_on(
    path: Path, counts: Counts, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(running, "BATCH_ROWS", 2)
    step = running.FileImport.step

    def stopped_step(work: running.FileImport) -> bool:
        signal.raise_signal(signal.SIGINT)
        return step(work)

    with monkeypatch.context() as interrupted:
        interrupted.setattr(running.FileImport, "step", stopped_step)
        with pytest.raises(SystemExit) as ended:
            call_command(NAME, str(path))
    assert ended.value.code == 130
    assert "The same command goes on from here" in capsys.readouterr().out
    assert Event.objects.count() == 2
    figures = counts(path)
    assert (figures["accepted"], figures["duplicates"], figures["offered_now"]) == (3, 0, 2)


def test_database_that_is_away_is_told_in_words(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(running, "store", away)
    with pytest.raises(CommandError, match="database cannot be used: connection refused"):
        call_command(NAME, str(path))


def test_key_of_a_visitor_is_printed(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call_command(NAME, str(path), "--consent", "personal")
    capsys.readouterr()
    call_command(NAME, "--key-of", " ann ")
    key = capsys.readouterr().out.strip()
    assert key == imported_key("ann")
    assert Event.objects.filter(visitor=key).count() == 3
