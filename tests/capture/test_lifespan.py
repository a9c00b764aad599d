from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from typing import Any

import pytest

from ecom_llm.capture import background
from ecom_llm.capture.lifespan import ending_orderly

Message = MutableMapping[str, Any]


def run(scope: Message, *messages: str) -> tuple[list[str], list[str]]:
    """What the server is sent, and which kinds of connection Django's application was asked to answer."""
    sent: list[str] = []
    asked: list[str] = []
    waiting = iter(messages)

    async def django(scope: Message, receive: Any, send: Any) -> None:
        asked.append(scope["type"])

    async def receive() -> Message:
        return {"type": next(waiting)}

    async def send(message: Message) -> None:
        sent.append(message["type"])

    asyncio.run(ending_orderly(django)(scope, receive, send))
    return sent, asked


def test_what_is_held_is_stored_when_the_server_shuts_down(monkeypatch: pytest.MonkeyPatch) -> None:
    stored: list[bool] = []
    monkeypatch.setattr(background, "finish", lambda: stored.append(True))
    sent, asked = run({"type": "lifespan"}, "lifespan.startup", "lifespan.shutdown")
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert stored == [True]
    assert asked == []


def test_a_server_shuts_down_even_if_nothing_can_be_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "finish", None)
    assert run({"type": "lifespan"}, "lifespan.startup", "lifespan.shutdown")[0][-1] == "lifespan.shutdown.complete"


def test_requests_go_to_django() -> None:
    assert run({"type": "http"}) == ([], ["http"])
