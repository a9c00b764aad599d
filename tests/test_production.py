"""What the pages for operators tell to copy works, and what they list is what the code has."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from celery import Celery
from celery.bin.worker import worker as worker_command

from ecom_llm import checks, conf, metrics
from ecom_llm.checks import check_settings
from ecom_llm.management.commands.ecom_llm_worker import MISCONFIGURED_STATUS
from ecom_llm.management.supervisor import GRACE_SECONDS
from ecom_llm.tasks import learn_events

DOCS = Path(__file__).resolve().parent.parent / "docs"


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", (DOCS / page).read_text(), re.MULTILINE | re.DOTALL)


COMMON, REDIS, RABBITMQ = [text for text in blocks("production.md", "python") if "CELERY_BROKER" in text]
LEARNING = next(text for text in blocks("production.md", "python") if "CELERY_BEAT" in text)
UNITS = blocks("production.md", "ini")


def service(unit: str) -> dict[str, str]:
    parser = ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(unit)
    return dict(parser["Service"])


@pytest.mark.parametrize(("broker", "name"), [(REDIS, "redis"), (RABBITMQ, "amqp")])
def test_broker_settings_pass_every_check(
    use_settings: Any, monkeypatch: pytest.MonkeyPatch, broker: str, name: str
) -> None:
    chosen: dict[str, Any] = {}
    exec(COMMON + broker, chosen)  # noqa: S102 - this project's own page
    app = Celery(set_as_current=False)
    app.config_from_object(SimpleNamespace(**chosen), namespace="CELERY")
    assert app.conf.broker_url.startswith(name)
    monkeypatch.setattr(checks, "current_app", app)
    use_settings(GENERATE={"DRIVER": "celery"})
    assert check_settings() == []


def test_schedule_of_learning_names_what_is_there(use_settings: Any) -> None:
    chosen: dict[str, Any] = {"ECOM_LLM": {}}
    exec(LEARNING, chosen)  # noqa: S102 - this project's own page
    use_settings(**chosen["ECOM_LLM"])
    assert conf.get_settings().recommend.learn_in_workers is False
    scheduled = {entry["task"] for entry in chosen["CELERY_BEAT_SCHEDULE"].values()}
    assert scheduled == chosen["CELERY_TASK_ROUTES"].keys() == {learn_events.name}


def test_checks_would_find_the_broker_settings_missing(use_settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "current_app", Celery(broker="redis://", set_as_current=False))
    use_settings(GENERATE={"DRIVER": "celery"})
    assert [item.id for item in check_settings()] == ["ecom_llm.W012", "ecom_llm.W013", "ecom_llm.W014"]


def celery_lines() -> list[str]:
    indented = re.findall(r"^    (?:\S+=\S+ )?(celery -A .+)$", (DOCS / "production.md").read_text(), re.MULTILINE)
    return [*indented, service(UNITS[0])["ExecStart"].replace("%%", "%")]


@pytest.mark.parametrize("line", celery_lines())
def test_command_line_of_celery_is_understood_and_right(line: str) -> None:
    _, _, _, command, *arguments = shlex.split(line)
    assert command == "worker"
    given = _parsed(arguments)
    assert given["concurrency"] == "1"
    assert given["pool"] == "prefork"
    assert given["queues"] == "ecom_llm"
    assert given["prefetch_multiplier"] == "1"
    assert given["hostname"].endswith("@%h")


def _parsed(arguments: list[str]) -> dict[str, str]:
    """Options by Celery's own names for them; an unknown one is a KeyError."""
    known = {spelling: option.name for option in worker_command.params for spelling in option.opts}
    return {str(known[flag]): value for flag, value in zip(arguments[::2], arguments[1::2], strict=True)}


def test_units_let_a_worker_give_its_jobs_back() -> None:
    assert len(UNITS) == 2
    for unit in UNITS:
        told = service(unit)
        assert told["KillMode"] == "mixed"
        assert told["OOMPolicy"] == "continue"
        assert int(told["TimeoutStopSec"]) > GRACE_SECONDS
    assert service(UNITS[1])["RestartPreventExitStatus"] == str(MISCONFIGURED_STATUS)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not here")
@pytest.mark.parametrize("unit", UNITS, ids=["celery", "table"])
def test_units_are_understood_by_systemd(unit: str, tmp_path: Path) -> None:
    path = tmp_path / "ecom_llm-worker@0.service"
    here = re.sub(r"/srv/shop/\.venv/bin/\w+", sys.executable, unit).replace("/srv/shop", str(tmp_path))
    path.write_text(here)
    ran = subprocess.run(["systemd-analyze", "verify", str(path)], capture_output=True, text=True, check=False)
    assert (ran.returncode, [line for line in ran.stderr.splitlines() if path.name in line]) == (0, [])


@pytest.mark.django_db
def test_monitoring_page_lists_every_figure_with_its_labels() -> None:
    from ecom_llm.api.gauges import DatabaseCollector

    rows = re.findall(r"^\| `(ecom_llm_\w+)` \| (.+?) \|", (DOCS / "monitoring.md").read_text(), re.MULTILINE)
    listed = {name: tuple(re.findall(r"`(\w+)`", labels)) for name, labels in rows}
    read = {family.name: tuple(family._labelnames) for family in DatabaseCollector().collect()}
    instruments = metrics._instruments()
    assert instruments is not None
    counted = {}
    for field in instruments.__slots__:
        instrument = getattr(instruments, field)
        family = instrument.describe()[0]
        counted[family.name + ("_total" if family.type == "counter" else "")] = instrument._labelnames
    assert listed == read | counted
