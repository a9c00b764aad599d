from __future__ import annotations

import io
import json
import os
import stat
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from ecom_llm.management.commands import ecom_llm_export
from ecom_llm.models import VisitorAccount
from tests.privacy.conftest import ADAM, EVA, record

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    output = io.StringIO()
    call_command("ecom_llm_export", *arguments, stdout=output)
    return output.getvalue()


def test_document_goes_to_standard_output() -> None:
    mine = record(EVA, product_id="jacket-1")
    record(ADAM, product_id="jacket-1")
    document = json.loads(run("--visitor", EVA))
    assert [row["id"] for row in document["events"]] == [str(mine.pk)]


def test_document_goes_to_a_file_that_nobody_else_reads(tmp_path: Path) -> None:
    record(EVA, product_id="jacket-1")
    path = tmp_path / "eva.json"
    path.write_text("an older one")
    told = run("--visitor", EVA, "--output", str(path), "--json")
    assert json.loads(path.read_text())["visitors"] == [EVA]
    assert json.loads(told.splitlines()[-1]) == {"visitors": 1, "characters": len(path.read_text())}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["eva.json"]


def test_export_that_fails_leaves_the_older_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "eva.json"
    path.write_text("an older one")
    monkeypatch.setattr(ecom_llm_export, "export", lambda keys: iter([None]))
    with pytest.raises(TypeError):
        run("--visitor", EVA, "--output", str(path))
    assert path.read_text() == "an older one"
    assert [entry.name for entry in tmp_path.iterdir()] == ["eva.json"]


def test_accounts_visitors_are_exported_together() -> None:
    user = User.objects.create_user("eva")
    for key in (EVA, ADAM):
        VisitorAccount.objects.create(visitor=key, user=user)
    assert json.loads(run("--user", "eva"))["visitors"] == [ADAM, EVA]


def test_reader_that_has_had_enough_ends_it_without_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    monkeypatch.setattr(ecom_llm_export, "export", lambda keys: iter(["{}"]))
    # Its end, as that of a process, writes what is left.
    with os.fdopen(writing, "w") as output, pytest.raises(SystemExit) as ended:
        call_command("ecom_llm_export", "--visitor", EVA, stdout=output)
    assert ended.value.code == 141


def test_what_is_no_key_is_refused() -> None:
    with pytest.raises(CommandError, match="p: or a: and 32 of the characters 0-9 and a-f"):
        run("--visitor", "p:1234")
    assert json.loads(run("--visitor", "p:" + "0" * 32))["events"] == []


def test_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be written"):
        run("--visitor", EVA, "--output", str(tmp_path / "nowhere" / "eva.json"))
    (tmp_path / "folder").mkdir()
    with pytest.raises(CommandError, match="cannot be written"):
        run("--visitor", EVA, "--output", str(tmp_path / "folder"))
