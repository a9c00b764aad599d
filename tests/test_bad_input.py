"""What goes wrong in any shop sooner or later: each ends in a clear error or a quiet fallback, never a broken page."""

from __future__ import annotations

import json
import pickle
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from celery import Celery
from django.core.management import CommandError, call_command
from django.core.management.base import SystemCheckError
from django.db import connection
from django.test import Client

from ecom_llm.capture import counters, salts
from ecom_llm.capture.visitors import Visitor
from ecom_llm.catalog.adapters.memory import MemoryProduct
from ecom_llm.catalog.plain import describe
from ecom_llm.catalog.registry import get_catalog
from ecom_llm.channels import product_page
from ecom_llm.entities import Consent, EvidenceKind, Kind, ReasonSubject, TextKey
from ecom_llm.generate import wake
from ecom_llm.models import Event, GenerationJob, Text
from ecom_llm.publish.drafts import Draft, store
from ecom_llm.recommend.learning import learn
from shop_demo.celery import app as celery_app
from shop_demo.models import Category, Product
from shop_demo.seeding import seed_catalogue
from tests.conftest import MakeCatalog
from tests.pairs import make_pairs

# Rows must be committed: what is put off until a commit is part of what is tested.
pytestmark = pytest.mark.django_db(transaction=True)

API = "/ecom-llm/api/v1/"
LANGUAGE = "en-gb"
WORDS = "Made with care, and a pleasure to use."
# A page with a dead part behind it may take this long on a busy machine; a client library's own patience is longer.
QUICK_SECONDS = 5
WAITING = GenerationJob.State.WAITING


@pytest.fixture
def shop(transactional_db: None) -> None:
    """The demo shop, learned."""
    seed_catalogue()
    learn()


@pytest.fixture
def undescribed(shop: None) -> Product:
    """A product that the model has yet to describe."""
    return Product.objects.listed().filter(description="", variants=None, stock__gte=5).order_by("position")[0]


@pytest.fixture(autouse=True)
def _own_signals_and_counts() -> Iterator[None]:
    """The worker command takes the signals of the process it runs in."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    counters.reset()
    salts.forget_salt()
    yield
    salts.forget_salt()
    for number, handler in kept.items():
        signal.signal(number, handler)


def work() -> None:
    call_command("ecom_llm_worker", "--once")


def page_of(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


# A product id that does not exist


def test_unknown_product_leaves_no_trace(shop: None, client: Client) -> None:
    assert client.get("/products/no-such-thing/").status_code == 404
    assert client.get(f"{API}products/no-such-thing/texts/").status_code == 404
    events = {"events": [{"kind": "view_item", "product_id": "no-such-thing"}]}
    answer = client.post(f"{API}events/", events, "application/json", headers={"Origin": "http://testserver"})
    assert answer.status_code < 500
    assert not Event.objects.exists()
    assert not GenerationJob.objects.exists()


# A deleted product with texts


@pytest.fixture
def deleted(shop: None) -> tuple[str, Product]:
    """The id of a product that was deleted after texts and pairs were made of it, and the product it went with."""
    seed, gone = Product.objects.listed().filter(description="", variants=None)[:2]
    reason = ReasonSubject(seed.sku, gone.sku, EvidenceKind.VIEWED_AFTER).key
    make_pairs(seed.sku, gone.sku)
    store(TextKey(Kind.DESCRIPTION, gone.sku, LANGUAGE), Draft(body=WORDS, facts={}, cited={}), product_id=gone.sku)
    store(TextKey(Kind.REASON, reason, LANGUAGE), Draft(body=WORDS, facts={}, cited={}), product_id=gone.sku)
    sku = gone.sku
    found = product_page.recommendations(visitor=Visitor("", Consent.NONE), product=seed, language=LANGUAGE)
    assert sku in [rec.product_id for rec in found]
    gone.delete()
    return sku, seed


def test_deleted_product_is_neither_shown_nor_recommended(deleted: tuple[str, Product], client: Client) -> None:
    sku, seed = deleted
    assert client.get(f"/products/{sku}/").status_code == 404
    assert client.get(f"{API}products/{sku}/texts/").status_code == 404
    assert f"/products/{sku}/" not in page_of(client, seed.get_absolute_url())
    assert f"/products/{sku}/" not in page_of(client, "/")
    recommended = client.get(f"{API}recommendations/?product_id={seed.sku}&limit=24").json()["recommendations"]
    assert recommended
    assert sku not in [item["product_id"] for item in recommended]
    beside = client.get(f"{API}products/{seed.sku}/texts/").json()["reasons"]
    assert sku not in [item["product_id"] for item in beside]


def test_texts_of_a_deleted_product_stay_readable_for_staff(deleted: tuple[str, Product], admin_client: Client) -> None:
    sku, _ = deleted
    listed = page_of(admin_client, "/admin/ecom_llm/text/")
    assert sku in listed
    for text in Text.objects.filter(product_id=sku):
        assert WORDS in page_of(admin_client, f"/admin/ecom_llm/text/{text.pk}/change/")
    bodies = json.dumps(admin_client.get(f"{API}texts/").json())
    assert bodies.count(WORDS) >= 2


def test_job_of_a_product_that_was_deleted_meanwhile_is_dropped(undescribed: Product, client: Client) -> None:
    sku = undescribed.sku
    page_of(client, undescribed.get_absolute_url())
    undescribed.delete()
    work()
    assert set(GenerationJob.objects.filter(product_id=sku).values_list("state", flat=True)) == {"expired"}
    assert not Text.objects.filter(subject__contains=sku).exists()


# A product with no attributes


def test_product_without_attributes_keeps_its_plain_sentence_and_costs_no_job(
    undescribed: Product, client: Client
) -> None:
    Product.objects.filter(pk=undescribed.pk).update(attributes={})
    page = page_of(client, undescribed.get_absolute_url())
    assert 'data-ecom-llm-origin="plain"' in page
    texts = client.get(f"{API}products/{undescribed.sku}/texts/").json()
    assert undescribed.name in texts["description"]["text"]
    assert not GenerationJob.objects.filter(kind="description", subject=undescribed.sku).exists()


# A 10,000-character search


def test_search_of_10000_characters_is_cut_before_it_is_kept_or_asked_for(shop: None, client: Client) -> None:
    assert "kettle" in page_of(client, f"/search/?q={'kettle+' * 1_428}")
    kept = Event.objects.get(kind="search").query
    assert 0 < len(kept) <= 100
    work()
    job = GenerationJob.objects.get(kind="search_copy")
    assert job.subject == kept
    assert job.state in {"done", "blocked"}  # the guard may well object to such a search


# Emoji and right-to-left text


@pytest.mark.parametrize(
    "name", ["منديل الريح 🧣", "כלי תה כחול", "🫖👩🏽‍🌾 Kettle", "Å̊ngström Lamp"],
    ids=["Arabic", "Hebrew", "emoji", "combining"],
)  # fmt: skip
def test_any_script_survives_from_product_to_page(
    undescribed: Product, client: Client, admin_client: Client, name: str
) -> None:
    Product.objects.filter(pk=undescribed.pk).update(name=name, attributes={"المادة": "نحاس 🔶", "Colour": "אדום"})
    Category.objects.filter(pk=undescribed.category_id).update(name="🏕️ تخييم")
    page_of(client, undescribed.get_absolute_url())
    work()
    page = page_of(client, undescribed.get_absolute_url())
    (text,) = Text.objects.filter(kind="description", subject=undescribed.sku)
    assert text.published is not None
    assert name in text.published.body
    assert "نحاس 🔶" in text.published.body
    assert text.published.body in page
    assert 'dir="auto"' in page
    assert client.get(f"{API}products/{undescribed.sku}/texts/").json()["description"] == {
        "text": text.published.body, "origin": "model",
    }  # fmt: skip
    assert text.published.body in page_of(admin_client, f"/admin/ecom_llm/text/{text.pk}/change/")


@pytest.mark.parametrize("query", ["🫖", "مصباح", "\u202eelttek"], ids=["emoji", "right-to-left", "override"])
def test_search_in_any_script_is_kept_and_answered(shop: None, client: Client, query: str) -> None:
    Product.objects.filter(sku="kittiwake-stovetop-kettle").update(name=f"Kettle {query}")
    assert client.get("/search/", {"q": query}).status_code == 200
    assert client.get(f"{API}search-copy/", {"q": query}).status_code == 200
    kept = Event.objects.get(kind="search").query
    assert kept == query.replace("\u202e", "")


# A field map that names a missing field


@pytest.fixture
def wrong_field_map(shop: None, settings: Any) -> None:
    """The demo's field map, with a colour that its model does not have."""
    catalog = settings.ECOM_LLM["CATALOG"]["OPTIONS"]
    settings.ECOM_LLM = settings.ECOM_LLM | {
        "CATALOG": {"OPTIONS": catalog | {"facts": {"Colour": "colour_name"}}},
    }


def test_wrong_field_map_is_named_by_the_checks(wrong_field_map: None) -> None:
    with pytest.raises(SystemCheckError) as raised:
        call_command("check")
    said = str(raised.value)
    assert "ecom_llm.E010" in said
    assert "Product has no field 'colour_name'" in said
    assert "keywords" in said  # the fields it does have


def test_wrong_field_map_breaks_no_page(wrong_field_map: None, client: Client) -> None:
    product = Product.objects.listed()[0]
    for path in ("/", "/products/", product.get_absolute_url(), "/search/?q=kettle", "/cart/"):
        page_of(client, path)
    assert counters.read("failures.")


def test_wrong_field_map_stops_the_worker_with_the_reason(wrong_field_map: None) -> None:
    GenerationJob.objects.create(kind="description", subject="a", language=LANGUAGE, expires_at="2999-01-01T00:00Z")
    with pytest.raises(CommandError, match="colour_name"):
        work()
    assert list(GenerationJob.objects.values_list("state", "attempts")) == [(WAITING, 0)]


# A model file that is missing or is a pickle


@pytest.fixture
def use_model(settings: Any) -> Callable[[str], None]:
    """Have the transformers backend load a model from this address."""

    def use(model: str) -> None:
        backend = {"BACKEND": "ecom_llm.generate.backends.transformers.TransformersBackend", "MODEL": model}
        settings.ECOM_LLM = settings.ECOM_LLM | {"BACKENDS": {"default": backend}}

    return use


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("missing.gguf", None, "No model at"),
        ("missing-folder", None, "No model at"),
        ("pytorch_model.bin", pickle.dumps({"weight": 1}), "is a pickle"),
        ("disguised.gguf", pickle.dumps({"weight": 1}), "is not a GGUF file"),
    ],
    ids=["missing file", "missing folder", "pickle", "pickle under another name"],
)
def test_model_that_cannot_be_used_stops_the_worker_and_spends_no_job(
    undescribed: Product,
    client: Client,
    use_model: Callable[[str], None],
    tmp_path: Path,
    name: str,
    content: bytes | None,
    said: str,
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    use_model(str(tmp_path / name))
    page_of(client, undescribed.get_absolute_url())
    with pytest.raises(CommandError, match=said) as raised:
        work()
    assert "safetensors" in str(raised.value)  # what to use instead
    assert GenerationJob.objects.exists()
    assert set(GenerationJob.objects.values_list("state", "attempts", "lease_token")) == {(WAITING, 0, None)}
    assert 'data-ecom-llm-origin="plain"' in page_of(client, undescribed.get_absolute_url())


# A broker that is down


@pytest.fixture
def use_broker(use_settings: Callable[..., None]) -> Iterator[Callable[[str], None]]:
    """Have jobs wake a Celery worker through this broker."""

    def use(url: str) -> None:
        use_settings(GENERATE={"DRIVER": "celery"})
        app = Celery("shop", broker=url, set_as_current=False)
        # It would give up by itself after some seconds; the test need not wait for them.
        app.conf.broker_transport_options = {"max_retries": 1, "interval_start": 0, "interval_step": 0}
        wake.remember_app(app)

    yield use
    wake.remember_app(celery_app)


@contextmanager
def silent_server() -> Iterator[int]:
    """The port of a server that takes connections and never says a word, for longer than a page may wait."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        hang_up = threading.Timer(3 * QUICK_SECONDS, server.close)
        hang_up.start()
        yield server.getsockname()[1]
        hang_up.cancel()


def wait_for_senders() -> None:
    for thread in threading.enumerate():
        if thread.name == "ecom_llm wake":
            thread.join(30)
            assert not thread.is_alive()


def see_page_at_once(client: Client, product: Product) -> None:
    started = time.monotonic()
    page = page_of(client, product.get_absolute_url())
    assert time.monotonic() - started < QUICK_SECONDS
    assert 'data-ecom-llm-origin="plain"' in page
    assert GenerationJob.objects.get(kind="description", subject=product.sku).state == WAITING


def test_broker_that_is_down_delays_no_page_and_loses_no_job(
    undescribed: Product, client: Client, use_broker: Callable[[str], None], caplog: pytest.LogCaptureFixture
) -> None:
    use_broker("redis://127.0.0.1:1/0")
    see_page_at_once(client, undescribed)
    wait_for_senders()
    assert "No worker was woken" in caplog.text
    work()
    assert GenerationJob.objects.get(kind="description", subject=undescribed.sku).state == "done"


def test_broker_that_does_not_answer_delays_no_page_and_loses_no_job(
    undescribed: Product, client: Client, use_broker: Callable[[str], None]
) -> None:
    with silent_server() as port:
        use_broker(f"redis://127.0.0.1:{port}/0")
        see_page_at_once(client, undescribed)
    wait_for_senders()


# A database that is read-only


@contextmanager
def read_only_database() -> Iterator[None]:
    """Have the database itself refuse this connection's writes, as a full disk's or a standby's would."""
    off, on = {
        "sqlite": ("PRAGMA query_only = ON", "PRAGMA query_only = OFF"),
        "postgresql": ("SET default_transaction_read_only = on", "SET default_transaction_read_only = off"),
    }[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(off)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(on)


def test_read_only_database_breaks_no_page_and_drops_events_by_count(undescribed: Product, client: Client) -> None:
    key = TextKey(Kind.DESCRIPTION, undescribed.sku, LANGUAGE)
    store(key, Draft(body=WORDS, facts={}, cited={}), product_id=undescribed.sku)
    other = Product.objects.listed().filter(description="").exclude(pk=undescribed.pk)[0]
    with read_only_database():
        assert WORDS in page_of(client, undescribed.get_absolute_url())
        assert describe(get_catalog().facts(other), LANGUAGE) in unescape(page_of(client, other.get_absolute_url()))
        for path in ("/", "/products/", "/search/?q=kettle", "/cart/"):
            page_of(client, path)
        added = client.post("/cart/add/", {"sku": undescribed.sku, "quantity": 1, "product": undescribed.sku})
        assert added.status_code == 302
        assert undescribed.name in page_of(client, "/cart/")
    assert sum(counters.read("events.dropped.").values()) == 4
    assert not Event.objects.exists()


def test_api_of_a_read_only_database_reads_on_or_says_so(undescribed: Product, client: Client) -> None:
    client.raise_request_exception = False
    events = {"events": [{"kind": "view_item", "product_id": undescribed.sku}]}
    with read_only_database():
        answers = [
            client.get(f"{API}products/{undescribed.sku}/texts/"),
            client.get(f"{API}recommendations/", {"product_id": undescribed.sku}),
            client.get(f"{API}search-copy/", {"q": "kettle"}),
            client.post(f"{API}events/", events, "application/json", headers={"Origin": "http://testserver"}),
        ]
    assert [answer.status_code for answer in answers if answer.status_code not in (200, 202, 503)] == []
    assert {answer["Content-Type"] for answer in answers} == {"application/json"}
    assert not Event.objects.exists()


def test_worker_of_a_read_only_database_says_so(undescribed: Product, client: Client) -> None:
    page_of(client, undescribed.get_absolute_url())
    with read_only_database(), pytest.raises(CommandError, match="database"):
        work()
    assert set(GenerationJob.objects.values_list("state", "attempts")) == {(WAITING, 0)}


# A shop whose catalogue knows neither names nor categories


def test_product_with_nothing_but_an_id_breaks_nothing(memory_catalog: MakeCatalog, client: Client) -> None:
    memory_catalog([MemoryProduct(id="bare", name=""), MemoryProduct(id="other", name="Other", category="Things")])
    learn()
    texts = client.get(f"{API}products/bare/texts/")
    assert (texts.status_code, texts.json()["is_pending"]) == (200, False)
    assert client.get(f"{API}recommendations/", {"product_id": "bare"}).status_code == 200
    assert not GenerationJob.objects.exists()
