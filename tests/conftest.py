"""Fixtures that every package's tests share, and the rule for tests whose service is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import AsyncRequestFactory, RequestFactory

from ecom_llm.capture import repeats
from ecom_llm.catalog.adapters.memory import MemoryCatalog, MemoryProduct
from ecom_llm.catalog.registry import get_catalog
from ecom_llm.generate import interrupted
from ecom_llm.generate.backends import registry
from ecom_llm.pipeline import sweeping
from ecom_llm.recommend.blend import forget_blend
from ecom_llm.recommend.content import forget_content
from ecom_llm.recommend.rules import forget_rules
from ecom_llm.recommend.search_meaning import forget_meaning
from tests import needs
from tests.products import BROWSER, SAMPLE_PRODUCTS

MakeCatalog = Callable[..., MemoryCatalog]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a marked test whose part is missing; where `ECOM_LLM_REQUIRE_SERVICES` is 1, fail instead."""
    for marker in item.iter_markers():
        if message := needs.missing(marker.name, marker.args):
            needs.skip_or_fail(marker.name, message)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Send home whoever a killed process or a thread left in the test database, so that it can be dropped."""
    yield
    with django_db_blocker.unblock():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    cache.clear()


@pytest.fixture(autouse=True)
def _fresh_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker's memory of what went wrong, which ends with its process, ends here with the test."""
    monkeypatch.setattr(interrupted, "_away_at", float("-inf"))
    monkeypatch.setattr(interrupted, "_tokens", [])
    monkeypatch.setattr(sweeping, "_learning_failed_at", float("-inf"))
    monkeypatch.setattr(sweeping, "_content_rests_until", float("-inf"))
    forget_content()
    forget_meaning()
    for _, backend in registry._backends.values():
        backend.fitting_jobs = None


@pytest.fixture(autouse=True)
def _browser(monkeypatch: pytest.MonkeyPatch) -> None:
    """Django's test clients send no user agent, and so would be taken for robots."""
    environ, scope = RequestFactory._base_environ, AsyncRequestFactory._base_scope

    def environ_of_browser(self: RequestFactory, **request: Any) -> Any:
        return environ(self, **{"HTTP_USER_AGENT": self.defaults.get("HTTP_USER_AGENT", BROWSER), **request})

    def scope_of_browser(self: AsyncRequestFactory, **request: Any) -> Any:
        made = scope(self, **request)
        if not any(name == b"user-agent" for name, _ in made["headers"]):
            made["headers"].append((b"user-agent", BROWSER.encode()))
        return made

    monkeypatch.setattr(RequestFactory, "_base_environ", environ_of_browser)
    monkeypatch.setattr(AsyncRequestFactory, "_base_scope", scope_of_browser)


@pytest.fixture(autouse=True)
def _nothing_seen() -> None:
    """What one test's visitor looked at is no repeat for the next test's."""
    repeats.forget_recent()


@pytest.fixture(autouse=True)
def _no_rules_remembered() -> None:
    """The rules of one test's shop, and what was tuned for it, are not those of the next one's."""
    forget_rules()
    forget_blend()


@pytest.fixture
def sample_products() -> list[MemoryProduct]:
    """Two jackets, a kettle, a lamp without attributes, one hidden, one sold out, and a jacket's variant."""
    return list(SAMPLE_PRODUCTS)


@pytest.fixture
def use_settings(settings: Any) -> Callable[..., None]:
    """Merge keys into sections of `ECOM_LLM`: `use_settings(GENERATE={"TRIES": 1})`."""

    def use(**sections: dict[str, Any]) -> None:
        settings.ECOM_LLM = settings.ECOM_LLM | {
            name: {**settings.ECOM_LLM.get(name, {}), **keys} for name, keys in sections.items()
        }

    return use


@pytest.fixture
def memory_catalog(settings: Any) -> MakeCatalog:
    """Make the shop's catalogue one in memory: `memory_catalog()`, or `memory_catalog([…])` of your own."""

    def make(products: Sequence[MemoryProduct | dict[str, Any]] = SAMPLE_PRODUCTS) -> MemoryCatalog:
        settings.ECOM_LLM = settings.ECOM_LLM | {
            "CATALOG": {
                "ADAPTER": "ecom_llm.catalog.adapters.memory.MemoryCatalog",
                "OPTIONS": {"products": list(products)},
            }
        }
        catalog = get_catalog()
        assert isinstance(catalog, MemoryCatalog)
        return catalog

    return make


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The browser that `browser` tests drive."""
    return needs.chromium()
