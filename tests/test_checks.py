"""Every system check speaks up when it should, and `docs/checks.md` lists them all."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from celery import Celery
from django.core.checks.registry import registry
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db.models import Model

from ecom_llm import celery_checks, checks, database_checks, tasks
from ecom_llm.catalog.adapters.memory import MemoryCatalog
from ecom_llm.checks import MEANINGS, check_deployment, check_settings

REDIS_SINK = "ecom_llm.capture.sinks.redis.RedisSink"
TRANSFORMERS = "ecom_llm.generate.backends.transformers.TransformersBackend"

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "checks.md"
MEMORY = {"ADAPTER": "ecom_llm.catalog.adapters.memory.MemoryCatalog"}
ECHO = {"default": {"BACKEND": "ecom_llm.generate.backends.echo.EchoBackend"}}


def found() -> dict[str, str]:
    """Check ids without the app's name, each with its message and hint."""
    return {str(item.id).removeprefix("ecom_llm."): f"{item.msg} {item.hint or ''}" for item in check_settings()}


class FaultyCatalog(MemoryCatalog):
    """An adapter with something to say."""

    def check(self) -> list[str]:
        return ["The products have no names."]


class CrashingCatalog(MemoryCatalog):
    """An adapter whose own check fails."""

    def check(self) -> list[str]:
        raise RuntimeError("boom")


def test_demo_shop_passes_every_check() -> None:
    assert check_settings() == []


@pytest.mark.parametrize(
    ("change", "number", "said"),
    [
        ({"CATALOGUE": {}}, "E002", "Did you mean 'CATALOG'?"),
        ({"GENERATE": {"TRIES": 0}}, "E003", "above 0"),
        ({"GUARD": {"LENGTH": {"description": (300, 60)}}}, "E004", "(300, 60)"),
        ({"GUARD": {"LENGTH": {"description": 60}}}, "E004", "60"),
        ({"GUARD": {"LENGTH": {"description": ["a", "b"]}}}, "E004", "shortest, longest"),
        ({"GENERATE": {"BACKENDS": {"reason": "defualt"}}}, "E005", "Did you mean 'default'?"),
        ({"GENERATE": {"SAMPLING": {"reason": {"temprature": 1}}}}, "E006", "Did you mean 'temperature'?"),
        ({"GENERATE": {"SAMPLING": {"reason": 0.3}}}, "E006", "must be a dict"),
        ({"CATALOG": {"ADAPTER": "no.such.Adapter"}}, "E010", "no.such.Adapter"),
        ({"CATALOG": {"ADAPTER": "decimal.Decimal", "OPTIONS": {}}}, "E010", "decimal.Decimal"),
        ({"CATALOG": {"ADAPTER": "collections.OrderedDict", "OPTIONS": {}}}, "E010", "is not a CatalogAdapter"),
        ({"CATALOG": {"OPTIONS": {"model": "shop_demo.Prodct"}}}, "E010", "shop_demo.Prodct"),
        (
            {"CATALOG": {"OPTIONS": {"model": "shop_demo.Product", "fields": {"name": "titel"}}}},
            "E010",
            "has no field 'titel'",
        ),
        ({"CATALOG": {"ADAPTER": f"{__name__}.FaultyCatalog"}}, "E011", "have no names"),
        ({"BACKENDS": {"default": {"BACKEND": "no.such.Backend"}}}, "E020", "no.such.Backend"),
        ({"CAPTURE": {"SINK": "no.such.Sink"}}, "E021", "no.such.Sink"),
        ({"CAPTURE": {"SINK": "collections.OrderedDict"}}, "E021", "is not a Sink"),
        ({"CAPTURE": {"SINK": REDIS_SINK}}, "E023", "CAPTURE['REDIS_URL'] is empty"),
        ({"CAPTURE": {"SINK": REDIS_SINK, "REDIS_URL": "host:6379"}}, "E023", "is not the address of a Redis"),
        ({"CAPTURE": {"SINK": REDIS_SINK}, "CATALOGUE": {}}, "E002", "CATALOG"),
        ({"CATALOG": {"ADAPTER": f"{__name__}.CrashingCatalog"}}, "E090", "RuntimeError: boom"),
        ({"CAPTURE": {"PRODUCT_VIEWS": {"produkt": "sku"}}}, "W005", "Did you mean 'product'?"),
        ({"CAPTURE": {"PRODUCT_VIEWS": {"product": "id"}}}, "W005", "has no argument 'id'"),
        ({"CAPTURE": {"SEARCH_VIEWS": {"admin:find": "q"}}}, "W005", "admin:find"),
        ({"PRIVACY": {"DEFAULT_CONSENT": "personal"}}, "W006", "lasting id"),
        ({"CHANNELS": {"SEARCH_DAYS": 91}}, "W021", "searches are kept for 90"),
        ({"CATALOG": {"OPTIONS": {"model": "shop_demo.Product", "search": ["nme"]}}}, "E010", "nme"),
        ({"CATALOG": {"OPTIONS": {"model": "shop_demo.Product", "search": "name"}}}, "E010", "must be a list"),
        ({"CATALOG": {"OPTIONS": {"model": "shop_demo.Product", "select_related": ["nope"]}}}, "E010", "nope"),
        ({"CATALOG": {"OPTIONS": {"model": "shop_demo.Product", "filter": {"site": 1}}}}, "E010", "site"),
        ({"CATALOG": {"OPTIONS": {"model": "shop_demo.Product", "parent": "category"}}}, "E010", "to itself"),
        ({"CATALOG": {"OPTIONS": {"model": "shop_demo.Product", "facts": ["material"]}}}, "E010", "must be a dict"),
        ({"CATALOG": {}}, "E010", "is missing"),
        ({"PUBLISH": {"POLICY": {"descripton": "review"}}}, "E003", "'description'"),
        ({"BACKENDS": {"default": {"BACKEND": TRANSFORMERS, "MODEL": "/nowhere/a.gguf"}}}, "W007", "No model at"),
        ({"BACKENDS": {"default": {"BACKEND": TRANSFORMERS, "MODEL": "weights.bin"}}}, "W007", "is a pickle"),
        ({"BACKENDS": {"default": {"BACKEND": TRANSFORMERS}}}, "W007", "MODEL is missing"),
        ({"BACKENDS": {"default": {"BACKEND": TRANSFORMERS, "MODEL": "owner/name"}}}, "W007", "REVISION is missing"),
        ({"BACKENDS": {"default": {"BACKEND": TRANSFORMERS, "OPTIONS": {"gpu": 1}}}}, "E022", "'gpu' is not an option"),
    ],
)
def test_wrong_setting_is_reported(settings: Any, change: dict[str, Any], number: str, said: str) -> None:
    settings.ECOM_LLM = {"CATALOG": MEMORY, "BACKENDS": ECHO} | change
    reported = found()
    assert said in reported.pop(number)
    assert reported == {}


@pytest.mark.parametrize(
    ("debug", "session", "csrf", "ids"),
    [(False, False, False, ["W020"]), (False, True, False, []), (False, False, True, []), (True, False, False, [])],
)
def test_cookies_that_travel_in_the_clear_are_reported_in_production(
    settings: Any, debug: bool, session: bool, csrf: bool, ids: list[str]
) -> None:
    settings.DEBUG, settings.SESSION_COOKIE_SECURE, settings.CSRF_COOKIE_SECURE = debug, session, csrf
    assert [str(item.id).removeprefix("ecom_llm.") for item in check_deployment()] == ids
    assert check_deployment in registry.get_checks(include_deployment_checks=True)
    assert check_deployment not in registry.get_checks()


def test_setting_that_is_no_dict_is_reported(settings: Any) -> None:
    settings.ECOM_LLM = "yes"
    assert "must be a dict, not str" in found()["E001"]


def test_missing_middleware_is_reported(settings: Any) -> None:
    settings.MIDDLEWARE = [path for path in settings.MIDDLEWARE if path != checks.MIDDLEWARE]
    assert list(found()) == ["W001"]


@pytest.mark.parametrize(
    ("vendor", "mode", "ids"),
    [
        ("sqlite", None, ["W002"]), ("sqlite", "deferred", ["W002"]), ("sqlite", "immediate", []),
        ("sqlite", "EXCLUSIVE", []), ("postgresql", None, []), ("mysql", None, ["W019"]), ("oracle", None, ["W019"]),
    ],
)  # fmt: skip
def test_database_that_does_not_suit_is_reported(
    monkeypatch: pytest.MonkeyPatch, vendor: str, mode: str | None, ids: list[str]
) -> None:
    options = {"transaction_mode": mode} if mode else {}
    connection = SimpleNamespace(vendor=vendor, display_name=vendor, settings_dict={"OPTIONS": options})
    monkeypatch.setattr(database_checks, "connections", {"default": connection})
    assert list(found()) == ids


class Router:
    """Sends some models' rows to a database of their own."""

    def __init__(self, *names: str) -> None:
        self._names = names

    def db_for_write(self, model: type[Model], **hints: object) -> str | None:
        return "events" if model.__name__ in self._names else None


def test_events_apart_from_what_is_learned_from_them_are_an_error(settings: Any) -> None:
    for names in (database_checks.TOGETHER, ("BrokenEvent", "GenerationJob", "Text"), ()):
        settings.DATABASE_ROUTERS = [Router(*names)]
        assert list(database_checks.scattered()) == []
    settings.DATABASE_ROUTERS = [Router("Event", "UnlearnedBatch")]
    assert "Event, UnlearnedBatch in 'events'; LearnedState" in found()["E031"]


def test_document_on_scale_names_what_belongs_into_one_database() -> None:
    words = (DOCUMENT.parent / "scale.md").read_text(encoding="utf-8")
    assert [name for name in database_checks.TOGETHER if f"`{name}`" not in words] == []


def test_times_without_a_zone_are_an_error(settings: Any) -> None:
    settings.USE_TZ = False
    assert "USE_TZ = True" in found()["E030"]


@pytest.fixture
def celery(use_settings: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The configuration of a Celery application that wakes workers, with nothing wrong in it."""
    app = Celery(broker="amqp://", set_as_current=False)
    app.conf.update(broker_connection_max_retries=None, worker_prefetch_multiplier=1)
    monkeypatch.setattr(checks, "current_app", app)
    use_settings(GENERATE={"DRIVER": "celery"})
    return app.conf


TIMEOUTS = {"socket_connect_timeout": 2, "socket_timeout": 5}
LATE = {"acks_late": True}


@pytest.mark.parametrize(
    ("change", "number", "said"),
    [
        ({"task_annotations": {"ecom_llm.run_jobs": LATE}}, "W003", "messages late"),
        ({"task_annotations": [{"*": LATE}]}, "W003", "messages late"),
        ({"broker_url": None}, "W004", "no Celery app with a broker"),
        ({"worker_pool": "solo"}, "W010", "'solo'"),
        ({"worker_pool": "threads"}, "W010", "'threads'"),
        ({"worker_pool": "gevent"}, "W010", "'gevent'"),
        ({"worker_concurrency": 4}, "W011", "is 4"),
        ({"worker_concurrency": "auto"}, "W011", "is auto"),
        ({"worker_prefetch_multiplier": 4}, "W012", "holds 4"),
        ({"worker_prefetch_multiplier": 0}, "W012", "any number"),
        ({"broker_connection_retry": False}, "W013", "does not answer"),
        ({"broker_connection_retry_on_startup": False}, "W013", "does not answer"),
        ({"broker_connection_max_retries": 100}, "W013", "after 100 tries"),
        ({"broker_connection_max_retries": 0}, "W013", "after 0 tries"),
        ({"broker_url": "redis://"}, "W014", "no socket_connect_timeout and no socket_timeout"),
        ({"broker_url": "rediss://", "broker_transport_options": {"socket_timeout": 5}}, "W014", "connect_timeout:"),
        ({"task_time_limit": 300}, "W015", "time_limit is 300 s"),
        ({"task_soft_time_limit": 1500}, "W015", "soft_time_limit is 1500 s"),
        ({"task_annotations": {"ecom_llm.run_jobs": {"time_limit": 60}}}, "W015", "time_limit is 60 s"),
        ({"worker_max_tasks_per_child": 1}, "W016", "after 1 tasks"),
    ],
)
def test_celery_setting_that_hurts_is_reported_where_celery_drives(
    celery: Any, use_settings: Any, change: dict[str, Any], number: str, said: str
) -> None:
    celery.update(change)
    reported = found()
    assert said in reported.pop(number)
    assert reported == {}
    use_settings(GENERATE={"DRIVER": "worker"})
    assert found() == {}


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"broker_url": "redis://", "broker_transport_options": TIMEOUTS | {"visibility_timeout": 60}},
        # The task says for itself that it is acknowledged early.
        {"task_acks_late": True},
        {"worker_prefetch_multiplier": 4, "worker_disable_prefetch": True},
        {"worker_concurrency": 1, "worker_pool": "processes", "broker_connection_retry_on_startup": True},
        {"task_time_limit": 60, "task_annotations": {"ecom_llm.run_jobs": {"time_limit": 1530}}},
        {"worker_max_tasks_per_child": 1000, "task_soft_time_limit": 3600},
        {"task_annotations": {"shop.resize_pictures": LATE}},
    ],
)
def test_celery_setting_that_does_no_harm_is_not_reported(celery: Any, change: dict[str, Any]) -> None:
    celery.update(change)
    assert found() == {}


def test_checks_of_celery_know_the_task() -> None:
    assert (tasks.run_jobs.name, tasks.TASK_SECONDS) == (celery_checks.TASK_NAME, celery_checks.TASK_SECONDS)


@pytest.mark.parametrize(
    ("lease", "hang", "load", "ids"),
    [
        (120, 80, 900, []),
        (120, 81, 900, ["W017"]),
        (120, 120, 900, ["W017"]),
        (120, 60, 30, ["W018"]),
        (120, 60, 60, []),
    ],
)
def test_patience_that_contradicts_itself_is_reported(
    use_settings: Any, lease: int, hang: int, load: int, ids: list[str]
) -> None:
    use_settings(GENERATE={"LEASE_SECONDS": lease, "HANG_SECONDS": hang, "LOAD_SECONDS": load})
    assert list(found()) == ids


@pytest.mark.parametrize(("token", "ids"), [("", []), ("guess me", ["W008"]), ("x" * 32, [])])
def test_token_that_can_be_guessed_is_reported_without_being_told(
    use_settings: Any, token: str, ids: list[str]
) -> None:
    use_settings(MONITORING={"METRICS_TOKEN": token})
    reported = found()
    assert list(reported) == ids
    assert not token or token not in str(reported)


def test_folder_of_counters_that_cannot_be_written_is_reported(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    assert found() == {}
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path / "nowhere"))
    assert list(found()) == ["W009"]


@pytest.mark.parametrize(
    "raw",
    [
        None, 3, [], {"BACKENDS": {1: 2}}, {"BACKENDS": {"default": None}}, {1: {}}, {"CATALOG": None},
        {"CATALOG": {"OPTIONS": {"model": "shop_demo.Product", "fields": {"name": ["x"]}}}},
        {"CATALOG": {"OPTIONS": {"model": 7}}}, {"GUARD": {"LENGTH": {"description": object()}}},
        {"GENERATE": {"BACKENDS": {"description": ["a"]}}}, {"CAPTURE": {"PRODUCT_VIEWS": {None: None}}},
        {"CAPTURE": {"SINK": ""}}, {"PUBLISH": {"POLICY": {"description": {}}}},
    ],
)  # fmt: skip
def test_no_setting_makes_the_checks_raise(settings: Any, raw: object) -> None:
    settings.ECOM_LLM = raw
    check_settings()


def test_manage_py_check_fails_with_the_id(settings: Any) -> None:
    settings.ECOM_LLM = {"CATALOGUE": {}}
    with pytest.raises(SystemCheckError, match=r"ecom_llm\.E002"):
        call_command("check")


def test_document_lists_every_check_in_the_same_words() -> None:
    rows = dict(re.findall(r"^\| `ecom_llm\.([EW]\d{3})` \| (.+?) \|", DOCUMENT.read_text(), re.MULTILINE))
    assert rows == MEANINGS


def test_every_check_is_raised_by_a_test_of_this_file() -> None:
    source = Path(__file__).read_text()
    assert [number for number in MEANINGS if f'"{number}"' not in source] == []


def test_checking_imports_no_torch() -> None:
    code = (
        "import os, sys; os.environ['DJANGO_SETTINGS_MODULE'] = 'shop_demo.settings';"
        "import django; django.setup(); from django.core.management import call_command; call_command('check');"
        "print(sorted({'torch', 'transformers', 'peft'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines()[-1] == "[]"
