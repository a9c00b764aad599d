from __future__ import annotations

from decimal import Decimal

import pytest
from django.test import Client

from ecom_llm.catalog.adapters.memory import MemoryProduct
from ecom_llm.recommend.learning import learn
from tests.api.conftest import ROOT
from tests.conftest import MakeCatalog
from tests.pairs import make_pairs


def test_recommendation_carries_evidence_words_and_a_live_offer(client: Client) -> None:
    make_pairs("jacket-1", "kettle-1")
    answer = client.get(f"{ROOT}recommendations/?product_id=jacket-1")
    assert answer["Cache-Control"] == "private, no-store"
    first = answer.json()["recommendations"][0]
    assert first["product_id"] == "kettle-1"
    assert first["name"] == "Morning Pour-over Kettle"
    assert first["url"] == "/products/kettle-1/"
    assert (first["price"], first["currency"], first["is_available"]) == ("54.50", "EUR", True)
    assert first["evidence"]["kind"] == "viewed_after"
    assert first["evidence"]["seed_id"] == "jacket-1"
    assert first["evidence"]["support"] == 5
    assert first["evidence"]["lift"] > 0
    assert first["reason"]
    assert first["why"].startswith("Shoppers who viewed Harbour Rain Jacket went on to Morning Pour-over Kettle.")
    assert "We counted 5 visits." in first["why"]
    assert answer.json()["personal"] is True
    assert first["origin"] == "plain"


def test_fresh_shop_recommends_without_any_parameter(client: Client) -> None:
    learn()
    assert client.get(f"{ROOT}recommendations/?limit=2").json()["recommendations"]


def test_limit_holds(client: Client) -> None:
    learn()
    assert len(client.get(f"{ROOT}recommendations/?limit=1").json()["recommendations"]) == 1


@pytest.mark.parametrize("limit", ["0", "-1", "25", "1e3", "four", "9" * 400])
def test_limit_out_of_range_is_named(client: Client, limit: str) -> None:
    answer = client.get(f"{ROOT}recommendations/?limit={limit}")
    assert answer.status_code == 400
    assert list(answer.json()) == ["limit"]


@pytest.mark.parametrize("product_id", ["nothing", "hidden-1", "x" * 5000])
def test_unknown_product_is_404(client: Client, product_id: str) -> None:
    assert client.get(f"{ROOT}recommendations/?product_id={product_id}").status_code == 404


@pytest.mark.parametrize("query", ["jacket " * 1500, "🧥" * 100, "סוודר", "<script>", "'; drop table", "%%"])
def test_any_search_is_answered(client: Client, query: str) -> None:
    assert client.get(f"{ROOT}recommendations/", {"query": query}).status_code == 200


def test_nul_in_a_search_is_refused(client: Client) -> None:
    assert client.get(f"{ROOT}recommendations/?query=%00").status_code == 400


def test_price_finer_than_cents_is_shown(client: Client, memory_catalog: MakeCatalog) -> None:
    memory_catalog([MemoryProduct(id="a", name="A"), MemoryProduct(id="b", name="B", price=Decimal("1.005"))])
    make_pairs("a", "b")
    answer = client.get(f"{ROOT}recommendations/?product_id=a")
    assert answer.status_code == 200
