from __future__ import annotations

import json

import pytest
import yaml
from django.test import Client
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.settings import patched_settings
from drf_spectacular.validation import validate_schema

from ecom_llm.api.schema import SETTINGS
from tests.api.conftest import ROOT

OPERATIONS = {
    "/api/v1/products/{product_id}/texts/": {"get"},
    "/api/v1/recommendations/": {"get"},
    "/api/v1/search-copy/": {"get"},
    "/api/v1/events/": {"post"},
    "/api/v1/me/": {"get", "delete"},
    "/api/v1/me/erase/": {"post"},
    "/api/v1/me/consent/": {"post"},
    "/api/v1/me/not-interested/": {"get", "post", "delete"},
    "/api/v1/me/not-interested/again/": {"post"},
    "/api/v1/me/recommendations/": {"get", "post"},
    "/api/v1/jobs/": {"get"},
    "/api/v1/jobs/{id}/": {"get"},
    "/api/v1/texts/": {"get"},
    "/api/v1/texts/{id}/": {"get"},
    "/api/v1/texts/{id}/approve/": {"post"},
    "/api/v1/texts/{id}/reject/": {"post"},
    "/api/v1/texts/{id}/edit/": {"post"},
    "/api/v1/texts/{id}/rollback/": {"post"},
}


def test_schema_is_valid_and_made_without_a_warning() -> None:
    GENERATOR_STATS.reset()
    with patched_settings(SETTINGS):
        schema = SchemaGenerator(urlconf="ecom_llm.urls").get_schema(request=None, public=True)
    assert not GENERATOR_STATS._warn_cache
    assert not GENERATOR_STATS._error_cache
    validate_schema(schema)


def test_schema_lists_every_endpoint_and_nothing_of_the_shops(client: Client) -> None:
    schema = yaml.safe_load(client.get(f"{ROOT}schema/").content)
    assert schema["openapi"].startswith("3.")
    assert {path: set(operations) for path, operations in schema["paths"].items()} == OPERATIONS


def test_schema_tells_where_the_shop_has_mounted_it(client: Client) -> None:
    schema = yaml.safe_load(client.get(f"{ROOT}schema/").content)
    assert [server["url"] + "/api/v1/" for server in schema["servers"]] == [ROOT]


@pytest.mark.parametrize(
    ("path", "method", "statuses"),
    [
        ("events/", "post", {"202", "400", "403", "413", "415", "429"}),
        ("search-copy/", "get", {"200", "400", "429"}),
        ("me/", "delete", {"200", "403", "429", "503"}),
        ("texts/", "get", {"200", "400", "403", "404"}),
        ("texts/{id}/approve/", "post", {"200", "400", "403", "404", "409", "413", "415"}),
    ],
)
def test_schema_lists_what_is_refused(client: Client, path: str, method: str, statuses: set[str]) -> None:
    schema = yaml.safe_load(client.get(f"{ROOT}schema/").content)
    assert set(schema["paths"][f"/api/v1/{path}"][method]["responses"]) == statuses


def test_schema_comes_as_json_too(client: Client) -> None:
    answer = client.get(f"{ROOT}schema/", headers={"Accept": "application/vnd.oai.openapi+json"})
    assert json.loads(answer.content)["info"]["title"] == "ecom_llm"


@pytest.mark.parametrize("path", OPERATIONS)
def test_documentation_names_every_endpoint(path: str, request: pytest.FixtureRequest) -> None:
    words = (request.config.rootpath / "docs" / "api.md").read_text()
    assert path.removeprefix("/api/v1/").replace("{product_id}", "<id>").replace("{id}", "<id>") in words
