"""The HTTP client of the `openai` backend: one address, one key, no redirect, no proxy, answers of bounded size.

Imported when a worker first generates, since it needs the `openai` extra.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

import httpx2
import openai

from ecom_llm.exceptions import BackendError, ConfigurationError
from ecom_llm.generate.backends.openai_options import OpenAIOptions

if TYPE_CHECKING:
    import httpcore2

CONNECT_SECONDS = 5.0
# A completion takes a few thousand; a server gone wrong must not fill the memory.
MAX_ANSWER_BYTES = 4 * 1024 * 1024
# All that a request carries besides its body and its key. The client would add the machine's kind and whatever
# OPENAI_CUSTOM_HEADERS holds.
SENT_HEADERS = ("Host", "Accept", "Connection", "Content-Type", "Content-Length", "User-Agent")


def connect(options: OpenAIOptions) -> openai.AsyncOpenAI:
    """A client for one run of a batch, to be closed.

    Every argument that the client would else take from the environment (OPENAI_API_KEY, OPENAI_ORG_ID, …) is given, so
    that only the settings say what is sent where.
    """
    seconds = httpx2.Timeout(options.timeout_seconds, connect=min(CONNECT_SECONDS, options.timeout_seconds))
    http_client = httpx2.AsyncClient(
        timeout=seconds, follow_redirects=False, trust_env=False, transport=_Transport(options)
    )
    return openai.AsyncOpenAI(
        # Not the key: `_Transport` puts that on.
        api_key="none",
        admin_api_key="",
        organization="",
        project="",
        webhook_secret="",
        base_url=options.base_url,
        timeout=seconds,
        # The job table is what tries again.
        max_retries=0,
        http_client=http_client,
    )


@lru_cache(maxsize=1)
def trusted() -> ssl.SSLContext:
    """The certificates that the system trusts, read once in a process."""
    return httpx2.create_ssl_context(trust_env=False)


class _Transport(httpx2.AsyncHTTPTransport):
    """Puts the key on requests to `base_url`'s own origin, takes off what nobody asked to send, bounds the answer."""

    def __init__(self, options: OpenAIOptions) -> None:
        # A connection for each request: one that is kept may be closed by the server just as it is used again, and a
        # request that was never read would look like one that made the server fall over.
        limits = httpx2.Limits(max_connections=None, max_keepalive_connections=0)
        super().__init__(verify=trusted(), trust_env=False, limits=limits)
        self._origin = _origin(httpx2.URL(options.base_url))
        self._authorization = {"Authorization": f"Bearer {options.api_key}"} if options.api_key else {}

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if _origin(request.url) != self._origin:
            raise ConfigurationError(f"A request to {request.url.host} was held back: base_url is elsewhere.")
        headers = {name: request.headers[name] for name in SENT_HEADERS if name in request.headers}
        # Compressed, a small answer could unpack to more than the memory holds.
        headers |= {"Accept-Encoding": "identity"} | self._authorization
        opened = _Opened()
        # A request of its own: the client looks for marks of its own on the one it made.
        sent = httpx2.Request(
            request.method,
            request.url,
            headers=headers,
            stream=request.stream,
            extensions=request.extensions | {"trace": opened.note},
        )
        try:
            response = await super().handle_async_request(sent)
        except BaseException:
            await opened.aclose()
            raise
        if response.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
            await response.aclose()
            raise BackendError("The server sent a compressed answer, which it was asked not to.")
        response.stream = _Bounded(cast(httpx2.AsyncByteStream, response.stream))
        return response


def _origin(url: httpx2.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


class _Opened:
    """The connections of one request. The library loses sight of one that is cancelled while TLS shakes hands."""

    def __init__(self) -> None:
        self._streams: list[httpcore2.AsyncNetworkStream] = []

    async def note(self, event: str, info: Mapping[str, Any]) -> None:
        """Remember a connection; called by the library at each of its steps."""
        if event == "connection.connect_tcp.complete":
            self._streams.append(info["return_value"])

    async def aclose(self) -> None:
        """Close those that are still open."""
        for stream in self._streams:
            await stream.aclose()


class _Bounded(httpx2.AsyncByteStream):
    """Ends an answer that is longer than any completion."""

    def __init__(self, stream: httpx2.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        read_bytes = 0
        async for part in self._stream:
            read_bytes += len(part)
            if read_bytes > MAX_ANSWER_BYTES:
                raise BackendError(f"The server's answer is longer than {MAX_ANSWER_BYTES:,} bytes.")
            yield part

    async def aclose(self) -> None:
        await self._stream.aclose()
