"""`ecom_llm_screen` prints a JSON line for each line it reads."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

FACTS = {"name": "Rain Jacket", "Material": "nylon", "Weight": "420 g", "Pockets": 4, "Waterproof": True}


def run(path: Path | str, *arguments: str) -> list[dict[str, Any]]:
    output = io.StringIO()
    call_command("ecom_llm_screen", str(path), *arguments, stdout=output, stderr=io.StringIO())
    return [json.loads(line) for line in output.getvalue().splitlines()]


@pytest.fixture
def write(tmp_path: Path) -> Any:
    def write_lines(*rows: object) -> Path:
        path = tmp_path / "texts.jsonl"
        lines = (row if isinstance(row, str) else json.dumps(row) for row in rows)
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    return write_lines


def test_each_line_is_answered_in_order(write: Any) -> None:
    good, bad = run(
        write(
            {"facts": FACTS, "text": "A waterproof nylon jacket, 420 g, four pockets"},
            {"facts": FACTS, "text": "A cotton jacket of 500 g"},
        )
    )
    assert good == {"blocked": False, "findings": []}
    assert bad["blocked"] is True
    assert [finding["code"] for finding in bad["findings"]] == ["material.unsupported", "number.unsupported"]
    assert bad["findings"][1] | {"message": ""} == {
        "code": "number.unsupported", "severity": "block", "message": "", "start": 19, "end": 24,
    }  # fmt: skip


def test_name_and_category_count_as_facts(write: Any) -> None:
    row = {"facts": {"Name": "Two-Person Tent", "Category": "Cotton tents"}, "text": "Sleeps 2 in cotton."}
    assert run(write(row))[0]["blocked"] is False


def test_facts_may_be_those_of_several_products(write: Any) -> None:
    row = {"facts": [{"Weight": "420 g"}, {"Weight": "1 kg"}], "text": "One weighs 420 g, the other 1 kg."}
    assert run(write(row))[0]["blocked"] is False


def test_form_counts_only_where_a_kind_is_given(write: Any) -> None:
    path = write({"facts": FACTS, "text": "nylon jacket"})
    assert run(path)[0]["blocked"] is False
    (result,) = run(path, "--kind", "description")
    assert [finding["code"] for finding in result["findings"]] == ["length.short", "sentence.incomplete"]


def test_last_line_of_json_counts(write: Any) -> None:
    rows = [{"facts": FACTS, "text": "A jacket"}, {"facts": {}, "text": "9 kg"}]
    assert run(write(*rows), "--json")[-1] == {"texts": 2, "blocked": 1, "errors": 0}


@pytest.mark.parametrize(
    "line", ["{", "[]", '{"text": 3}', '{"facts": "x", "text": "y"}', '{"facts": [3], "text": "y"}', "null"]
)
def test_unreadable_line_is_named_and_the_rest_still_screened(write: Any, line: str) -> None:
    path = write(line, {"facts": {}, "text": "A jacket"})
    output = io.StringIO()
    with pytest.raises(CommandError, match="1 of 2 lines"):
        call_command("ecom_llm_screen", str(path), stdout=output)
    first, second = (json.loads(row) for row in output.getvalue().splitlines())
    assert first["line"] == 1
    assert first["error"]
    assert second["blocked"] is False


def test_empty_lines_are_passed_over(write: Any) -> None:
    assert len(run(write("", {"facts": {}, "text": "A jacket"}, "  "))) == 1


def test_standard_input_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO('{"facts": {}, "text": "A jacket"}\n'))
    assert run("-") == [{"blocked": False, "findings": []}]


def test_missing_file_and_binary_file_are_told(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        run(tmp_path / "none.jsonl")
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CommandError, match="cannot be read"):
        run(binary)
