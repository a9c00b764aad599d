"""The ways of recording a page that the capture benchmarks compare, and what each needs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

CAPTURE = "ecom_llm.capture.middleware.CaptureMiddleware"
ORM_INSERT = "benchmarks.capture_page.InsertMiddleware"
DJANGO_REQUEST = "request.middleware.RequestMiddleware"
AUTHENTICATION = "django.contrib.auth.middleware.AuthenticationMiddleware"
REDIS_URL = "redis://127.0.0.1:6379/9"
# Of this run alone, so that no other stream is read or deleted.
STREAM = f"ecom_llm:bench:{os.environ.get('CAPTURE_STREAM', os.getpid())}"


@dataclass(frozen=True, slots=True)
class Variant:
    """One way.

    Attributes:
        name: as it is printed.
        middleware: dotted path of what records; empty when nothing does.
        sink: dotted path of this app's sink.
        model: label of the table where each request leaves one row.
        consent: what the visitors have agreed to; `personal` ones bring both cookies.
    """

    name: str
    middleware: str = ""
    sink: str = ""
    model: str = ""
    consent: str = "anonymous"

    @property
    def baseline(self) -> str:
        """The variant that serves the same requests and records nothing."""
        return "none" if self.consent == "anonymous" else f"none_{self.consent}"

    def capture_settings(self, redis_url: str) -> dict[str, Any]:
        """Keys of the section CAPTURE."""
        if not self.sink:
            return {}
        # Only the redis sink's settings name a server, so that the others run where there is none.
        redis = {"REDIS_URL": redis_url, "STREAM": STREAM} if self.sink.endswith("RedisSink") else {}
        return {"SINK": self.sink, **redis}

    def lacks(self) -> str:
        """The module that it needs and that is not here; empty when it can run."""
        modules = [path.rpartition(".")[0] for path in (self.middleware, self.sink) if path]
        return next((module for module in modules if not _is_here(module)), "")


def _ours(name: str, sink: str, consent: str = "anonymous") -> Variant:
    return Variant(name, CAPTURE, f"ecom_llm.capture.sinks.{sink}", "ecom_llm.Event", consent)


VARIANTS = {
    variant.name: variant
    for variant in (
        Variant("none"),
        Variant("none_personal", consent="personal"),
        Variant("orm_insert", ORM_INSERT, model="benchmarks.Hit"),
        Variant("django_request", DJANGO_REQUEST, model="request.Request"),
        _ours("direct", "direct.DirectSink"),
        _ours("buffered", "buffered.BufferedSink"),
        _ours("buffered_personal", "buffered.BufferedSink", "personal"),
        _ours("redis", "redis.RedisSink"),
    )
}


def with_middleware(base: Sequence[str], variant: Variant) -> list[str]:
    """A shop's middleware with the variant's where its documentation puts it."""
    names = list(base)
    if variant.middleware == DJANGO_REQUEST:
        names.insert(names.index(AUTHENTICATION) + 1, variant.middleware)
    elif variant.middleware:
        names.append(variant.middleware)
    return names


def _is_here(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False
