"""`ECOM_LLM` is typed, read on access, and says what is wrong with it."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from ecom_llm import conf
from ecom_llm.catalog.registry import get_catalog
from ecom_llm.exceptions import ConfigurationError


def problems_of(raw: object) -> list[tuple[str, str]]:
    return conf.parse(raw)[1]


def test_no_setting_at_all_gives_the_defaults(settings: Any) -> None:
    del settings.ECOM_LLM
    assert conf.get_settings() == conf.Settings()


def test_given_keys_are_read_and_the_rest_stay_default(settings: Any) -> None:
    settings.ECOM_LLM = {"GENERATE": {"TRIES": 7}, "GUARD": {"BANNED_WORDS": ["cheap"]}}
    read = conf.get_settings()
    assert read.generate.tries == 7
    assert read.generate.lease_seconds == conf.Generate().lease_seconds
    assert read.guard.banned_words == ("cheap",)


def test_override_is_seen_on_the_next_access(settings: Any) -> None:
    settings.ECOM_LLM = {"GENERATE": {"TRIES": 1}}
    assert conf.get_settings().generate.tries == 1
    settings.ECOM_LLM = {"GENERATE": {"TRIES": 2}}
    assert conf.get_settings().generate.tries == 2


def test_unchanged_setting_is_parsed_once(settings: Any) -> None:
    settings.ECOM_LLM = {"GENERATE": {"TRIES": 1}}
    assert conf.get_settings() is conf.get_settings()


@pytest.mark.parametrize(
    ("raw", "nearest"),
    [
        ({"CATALOGUE": {}}, "Did you mean 'CATALOG'?"),
        ({"generate": {}}, "Did you mean 'GENERATE'?"),
        ({"GENERATE": {"TRYS": 1}}, "Did you mean 'TRIES'?"),
        ({"GUARD": {"LENGHT": {}}}, "Did you mean 'LENGTH'?"),
        ({"BACKENDS": {"default": {"BACKEND": "a.b", "MODLE": "c"}}}, "Did you mean 'MODEL'?"),
        ({"PUBLISH": {"POLICY": {"descriptions": "review"}}}, "Did you mean 'description'?"),
        ({"GENERATE": {"BUDGETS": {"reasons": {}}}}, "Did you mean 'reason'?"),
        ({"GENERATE": {"BUDGETS": {"default": {"job_per_hour": 1}}}}, "Did you mean 'jobs_per_hour'?"),
        ({"PRIVACY": {"RETENTION_DAYS": {"purchases": 30}}}, "Did you mean 'purchase'?"),
    ],
)
def test_unknown_key_names_the_nearest_known_one(raw: dict[str, Any], nearest: str) -> None:
    ((_, message),) = problems_of(raw)
    assert nearest in message


def test_key_like_no_other_lists_the_known_ones() -> None:
    ((number, message),) = problems_of({"PRIVACY": {"XYZZY": 1}})
    assert number == "E002"
    assert "Known: " in message
    assert "COOKIE_DAYS" in message


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ({"GENERATE": []}, "GENERATE must be a dict, not list"),
        ({"GENERATE": {"TRIES": "3"}}, "above 0, not '3'"),
        ({"GENERATE": {"TRIES": True}}, "above 0, not True"),
        ({"GENERATE": {"TRIES": 0}}, "above 0, not 0"),
        ({"GENERATE": {"DRIVER": "cron"}}, "one of worker, celery, not 'cron'"),
        ({"GENERATE": {"DRIVER": ["celery"]}}, "must be a str, not list"),
        ({"CAPTURE": {"CONTEXT_NAMES": "product"}}, "list of strings"),
        ({"CAPTURE": {"PRODUCT_VIEWS": "product"}}, "must be a dict, not str"),
        ({"GUARD": {"BANNED_WORDS": [1]}}, "list of strings"),
        ({"PRIVACY": {"DEFAULT_CONSENT": "all"}}, "one of none, anonymous, personal"),
        ({"PUBLISH": {"POLICY": {"description": "now"}}}, "one of publish, review, not 'now'"),
        ({"GENERATE": {"BUDGETS": {"reason": 5}}}, "for 'reason' must be a dict, not int"),
        ({"GENERATE": {"BUDGETS": {"reason": {"queue_cap": 0}}}}, "queue_cap must be a whole number above 0, not 0"),
        ({"PRIVACY": {"RETENTION_DAYS": {"purchase": 0}}}, "for 'purchase' must be a whole number above 0, not 0"),
        ({"PRIVACY": {"RETENTION_DAYS": {"job": 10**9}}}, "for 'job' must be at most 36500"),
        ({"BACKENDS": {}}, "must have an alias 'default'"),
        ({"BACKENDS": {"default": {}}}, "BACKEND, a dotted path"),
        ({"BACKENDS": {"default": "a.b"}}, "BACKEND, a dotted path"),
    ],
)
def test_wrong_value_is_told_with_what_it_must_be(raw: dict[str, Any], said: str) -> None:
    ((number, message),) = problems_of(raw)
    assert number == "E003"
    assert said in message


@pytest.mark.parametrize("raw", ["yes", 1, [], ("CATALOG",)])
def test_setting_that_is_no_dict_is_told(raw: object) -> None:
    assert problems_of(raw) == [("E001", f"must be a dict, not {type(raw).__name__}.")]


def test_every_problem_is_told_at_once(settings: Any) -> None:
    settings.ECOM_LLM = {"CATALOGUE": {}, "GENERATE": {"TRIES": 0, "TRYS": 1}}
    with pytest.raises(ConfigurationError, match=r"CATALOGUE.*TRIES.*TRYS"):
        conf.get_settings()


def test_wrong_setting_is_also_djangos_own_error(settings: Any) -> None:
    settings.ECOM_LLM = {"CATALOGUE": {}}
    with pytest.raises(ImproperlyConfigured):
        conf.get_settings()


def test_wrong_value_leaves_the_default_for_the_checks_to_go_on() -> None:
    read, problems = conf.parse({"GENERATE": {"TRIES": 0, "QUEUE": "words"}})
    assert problems
    assert read.generate.tries == conf.Generate().tries
    assert read.generate.queue == "words"


def test_catalogue_is_made_once_and_again_when_the_setting_changes(settings: Any, memory_catalog: Any) -> None:
    first = memory_catalog()
    assert get_catalog() is first
    assert memory_catalog([]) is not first


@pytest.mark.parametrize(
    ("adapter", "said"),
    [
        ("no.such.Adapter", "cannot be imported"),
        ("decimal.Decimal", "is not a CatalogAdapter"),
        ("", "cannot be imported"),
    ],
)
def test_catalogue_that_cannot_be_made_is_refused(settings: Any, adapter: str, said: str) -> None:
    settings.ECOM_LLM = {"CATALOG": {"ADAPTER": adapter}}
    with pytest.raises(ConfigurationError, match=said):
        get_catalog()


@pytest.mark.parametrize(
    ("chosen", "name", "days"),
    [
        ({}, "view_item", 90), ({}, "purchase", 730), ({}, "job", 30), ({}, "broken", 14), ({}, "count", 400),
        ({"default": 7}, "view_item", 7), ({"default": 7}, "purchase", 730), ({"search": 3}, "search", 3),
        ({"search": 3}, "view_item", 90),
    ],
)  # fmt: skip
def test_what_is_not_named_is_kept_as_long_as_the_default_says(chosen: dict[str, int], name: str, days: int) -> None:
    assert conf.Privacy(retention_days=chosen).days_kept(name) == days
