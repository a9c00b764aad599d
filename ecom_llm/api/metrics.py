"""`metrics/`: figures for Prometheus, read from the database and counted by processes; never open to everyone."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from django.db import Error
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views import View

from ecom_llm import conf, metrics

if TYPE_CHECKING:
    from prometheus_client import Metric
    from prometheus_client.registry import Collector, CollectorRegistry

logger = logging.getLogger(__name__)

PERMISSION = "ecom_llm.view_generationjob"
MULTIPROCESS_DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"


class MetricsView(View):
    """For the staff who may see jobs, and for a program with the token of `MONITORING["METRICS_TOKEN"]`."""

    http_method_names = ("get", "head", "options")

    def get(self, request: HttpRequest) -> HttpResponse:
        """Answer in the format that the program asks for: Prometheus text, or OpenMetrics."""
        if not (_has_token(request) or _is_staff(request)):
            return _told("Sign in as staff or send the token of MONITORING['METRICS_TOKEN'] as a bearer.", status=403)
        try:
            from prometheus_client.exposition import choose_encoder
        except ImportError:
            return _told("Install ecom-llm[prometheus], which brings prometheus-client.", status=501)
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        try:
            body = encode(_registry())
        except Error:
            return _told("The database does not answer.", status=503)
        return HttpResponse(body, content_type=content_type, headers={"Cache-Control": "private, no-store"})


def _told(words: str, *, status: int) -> HttpResponse:
    headers = {"Cache-Control": "private, no-store"}
    return HttpResponse(f"{words}\n", content_type="text/plain; charset=utf-8", status=status, headers=headers)


def _has_token(request: HttpRequest) -> bool:
    token = conf.get_settings().monitoring.metrics_token
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    return bool(token) and scheme.lower() == "bearer" and constant_time_compare(given.strip(), token)


def _is_staff(request: HttpRequest) -> bool:
    user = getattr(request, "user", None)
    return user is not None and user.is_active and user.is_staff and user.has_perm(PERMISSION)


class _Counted:
    """What processes of this machine have counted; other apps' figures are left to their own addresses."""

    def collect(self) -> Iterator[Metric]:
        """Add the processes together where they write to a shared folder, else read this one's.

        Nothing when they cannot be read, say for want of the folder: the database's figures are told all the same.
        """
        try:
            found = list(self._source().collect())
        except Exception as error:
            _tell_once(f"{type(error).__name__}: {error}")
            return
        yield from (metric for metric in found if metric.name.startswith(metrics.PREFIX))

    def _source(self) -> Collector | CollectorRegistry:
        from prometheus_client import REGISTRY
        from prometheus_client.multiprocess import MultiProcessCollector

        if os.environ.get(MULTIPROCESS_DIRECTORY):
            return MultiProcessCollector(None)  # type: ignore[no-untyped-call]
        return REGISTRY


@lru_cache(maxsize=16)
def _tell_once(words: str) -> None:
    """Log what is wrong, not again at each scrape."""
    logger.error("What processes have counted cannot be read, so metrics/ leaves it out: %s", words)


def _registry() -> CollectorRegistry:
    from prometheus_client import CollectorRegistry

    from ecom_llm.api.gauges import DatabaseCollector

    registry = CollectorRegistry()
    registry.register(DatabaseCollector())
    registry.register(_Counted())
    return registry
