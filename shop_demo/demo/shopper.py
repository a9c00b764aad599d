"""A shopper who visits the demo over HTTP and waits for text that the model wrote."""

from __future__ import annotations

import http.cookiejar
import json
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from typing import Any

from django.db.models import Count, Q

from ecom_llm.entities import Kind, Origin
from ecom_llm.models import GenerationJob, Text, TextVersion
from shop_demo.models import Product

PRODUCTS = 6
SEARCHES = ("tent", "kettle")
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
LOOK_SECONDS = 1.0
# Eight addresses each time; the API lets one address ask 300 times a minute.
LOOKS_PER_POLL = 5
MARKER = re.compile(r'data-ecom-llm-kind="(\w+)"')


class Shopper:
    """Opens pages as a browser would and polls the API as the shop's own script does."""

    def __init__(self, address: str, ended: Callable[[], dict[str, int]], say: Callable[[str], Any]) -> None:
        """Make a shopper.

        Args:
            address: of the site, without a slash at its end.
            ended: tells which of the demo's processes have ended.
            say: takes a line for the person who waits.
        """
        self._address = address
        self._ended = ended
        self._say = say
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._browser = urllib.request.build_opener(jar)
        # The library's own name is a robot's, and robots are not recorded.
        self._browser.addheaders = [("User-Agent", BROWSER)]
        self.pages = 0
        self.errors: list[str] = []

    def visit(self, timeout_seconds: float) -> dict[str, Any]:
        """Go round the shop until each kind of text has been written, or time is up.

        Returns:
            The result as `--check --json` prints it.
        """
        started = time.monotonic()
        first_text_seconds = None
        skus = self._undescribed()
        self._look_round(skus)
        wanted = {Kind.DESCRIPTION, Kind.REASON, Kind.SEARCH_COPY}
        texts: dict[str, int] = {}
        looks = 0
        while time.monotonic() - started < timeout_seconds and not self._has_stopped():
            if looks % LOOKS_PER_POLL == 0:
                self._poll(skus)
            looks += 1
            texts = _count_texts()
            if first_text_seconds is None and any(texts.values()):
                first_text_seconds = round(time.monotonic() - started, 1)
                self._say(f"First text after {first_text_seconds} s.")
            if all(texts.get(kind) for kind in wanted):
                break
            time.sleep(LOOK_SECONDS)
        self._see_written(skus)
        return self._result(texts, first_text_seconds)

    def _result(self, texts: dict[str, int], first_text_seconds: float | None) -> dict[str, Any]:
        missing = [kind.value for kind in Kind if not texts.get(kind)]
        if missing:
            self.errors.append(f"No {', '.join(missing)} was written in time.")
        models = TextVersion.objects.filter(origin=Origin.MODEL).order_by().values_list("model", flat=True).distinct()
        return {
            "ok": not self.errors,
            "seconds_to_first_text": first_text_seconds,
            "pages": self.pages,
            "errors": self.errors,
            "texts": texts,
            "published": sum(texts.values()),
            "plain_sentences": GenerationJob.objects.filter(state=GenerationJob.State.BLOCKED).count(),
            "model": ", ".join(models),
        }

    @staticmethod
    def _undescribed() -> list[str]:
        """Products that nobody has described yet, one from each of several categories."""
        skus: dict[int, str] = {}
        written = Text.objects.filter(kind=Kind.DESCRIPTION).values("subject")
        products = Product.objects.filter(parent=None, description="", is_visible=True).exclude(sku__in=written)
        for product in products.order_by("pk"):
            skus.setdefault(product.category_id, product.sku)
        return list(skus.values())[:PRODUCTS]

    def _look_round(self, skus: list[str]) -> None:
        home = self._open("/")
        category = re.search(r'href="(/departments/[\w-]+/)"', home)
        if category:
            self._open(category[1])
        for sku in skus:
            page = self._open(Product.objects.get(sku=sku).get_absolute_url())
            if "description" not in MARKER.findall(page):
                self.errors.append(f"The page of {sku} has no place for a description.")
        for words in SEARCHES:
            self._open(f"/search/?q={words}")
        self._open("/cart/")

    def _poll(self, skus: list[str]) -> None:
        for sku in skus:
            self._get_json(f"products/{urllib.parse.quote(sku)}/texts/")
        for words in SEARCHES:
            self._get_json(f"search-copy/?q={words}")

    def _see_written(self, skus: list[str]) -> None:
        """What the model wrote must stand on the page itself, not only in the API."""
        for text in Text.objects.filter(kind=Kind.DESCRIPTION, subject__in=skus, published__isnull=False):
            page = self._open(Product.objects.get(sku=text.subject).get_absolute_url())
            if 'data-ecom-llm-origin="model"' not in page:
                self.errors.append(f"The page of {text.subject} does not show its published text.")

    def _has_stopped(self) -> bool:
        ended = self._ended()
        self.errors += [f"The {name} ended with status {status}." for name, status in ended.items()]
        return bool(ended)

    def _open(self, path: str) -> str:
        try:
            # Always this site's own address; no other scheme can come in.
            with self._browser.open(self._address + path, timeout=30) as response:
                self.pages += 1
                body: str = response.read().decode()
                return body
        except (urllib.error.URLError, TimeoutError) as error:
            self.errors.append(f"{path}: {error}")
            return ""

    def _get_json(self, path: str) -> dict[str, Any]:
        pages = self.pages
        body = self._open(f"/ecom-llm/api/v1/{path}")
        self.pages = pages
        answer: dict[str, Any] = json.loads(body) if body else {}
        return answer


def _count_texts() -> dict[str, int]:
    """Published texts that a model wrote, by kind."""
    of_model = Q(published__origin=Origin.MODEL)
    rows = Text.objects.filter(of_model).order_by().values_list("kind").annotate(count=Count("pk"))
    return {kind.value: dict(rows).get(kind, 0) for kind in Kind}
