"""Lets a server with an event loop end in an orderly way: what is held in memory is stored before it does.

uvicorn ends itself by the signal that it was sent, so that nothing which Python does at the end of a process is done.
Servers tell of their end by ASGI's lifespan protocol, which Django's application does not speak.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

from ecom_llm.capture import background
from ecom_llm.capture.boundary import boundary

Message: TypeAlias = "MutableMapping[str, Any]"
Receive: TypeAlias = "Callable[[], Awaitable[Message]]"
Send: TypeAlias = "Callable[[Message], Awaitable[None]]"
Application: TypeAlias = "Callable[[Any, Any, Any], Awaitable[None]]"


def ending_orderly(application: Application) -> Application:
    """Wrap the application of a shop's `asgi.py`.

    Args:
        application: Django's, which knows no lifespan.

    Returns:
        One that stores what this process holds when its server shuts down.
    """

    async def answer(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await application(scope, receive, send)
            return
        while (await receive())["type"] != "lifespan.shutdown":
            await send({"type": "lifespan.startup.complete"})
        with boundary("end"):
            await asyncio.to_thread(background.finish)
        await send({"type": "lifespan.shutdown.complete"})

    return answer
