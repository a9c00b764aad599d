"""What the documentation lists is what the code has."""

from __future__ import annotations

import ast
import inspect
import os
import re
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from django.core.management import get_commands

from ecom_llm import conf
from ecom_llm.generate.backends.transformers import TransformersBackend

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
SETTINGS = DOCS / "settings.md"
INTRODUCTION = """# Settings

One dict, `ECOM_LLM`, read on access and checked by `manage.py check`. An unknown key is an error that names the nearest
known one. This page is made from `ecom_llm/conf/sections.py`: `ECOM_LLM_WRITE_DOCS=1 pytest tests/test_docs.py`
writes it anew.
"""


def settings_page() -> str:
    """The page as the code has it: each section's docstring, and its keys with their comments and defaults."""
    lines = [INTRODUCTION]
    for item in fields(conf.Settings):
        section = getattr(conf, item.name.capitalize(), None)
        if section is None:
            continue
        lines += [f"## {item.name.upper()}", "", str(inspect.getdoc(section)), ""]
        rows = section_rows(section)
        if rows:
            lines += ["| key | default | means |", "| --- | --- | --- |", *rows, ""]
    lines += ["## BUDGETS in GENERATE", "", f"{inspect.getdoc(conf.Budget)} Keys in small letters, by kind.", ""]
    lines += ["| key | default | means |", "| --- | --- | --- |", *section_rows(conf.Budget, str.lower), ""]
    lines += [
        "## BACKENDS",
        "",
        "By alias, like Django's `CACHES`; `default` must be there. Each takes `BACKEND` (a dotted path), `MODEL`,",
        "`REVISION` and `OPTIONS`, which the backend documents. Left out, it is the `transformers` backend on the",
        "packaged model.",
        "",
    ]
    return "\n".join(lines)


def section_rows(section: Any, spell: Callable[[str], str] = str.upper) -> list[str]:
    """A row for each key: its name, its default, and the comment above it."""
    source = inspect.getsource(section)
    rows = []
    comment: list[str] = []
    for line in source.splitlines():
        words = line.strip()
        if words.startswith("#"):
            comment.append(words.lstrip("# "))
        elif match := re.match(r"(\w+): .+? = (.+)$", words):
            rows.append(f"| `{spell(match[1])}` | `{default_of(match[2])}` | {' '.join(comment)} |")
            comment = []
    return rows


def default_of(source: str) -> str:
    """A default as one would write it in settings."""
    if source.startswith("field(default_factory=dict"):
        return "{}"
    if source == "Consent.ANONYMOUS.value":
        return '"anonymous"'
    return repr(ast.literal_eval(source)).replace("'", '"')


def test_settings_page_is_what_the_code_says() -> None:
    if os.environ.get("ECOM_LLM_WRITE_DOCS"):
        SETTINGS.write_text(settings_page())
    assert SETTINGS.read_text() == settings_page()


@pytest.mark.parametrize("page", [ROOT / "README.md", *sorted(DOCS.glob("*.md"))], ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
        assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_commands_that_the_readme_names_are_there() -> None:
    named = set(re.findall(r"manage\.py (\w+)", (ROOT / "README.md").read_text()))
    assert named <= set(get_commands())


def test_makefile_targets_that_the_readme_names_are_there() -> None:
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"^    make (\w+)", (ROOT / "README.md").read_text(), re.MULTILINE))
    assert {"demo", "test"} <= named <= targets


def test_documented_options_of_the_embedded_model_are_those_of_the_code() -> None:
    section = (DOCS / "backends.md").read_text().split("## The embedded model")[1].split("\n## ")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)) == set(TransformersBackend.option_names)
