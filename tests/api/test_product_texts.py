from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from ecom_llm.catalog.adapters.memory import MemoryProduct
from tests.api.conftest import ROOT, make_text
from tests.conftest import MakeCatalog


def test_published_text_is_given_with_its_origin(client: Client) -> None:
    make_text("A light jacket.")
    answer = client.get(f"{ROOT}products/jacket-1/texts/").json()
    assert answer["product_id"] == "jacket-1"
    assert answer["language"] == "en-gb"
    assert answer["description"] == {"text": "A light jacket.", "origin": "model"}


def test_product_without_text_has_its_plain_sentence_and_a_text_on_its_way(client: Client) -> None:
    answer = client.get(f"{ROOT}products/kettle-1/texts/").json()
    assert answer["description"]["origin"] == "plain"
    assert "Morning Pour-over Kettle" in answer["description"]["text"]
    assert answer["is_pending"] is True


def test_variant_id_gives_its_products_texts(client: Client) -> None:
    assert client.get(f"{ROOT}products/jacket-1-l/texts/").json()["product_id"] == "jacket-1"


def test_product_id_may_hold_slashes_and_emoji(client: Client, memory_catalog: MakeCatalog) -> None:
    memory_catalog([MemoryProduct(id="a/b 🧥", name="Odd Coat")])
    answer = client.get(f"{ROOT}products/a/b%20%F0%9F%A7%A5/texts/")
    assert answer.status_code == 200
    assert answer.json()["product_id"] == "a/b 🧥"


@pytest.mark.parametrize(
    "product_id", ["nothing", "hidden-1", "%00", "x" * 101, "%ED%A0%80", "..%2F..", "%F0%9F", "a%0Ab"]
)
def test_unknown_or_hidden_product_is_404(client: Client, product_id: str) -> None:
    answer = client.get(f"{ROOT}products/{product_id}/texts/")
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/json")


def test_404_names_the_id(client: Client) -> None:
    assert "'nothing'" in client.get(f"{ROOT}products/nothing/texts/").json()["detail"]


@pytest.mark.parametrize("language", ["xx", "<script>", "e" * 40, "en_GB;", "%00"])
def test_language_the_shop_does_not_have_is_refused(client: Client, language: str) -> None:
    answer = client.get(f"{ROOT}products/jacket-1/texts/?language={language}")
    assert answer.status_code == 400
    assert "language" in answer.json()


def test_unchanged_texts_are_not_sent_twice(client: Client) -> None:
    make_text()
    first = client.get(f"{ROOT}products/jacket-1/texts/")
    assert first["Cache-Control"] == "max-age=0, must-revalidate"
    again = client.get(f"{ROOT}products/jacket-1/texts/", headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 304
    make_text("Another wording.")
    assert client.get(f"{ROOT}products/jacket-1/texts/", headers={"If-None-Match": first["ETag"]}).status_code == 200


def test_markup_in_a_text_travels_as_text_of_a_json_answer(client: Client) -> None:
    make_text("<script>alert(1)</script>")
    answer = client.get(f"{ROOT}products/jacket-1/texts/", headers={"Accept": "text/html"})
    assert answer["Content-Type"] == "application/json"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer.json()["description"]["text"] == "<script>alert(1)</script>"


def test_shops_own_rest_framework_settings_change_nothing(client: Client, settings: Any) -> None:
    settings.REST_FRAMEWORK = {
        "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
        "EXCEPTION_HANDLER": "nowhere.at.all",
        "DEFAULT_VERSIONING_CLASS": "rest_framework.versioning.AcceptHeaderVersioning",
    }
    assert client.get(f"{ROOT}products/jacket-1/texts/").status_code == 200
    assert client.get(f"{ROOT}products/nothing/texts/").status_code == 404


def test_rate_can_be_set_in_the_shops_settings(client: Client, settings: Any) -> None:
    settings.REST_FRAMEWORK = {"DEFAULT_THROTTLE_RATES": {"ecom_llm_read": "2/min"}}
    codes = [client.get(f"{ROOT}products/jacket-1/texts/").status_code for _ in range(3)]
    assert codes == [200, 200, 429]
    assert "Retry-After" in client.get(f"{ROOT}products/jacket-1/texts/").headers


def test_cache_that_is_down_lets_requests_through(client: Client, settings: Any) -> None:
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:9"}
    }
    assert client.get(f"{ROOT}products/jacket-1/texts/").status_code == 200
