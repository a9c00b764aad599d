"""`ecom_llm_evaluate recommendations` says what the recommender is worth on a file's visits, and changes nothing."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext

from ecom_llm.catalog.adapters.memory import MemoryProduct
from ecom_llm.management.commands import ecom_llm_evaluate
from ecom_llm.models import Event, GenerationJob
from ecom_llm.recommend.learning import learn
from tests.conftest import MakeCatalog

pytestmark = pytest.mark.django_db

HEADER = "occurred_at,visitor,kind,product_id\n"
IDS = [f"p{number}" for number in range(6)]

Run = Callable[..., dict[str, Any]]


@pytest.fixture(autouse=True)
def _catalog(memory_catalog: MakeCatalog) -> None:
    memory_catalog([MemoryProduct(id=product_id, name=product_id) for product_id in IDS])


@pytest.fixture
def visits(tmp_path: Path) -> Callable[..., Path]:
    """Write a file of visits, each of a visitor of its own, on a day of May 2024."""

    def write(*visits: Sequence[str], day: int = 2, name: str = "visits.csv", rest: str = "") -> Path:
        path = tmp_path / name
        lines = [
            f"2024-05-{day:02}T10:{minute:02},{name}-{number},view_item,{product_id}\n"
            for number, visit in enumerate(visits)
            for minute, product_id in enumerate(visit)
        ]
        path.write_text(HEADER + "".join(lines) + rest)
        return path

    return write


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command; what it says to programs."""

    def run(path: Path, *arguments: Any) -> dict[str, Any]:
        call_command("ecom_llm_evaluate", "recommendations", "--events", str(path), *map(str, arguments), "--json")
        captured = capsys.readouterr()
        figures: dict[str, Any] = json.loads(captured.out.splitlines()[-1])
        return figures | {"words": captured.err}

    return run


@pytest.fixture
def learned(visits: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    """Shoppers go from p0 to p1, and from p2 to p3."""
    path = visits(*[["p0", "p1"]] * 4, *[["p2", "p3"]] * 4, day=1, name="learned.csv")
    call_command("ecom_llm_import_events", str(path))
    learn()
    capsys.readouterr()


@pytest.mark.usefixtures("learned")
def test_figures_are_those_of_the_visits(visits: Callable[..., Path], run: Run) -> None:
    # p1 follows p0 as learned; then p0 again, which is never recommended; p4 follows p2, which nobody could know.
    figures = run(visits(["p0", "p1", "p0"], ["p2", "p4"], ["p5"]), "--k", 1)
    assert figures["all"] == {"hr": pytest.approx(1 / 3, abs=1e-6), "mrr": pytest.approx(1 / 3, abs=1e-6),
                              "ndcg": pytest.approx(1 / 3, abs=1e-6), "n": 3}  # fmt: skip
    assert figures["novel"] == {"hr": 0.5, "mrr": 0.5, "ndcg": 0.5, "n": 2}
    assert (figures["visits"], figures["unknown_products"], figures["rejected_lines"]) == (2, 0, 0)
    assert set(figures) - {"words"} == {
        "all", "novel", "coverage", "popularity_bias", "latency", "visits", "unknown_products", "rejected_lines",
        "seconds",
    }  # fmt: skip
    # Of six products at most three were recommended, one each time.
    assert 0 < figures["coverage"] <= 0.5
    assert 0 < figures["latency"]["p50_ms"] <= figures["latency"]["p95_ms"]


@pytest.mark.usefixtures("learned")
def test_nothing_is_written(visits: Callable[..., Path], run: Run) -> None:
    path = visits(["p0", "p1"], ["p2", "p3"])
    with CaptureQueriesContext(connection) as queries:
        run(path)
    verbs = {query["sql"].split()[0] for query in queries}
    assert verbs <= {"SELECT", "SAVEPOINT", "RELEASE", "DECLARE"}
    assert not GenerationJob.objects.exists()
    assert sorted(file.name for file in path.parent.iterdir()) == ["learned.csv", "visits.csv"]


@pytest.mark.usefixtures("learned")
def test_people_get_a_table(visits: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    path = visits(["p0", "p1", "gone"], rest="never,ann,view_item,p1\n")
    call_command("ecom_llm_evaluate", "recommendations", "--events", str(path))
    output = capsys.readouterr().out
    assert "2 predictions in 1 visits, 20 products each." in output
    assert "HR@20" in output
    assert "1 events are about products that the catalogue does not have" in output
    assert "1 lines could not be used:\n  1: occurred_at is not a time" in output


@pytest.mark.usefixtures("learned")
def test_visits_that_were_learned_from_are_told(visits: Callable[..., Path], run: Run) -> None:
    learned = run(visits(*[["p0", "p1"]] * 4, day=1, name="learned.csv"))
    assert "Events of this file are in the shop's own" in learned["words"]
    assert "measure on visits that were kept out" not in run(visits(["p0", "p1"]))["words"]


@pytest.mark.usefixtures("learned")
def test_events_from_after_the_files_beginning_are_told(visits: Callable[..., Path], run: Run) -> None:
    assert "has events from after this file begins" in run(visits(["p4", "p5"], day=1))["words"]


def test_a_shop_that_has_learned_nothing_is_told_to(visits: Callable[..., Path], run: Run) -> None:
    figures = run(visits(["p0", "p1"]))
    assert "run `ecom_llm_learn`" in figures["words"]
    assert figures["popularity_bias"] is None


@pytest.mark.usefixtures("learned")
def test_a_sample_is_of_that_many_visits_and_the_same_again(visits: Callable[..., Path], run: Run) -> None:
    path = visits(*[["p0", product_id] for product_id in IDS[1:]])
    first, again = run(path, "--sample", 2), run(path, "--sample", 2)
    assert first["visits"] == first["all"]["n"] == 2
    assert first["all"] == again["all"]
    assert run(path, "--sample", 50)["visits"] == 5


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "holds no events"),
        (HEADER, "holds no events"),
        (HEADER + "never,ann,view_item,p1\n", "Not one line of .* could be used; 1: occurred_at is not a time"),
        (HEADER + "2024-05-01,ann,view_item,p1\n2024-05-01,ann,view_item,p1\n", "no visit with two different products"),
        ("when,visitor,kind\n", "column 'when' is unknown"),
        ("occurred_at,visitor\n", "column is missing: kind"),
    ],
)
def test_a_file_of_no_use_is_told(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "visits.csv"
    path.write_text(content)
    with pytest.raises(CommandError, match=message):
        call_command("ecom_llm_evaluate", "recommendations", "--events", str(path))


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="There is no file"):
        call_command("ecom_llm_evaluate", "recommendations", "--events", str(tmp_path / "none.csv"))


@pytest.mark.parametrize(
    "arguments", [[], ["--k", "0"], ["--k", "many"], ["--sample", "-1"], ["--delimiter", "space"]], ids=str
)
def test_options_of_no_use_are_told(visits: Callable[..., Path], arguments: list[str]) -> None:
    events = ["--events", str(visits(["p0", "p1"]))] if arguments else []
    with pytest.raises(CommandError):
        call_command("ecom_llm_evaluate", "recommendations", *events, *arguments)


def test_a_time_zone_that_is_none_is_told(visits: Callable[..., Path]) -> None:
    path = visits(["p0", "p1"])
    with pytest.raises(CommandError, match="There is no time zone"):
        call_command("ecom_llm_evaluate", "recommendations", "--events", str(path), "--timezone", "Mars")


def test_ctrl_c_ends_with_the_figures_so_far(
    visits: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    calls = 0

    def interrupted(visit: Sequence[str], limit: int) -> list[str]:
        nonlocal calls
        calls += 1
        if calls == 2:
            signal.raise_signal(signal.SIGINT)
        return ["p1"]

    monkeypatch.setattr(ecom_llm_evaluate, "recommended", interrupted)
    path = visits(["p0", "p1", "p2", "p3"])
    with pytest.raises(SystemExit) as exit_info:
        call_command("ecom_llm_evaluate", "recommendations", "--events", str(path), "--json")
    assert exit_info.value.code == 130
    captured = capsys.readouterr()
    assert json.loads(captured.out)["all"]["n"] == 2
    assert "Stopped; these are the figures so far." in captured.err


def test_ctrl_c_while_the_file_is_read_measures_nothing(
    visits: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    read = ecom_llm_evaluate.read_visits

    def interrupted(*arguments: Any) -> Any:
        signal.raise_signal(signal.SIGINT)
        return read(*arguments)

    monkeypatch.setattr(ecom_llm_evaluate, "read_visits", interrupted)
    with pytest.raises(SystemExit) as exit_info:
        call_command("ecom_llm_evaluate", "recommendations", "--events", str(visits(["p0", "p1"])))
    assert exit_info.value.code == 130
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "Stopped before anything was measured." in captured.err


def test_a_database_that_is_away_is_told(visits: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    def away(visit: Sequence[str], limit: int) -> list[str]:
        raise OperationalError("gone")

    monkeypatch.setattr(ecom_llm_evaluate, "recommended", away)
    with pytest.raises(CommandError, match=r"The database cannot be used: gone\."):
        call_command("ecom_llm_evaluate", "recommendations", "--events", str(visits(["p0", "p1"])))


def test_events_stay_as_they_are(visits: Callable[..., Path], run: Run) -> None:
    run(visits(["p0", "p1"]))
    assert not Event.objects.exists()
