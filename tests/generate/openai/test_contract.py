"""The openai backend, and the example of docs/backends.md, keep the contract of backends."""

from __future__ import annotations

import ast
import re
from typing import Any

import pytest

from ecom_llm.generate.backends.base import Backend
from ecom_llm.generate.backends.echo import EchoBackend
from ecom_llm.generate.backends.openai import OpenAIBackend
from ecom_llm.generate.backends.openai_options import OPTION_NAMES, read_options
from ecom_llm.testing import BackendContract
from tests.generate.openai.asking import PAGE, MakeBackend, always
from tests.generate.openai.servers import (
    Reply,
    completion,
)


class TestEchoBackend(BackendContract):
    @pytest.fixture
    def backend(self) -> EchoBackend:
        return EchoBackend("default", {})


class TestOpenAIBackend(BackendContract):
    @pytest.fixture
    def backend(self, make: MakeBackend) -> OpenAIBackend:
        return make()


class TestOpenAIBackendOnServersWithoutN(BackendContract):
    """TGI and `transformers serve` give one completion, whatever `n` says."""

    @pytest.fixture
    def backend(self, make: MakeBackend) -> OpenAIBackend:
        return make(always(Reply(completion(" a plain handle."))))


class TestBackendOfTheDocumentation(BackendContract):
    """The example of docs/backends.md is a backend."""

    @pytest.fixture
    def backend(self) -> Backend:
        (source,) = re.findall(
            r"```python\n(.+?class ParrotBackend.+?)```", PAGE.read_text().split("## A backend of your own")[1], re.S
        )
        names: dict[str, Any] = {}
        exec(source, names)  # noqa: S102 - our own page
        made: Backend = names["ParrotBackend"]("default", {"MODEL": "parrot", "OPTIONS": {}})
        return made


def test_documented_options_are_those_of_the_code() -> None:
    section = PAGE.read_text().split("## An OpenAI-compatible server")[1]
    table = section.split("| option |")[1].split("\n\n")[0]
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \| ", table, re.MULTILINE)
    documented = dict(rows)
    assert set(documented) == set(OPTION_NAMES)
    read = read_options("default", {"base_url": "https://models.example.com/v1"})
    for name, default in documented.items():
        if name != "base_url":
            value = getattr(read, name)
            assert ast.literal_eval(default.strip("`")) == (list(value) if isinstance(value, tuple) else value)
