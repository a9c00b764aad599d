"""What the tests of the openai backend ask, and how their stub answers."""

from __future__ import annotations

from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from ecom_llm.entities import Message, Prompt, Sampling
from ecom_llm.generate.backends.openai import OpenAIBackend
from tests.generate.openai.servers import (
    Asked,
    Behaviour,
    Reply,
)

PAGE = Path(__file__).resolve().parents[3] / "docs" / "backends.md"
KEY = "sk-a-key-that-nobody-may-see"
PREFIX = "The Alder Kettle has"
PROMPT = Prompt((Message("system", "You write."), Message("user", "Product: Alder Kettle")), PREFIX)
LIKELIEST = Sampling(temperature=0.0)

MakeBackend = Callable[..., OpenAIBackend]


def always(reply: Reply | Callable[[BaseHTTPRequestHandler], None]) -> Behaviour:
    return lambda asked: reply


def numbered(count: int) -> list[Prompt]:
    return [Prompt((Message("user", f"Number {number}"),), PREFIX) for number in range(count)]


def number_of(asked: Asked) -> int:
    return int(asked.body["messages"][0]["content"].removeprefix("Number "))
