"""What the `openai` backend makes of a request that failed: not now, never with these settings, or this time.

A job's attempt is spent when its prompt may have been read: it may be the prompt that makes the server fall over. A
server that could not be reached, or that said it is busy, has read nothing, and costs nothing.

Every error of the client's is left behind (`from None`): its text is the whole answer of the server, which may repeat
the prompt or the key, and a log would show it.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx2
import openai

from ecom_llm.exceptions import BackendBusyError, BackendError, ConfigurationError, EcomLLMError
from ecom_llm.generate.backends.openai_options import OpenAIOptions

DEFAULT_RETRY_SECONDS = 5.0
# A server may not park a shop's jobs for a day, nor have them come back at once.
MIN_RETRY_SECONDS, MAX_RETRY_SECONDS = 1.0, 300.0
# How much of the server's own words an error repeats.
MAX_WORDS = 200

_ADVICE = {
    401: "the server does not take the key. Set OPTIONS['api_key']",
    403: "the server forbids it. Set an OPTIONS['api_key'] that may use the model",
    404: "the server has no such page or model. Look at OPTIONS['base_url'] (most end in /v1) and at MODEL",
}


class RequestRefusedError(BackendError):
    """The server refused a request as wrong in itself."""


def as_ours(error: openai.OpenAIError, alias: str, options: OpenAIOptions) -> EcomLLMError:
    """The error to raise instead of the client's.

    Args:
        error: what the client raised.
        alias: the backend's key in `BACKENDS`.
        options: its options; the key is taken out of the server's words.
    """
    if isinstance(error, openai.APIStatusError):
        return _of_status(error, alias, options)
    causes = list(_causes(error))
    where = f"BACKENDS[{alias!r}]: {options.base_url}"
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        return ConfigurationError(f"{where} shows a certificate that this machine does not trust.")
    if any(isinstance(cause, (httpx2.ConnectError, httpx2.ConnectTimeout)) for cause in causes):
        return BackendBusyError(f"{where} cannot be reached.", retry_after_seconds=DEFAULT_RETRY_SECONDS)
    if isinstance(error, openai.APITimeoutError):
        return timed_out(alias, options)
    return BackendError(f"{where} broke off: {type(causes[-1]).__name__}.")


def timed_out(alias: str, options: OpenAIOptions) -> BackendError:
    """The error of a request that took too long."""
    return BackendError(f"BACKENDS[{alias!r}]: no whole answer within {options.timeout_seconds:g} seconds.")


def retry_after_seconds(header: str, now: datetime) -> float:
    """How long to leave a server alone.

    Args:
        header: its ``Retry-After``: seconds, or a date (RFC 9110, section 10.2.3).
        now: the time by this machine's clock.

    Returns:
        Between `MIN_RETRY_SECONDS` and `MAX_RETRY_SECONDS`; `DEFAULT_RETRY_SECONDS` when the header says nothing.
    """
    seconds = _seconds_in(header.strip(), now)
    return DEFAULT_RETRY_SECONDS if seconds is None else min(max(seconds, MIN_RETRY_SECONDS), MAX_RETRY_SECONDS)


def _seconds_in(header: str, now: datetime) -> float | None:
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", header, re.ASCII):
        return float(header)
    try:
        date = parsedate_to_datetime(header)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    # A date without a zone, or of the zone -0000, is meant as UTC.
    return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - now.timestamp()


def _of_status(error: openai.APIStatusError, alias: str, options: OpenAIOptions) -> EcomLLMError:
    status = error.status_code
    where = f"BACKENDS[{alias!r}]: {options.base_url} answered {status}"
    if status in options.busy_statuses:
        header = error.response.headers.get("Retry-After", "")
        seconds = retry_after_seconds(header, datetime.now(UTC))
        return BackendBusyError(f"{where}, busy.", retry_after_seconds=seconds)
    if 300 <= status < 400:
        return ConfigurationError(f"{where}, a redirect. It is not followed; put the final address into base_url.")
    words = _words(error.body, options.api_key)
    if status in _ADVICE:
        return ConfigurationError(f"{where}: {_ADVICE[status]}.{words}")
    if status in (400, 422):
        hint = _prefix_hint(options) if status == 422 else ""
        return RequestRefusedError(f"{where}: it refuses the request.{hint}{words}")
    return BackendError(f"{where}.{words}")


def _prefix_hint(options: OpenAIOptions) -> str:
    if options.prefix_mode != "continue":
        return ""
    return " A server that does not know continue_final_message needs another OPTIONS['prefix_mode']."


def _words(body: object, api_key: str) -> str:
    """What the server says of it, in short. Lists of problems are left out: they repeat the request."""
    said = body.get("message") or body.get("detail") if isinstance(body, Mapping) else ""
    if not isinstance(said, str) or not said.strip():
        return ""
    if api_key:
        said = said.replace(api_key, "…")
    plain = " ".join("".join(character if character.isprintable() else " " for character in said).split())
    return f" It says: {plain[:MAX_WORDS]}"


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__
