"""Serves the plain page in this process, as a WSGI server would, and counts what was recorded of it."""

from __future__ import annotations

import io
import itertools
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any

from benchmarks.capture_variants import REDIS_URL, STREAM, VARIANTS, Variant, with_middleware

USER_AGENTS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6"
    " Safari/605.1.15",
    "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6"
    " Mobile/15E148 Safari/604.1",
)  # fmt: skip


def prepare() -> list[str]:
    """Make the tables and the demo's products; returns the products' ids."""
    from django.core.management import call_command
    from django.db import connection

    from benchmarks.capture_page import Hit
    from shop_demo.models import Product
    from shop_demo.seeding import seed_catalogue

    call_command("migrate", verbosity=0)
    with connection.schema_editor() as editor:
        editor.create_model(Hit)
    seed_catalogue()
    return list(Product.objects.filter(parent=None, is_visible=True).values_list("sku", flat=True))


@contextmanager
def capturing(variant: Variant, redis_url: str, **keys: Any) -> Iterator[Any]:
    """Have a variant's settings hold, with further ones of the section CAPTURE.

    Yields:
        This app's sink; None for a variant that has none.
    """
    from django.conf import settings
    from django.test.utils import override_settings

    from ecom_llm.capture.sinks.base import get_sink

    shop = settings.ECOM_LLM
    capture = {**shop["CAPTURE"], **variant.capture_settings(redis_url), **keys}
    with override_settings(ECOM_LLM={**shop, "CAPTURE": capture}):
        yield get_sink() if variant.sink else None


def drain_stream() -> None:
    """Bring what is in the stream into the database, in this thread."""
    from ecom_llm.capture.draining import drain

    drain(should_stop=lambda: False)


def delete_stream(redis_url: str) -> None:
    """Leave nothing behind on the server; does nothing where there is none."""
    try:
        import redis
    except ModuleNotFoundError:
        return
    with suppress(redis.RedisError):
        redis.Redis.from_url(redis_url, socket_connect_timeout=1).delete(STREAM)


class Site:
    """The shop with one variant's middleware."""

    def __init__(self, variant: Variant, redis_url: str = REDIS_URL) -> None:
        from django.conf import settings
        from django.core.handlers.wsgi import WSGIHandler
        from django.test.utils import override_settings

        self.variant = variant
        self._redis_url = redis_url
        with override_settings(MIDDLEWARE=with_middleware(settings.BASE_MIDDLEWARE, variant)):
            self._handler = WSGIHandler()
        self._status = ""

    def open(self) -> AbstractContextManager[Any]:
        """Have this variant's settings hold."""
        return capturing(self.variant, self._redis_url)

    def serve(self, environ: dict[str, Any]) -> int:
        """Answer a request; nanoseconds from its call until it is closed."""
        begun = time.perf_counter_ns()
        response = self._handler(environ, self._tell)
        b"".join(response)
        response.close()
        taken = time.perf_counter_ns() - begun
        if self._status != "200 OK":
            raise SystemExit(f"{self.variant.name}: {environ['PATH_INFO']} answered {self._status}.")
        return taken

    def settle(self) -> None:
        """Wait until all that was recorded is in the database."""
        if self.variant.sink:
            from ecom_llm.capture.sinks.base import get_sink

            get_sink().flush()
            if self.variant.sink.endswith("RedisSink"):
                drain_stream()

    def rows(self) -> int:
        """How many requests have been recorded so far."""
        from django.apps import apps

        from benchmarks import capture_page

        if not self.variant.model:
            return 0
        is_plain = self.variant.model == "benchmarks.Hit"
        model = capture_page.Hit if is_plain else apps.get_model(self.variant.model)
        return int(model._default_manager.count())

    def _tell(self, status: str, headers: Any, exc_info: Any = None, /) -> Callable[[bytes], object]:
        self._status = status
        return lambda _: None


class Shoppers:
    """Requests of visitors who each ask once, so that none is a repeat."""

    def __init__(self, skus: list[str]) -> None:
        self._skus = itertools.cycle(skus)
        self._agents = itertools.cycle(USER_AGENTS)
        self._numbers = itertools.count(1)

    def requests(self, number: int, consent: str) -> list[dict[str, Any]]:
        """So many requests for product pages, as a WSGI server hands them over."""
        return [self._request(consent) for _ in range(number)]

    def _request(self, consent: str) -> dict[str, Any]:
        visitor = next(self._numbers)
        cookies = {"HTTP_COOKIE": _cookies(consent)} if consent == "personal" else {}
        return {
            "REQUEST_METHOD": "GET",
            "SCRIPT_NAME": "",
            "PATH_INFO": f"/products/{next(self._skus)}/",
            "QUERY_STRING": "",
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "8000",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": f"10.{visitor >> 16 & 255}.{visitor >> 8 & 255}.{visitor & 255}",
            "HTTP_HOST": "127.0.0.1:8000",
            "HTTP_USER_AGENT": next(self._agents),
            "HTTP_ACCEPT": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            "HTTP_ACCEPT_LANGUAGE": "en-GB,en;q=0.5",
            "HTTP_ACCEPT_ENCODING": "gzip, deflate, br",
            "HTTP_SEC_FETCH_DEST": "document",
            "HTTP_SEC_FETCH_MODE": "navigate",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
            **cookies,
        }


def _cookies(consent: str) -> str:
    """The cookies that a browser has after its visitor agreed."""
    from django.http import HttpRequest, HttpResponse

    from ecom_llm.capture.consent import set_consent

    response = HttpResponse()
    set_consent(HttpRequest(), response, consent)
    return "; ".join(f"{name}={morsel.value}" for name, morsel in response.cookies.items())


def sites(redis_url: str) -> tuple[dict[str, Site], dict[str, str]]:
    """The variants that can be served here, and what each of the others lacks."""
    lacking = {name: missing for name, variant in VARIANTS.items() if (missing := lacks(variant, redis_url))}
    return {name: Site(VARIANTS[name], redis_url) for name in VARIANTS if name not in lacking}, lacking


def lacks(variant: Variant, redis_url: str) -> str:
    """What a variant needs and does not find here: a module or the server; empty when it can run."""
    if missing := variant.lacks():
        return missing
    if variant.sink.endswith("RedisSink"):
        import redis

        try:
            redis.Redis.from_url(redis_url, socket_connect_timeout=1).ping()
        except redis.RedisError as error:
            return f"a Redis server at {redis_url}: {error}"
    return ""
