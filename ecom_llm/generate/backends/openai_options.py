"""What the `openai` backend's OPTIONS may hold, and to which addresses a key may go."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any
from urllib.parse import urlsplit

from ecom_llm.exceptions import ConfigurationError

MAX_TIMEOUT_SECONDS = 3600
PREFIX_MODES = ("continue", "assistant", "instruction")
MAX_CONCURRENCY = 256
# What the backend sends itself; `extra_body` may not say otherwise.
RESERVED = frozenset({"model", "messages", "n", "stream", "seed", "temperature", "top_p", "max_tokens", "stop"})
# An HTTP header takes no more: visible ASCII. A line break in a key would be a second header.
KEY = re.compile(r"[\x21-\x7e]*")
HOST = re.compile(r"[A-Za-z0-9._:-]+")


@dataclass(frozen=True, slots=True)
class OpenAIOptions:
    """OPTIONS of one alias, checked.

    Attributes:
        base_url: where the server's API is, mostly ending in ``/v1``.
        api_key: sent to that address and to no other; may be empty.
        concurrency: requests under way at once.
        timeout_seconds: how long one request may take.
        extra_body: further fields of each request's body.
        prefix_mode: how a prompt's opening reaches the server; see the backend.
        busy_statuses: HTTP statuses that mean "not now".
        allow_http: whether the address may be reached unencrypted.
    """

    base_url: str
    api_key: str = field(default="", repr=False)
    concurrency: int = 8
    timeout_seconds: float = 60.0
    extra_body: Mapping[str, Any] = field(default_factory=dict)
    prefix_mode: str = "continue"
    busy_statuses: tuple[int, ...] = (429, 503, 529)
    allow_http: bool = False


OPTION_NAMES = tuple(item.name for item in fields(OpenAIOptions))


def read_options(alias: str, options: Mapping[str, Any]) -> OpenAIOptions:
    """Check OPTIONS.

    Args:
        alias: the backend's key in `BACKENDS`.
        options: the entry's OPTIONS; every key is known.

    Raises:
        ConfigurationError: something is wrong; the message names everything, and never the key.
    """
    problems = list(_problems(options))
    if problems:
        raise ConfigurationError(f"BACKENDS[{alias!r}]['OPTIONS']: {' '.join(problems)}")
    values = dict(options)
    if "busy_statuses" in values:
        values["busy_statuses"] = tuple(values["busy_statuses"])
    return OpenAIOptions(**values)


def _problems(options: Mapping[str, Any]) -> Iterator[str]:
    yield from _address_problems(options.get("base_url"), is_http_allowed=options.get("allow_http") is True)
    yield from _key_problems(options.get("api_key", ""))
    yield from _body_problems(options.get("extra_body", {}))
    if not _is_number(options.get("concurrency", 1), int) or not 1 <= options.get("concurrency", 1) <= MAX_CONCURRENCY:
        yield f"concurrency must be a whole number from 1 to {MAX_CONCURRENCY}."
    seconds = options.get("timeout_seconds", 1)
    if not _is_number(seconds, (int, float)) or not 0 < seconds <= MAX_TIMEOUT_SECONDS:
        yield f"timeout_seconds must be a number above 0, and {MAX_TIMEOUT_SECONDS} at most."
    if options.get("prefix_mode", "continue") not in PREFIX_MODES:
        yield f"prefix_mode must be one of {', '.join(PREFIX_MODES)}."
    if not isinstance(options.get("allow_http", False), bool):
        yield "allow_http must be True or False."
    statuses = options.get("busy_statuses", ())
    if not isinstance(statuses, (list, tuple)) or not all(_is_number(item, int) for item in statuses):
        yield "busy_statuses must be a list of HTTP statuses."


def _is_number(value: object, kind: type | tuple[type, ...]) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)


def _key_problems(api_key: object) -> Iterator[str]:
    if not isinstance(api_key, str):
        yield "api_key must be a string; leave it out for a server that asks for none."
    elif not KEY.fullmatch(api_key):
        yield "api_key holds a space, a line break or another character that no key has."


def _body_problems(extra_body: object) -> Iterator[str]:
    if not isinstance(extra_body, Mapping):
        yield "extra_body must be a dict."
        return
    taken = sorted(RESERVED & set(extra_body))
    if taken:
        yield f"extra_body may not hold {', '.join(taken)}; the backend sends these itself, from GENERATE['SAMPLING']."
    try:
        json.dumps(dict(extra_body))
    except (TypeError, ValueError):
        yield "extra_body must be made of what JSON can hold."


def _address_problems(base_url: object, *, is_http_allowed: bool) -> Iterator[str]:
    if not isinstance(base_url, str) or not base_url:
        yield "base_url is missing: the address of the server's API, such as http://127.0.0.1:8000/v1."
        return
    try:
        parts = urlsplit(base_url)
        host, _ = parts.hostname or "", parts.port
    except ValueError as error:
        yield f"base_url is no address: {error}."
        return
    # Looked at as it was given: reading an address drops line breaks.
    is_spaced = any(character.isspace() for character in base_url)
    if parts.scheme not in ("http", "https") or is_spaced or not HOST.fullmatch(host):
        yield "base_url must begin with https:// or http:// and name a host."
    elif parts.username is not None or parts.query or parts.fragment:
        yield "base_url may hold neither a name and password, nor a query, nor a fragment; the key goes into api_key."
    elif _is_never_a_server(host):
        yield f"base_url names {host}, where no server of yours can be."
    elif parts.scheme == "http" and not is_http_allowed and not _is_near(host):
        yield (
            f"base_url would send the key and the prompts to {host} unencrypted. Use https://, or set allow_http to "
            "True where the network between is your own."
        )


def _ip_address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _is_never_a_server(host: str) -> bool:
    """Whether a cloud's metadata service (link-local), "any address" or a group is named."""
    address = _ip_address(host)
    return address is not None and (address.is_link_local or address.is_multicast or address.is_unspecified)


def _is_near(host: str) -> bool:
    """Whether a host is this machine, or a private address written out. A name is not looked up, so it never is."""
    if host == "localhost":
        return True
    address = _ip_address(host)
    return address is not None and (address.is_loopback or address.is_private)
