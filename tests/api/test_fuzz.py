"""Every endpoint does what the schema says, whatever it is sent."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core import signals
from django.core.handlers.wsgi import WSGIHandler
from django.db import close_old_connections
from django.test import Client
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from tests.api.conftest import NO_RATES, ROOT, make_text
from tests.products import BROWSER

EXAMPLES = 200 if os.environ.get("ECOM_LLM_FAULTS") == "full" else 25
SCHEMA = schemathesis.openapi.from_wsgi(
    f"{ROOT}schema/",
    WSGIHandler(),
    headers={"Accept": "application/vnd.oai.openapi+json", "Host": "localhost"},
)
CSRF_TOKEN = "a" * 32
STRANGER = {"User-Agent": BROWSER, "Host": "testserver"}
PAGE = STRANGER | {"Origin": "http://testserver", "X-CSRFToken": CSRF_TOKEN}


@pytest.fixture
def editor(settings: Any, editor_client: Client) -> Iterator[dict[str, str]]:
    """A shop with a text and no rate limits; gives the cookies of its editor."""
    settings.REST_FRAMEWORK = NO_RATES
    make_text(in_review=True)
    # As Django's own test client does it: the test's transaction lives in the connection.
    signals.request_started.disconnect(close_old_connections)
    signals.request_finished.disconnect(close_old_connections)
    yield {name: morsel.value for name, morsel in editor_client.cookies.items()} | {"csrftoken": CSRF_TOKEN}
    signals.request_started.connect(close_old_connections)
    signals.request_finished.connect(close_old_connections)


def deterministic(examples: int) -> Any:
    """The same requests in each run, however slow the machine."""
    return hypothesis_settings(
        max_examples=examples, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )


@SCHEMA.parametrize()
@deterministic(EXAMPLES)
def test_shopper_and_editor_get_what_the_schema_promises(case: schemathesis.Case, editor: dict[str, str]) -> None:
    response = case.call(headers=PAGE, cookies=editor)
    case.validate_response(response, excluded_checks=list(_beyond_the_schema(response)))


@SCHEMA.exclude(path_regex="^/api/v1/(texts|jobs)/").parametrize()
@deterministic(EXAMPLES // 5)
def test_stranger_without_a_cookie_gets_what_the_schema_promises(
    case: schemathesis.Case, editor: dict[str, str]
) -> None:
    del editor
    response = case.call(headers=STRANGER)
    case.validate_response(response, excluded_checks=list(_beyond_the_schema(response)))


@SCHEMA.include(path_regex="^/api/v1/(texts|jobs)/").parametrize()
@deterministic(EXAMPLES // 5)
def test_stranger_gets_nothing_that_is_for_staff(case: schemathesis.Case, editor: dict[str, str]) -> None:
    del editor
    response = case.call(headers=STRANGER)
    assert response.status_code == 403


def _beyond_the_schema(response: schemathesis.Response) -> Iterator[Any]:
    """Checks that what the schema cannot say would fail."""
    if response.status_code == 202:
        # Each event of a batch is judged by itself, and numbers are taken for texts.
        yield negative_data_rejection
    if response.status_code == 400 and "language" in response.json():
        # The languages are the shop's.
        yield positive_data_acceptance
