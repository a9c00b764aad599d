"""ModelCatalog keeps the contract on the demo shop's products, and refuses options that cannot work."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ecom_llm.catalog.adapters.model import ModelCatalog
from ecom_llm.exceptions import ConfigurationError, FieldMapError, ProductNotFoundError
from ecom_llm.testing import CatalogCase, CatalogContract
from shop_demo.models import Category, Product

OPTIONS: dict[str, Any] = django_settings.ECOM_LLM["CATALOG"]["OPTIONS"]


def add_product(sku: str, name: str, category: Category, **fields: Any) -> Product:
    defaults = {"price": Decimal("12.50"), "stock": 3}
    return Product.objects.create(sku=sku, name=name, category=category, **{**defaults, **fields})


@pytest.fixture
def kettles(db: None) -> Category:
    return Category.objects.create(slug="kettles", name="Kettles")


@pytest.fixture
def kettle(kettles: Category) -> Product:
    return add_product("tin-kettle", "Tin Kettle", kettles, attributes={"Material": "steel", "Capacity": "0.9 l"})


class TestModelCatalog(CatalogContract):
    @pytest.fixture
    def adapter(self, kettles: Category, kettle: Product) -> ModelCatalog:
        add_product("small-kettle", "Small Kettle", kettles, attributes={"Lids": 2, "Whistle": True})
        add_product("plain-kettle", "Plain Kettle", kettles)
        add_product("hidden-kettle", "Hidden Kettle", kettles, is_visible=False)
        add_product("tin-kettle-red", "Tin Kettle, red", kettles, parent=kettle, choice="red")
        return ModelCatalog(OPTIONS)

    @pytest.fixture
    def case(self) -> CatalogCase:
        return CatalogCase(
            visible_id="tin-kettle",
            hidden_id="hidden-kettle",
            variant_id="tin-kettle-red",
            parent_id="tin-kettle",
            query="kettle",
        )


class TestModelCatalogByPrimaryKey(CatalogContract):
    """The smallest field map: numbers for ids, nothing but names and one fact."""

    @pytest.fixture
    def adapter(self, kettles: Category, kettle: Product) -> ModelCatalog:
        add_product("other", "Other Kettle", kettles)
        fields = {"updated_at": "updated_at"}
        return ModelCatalog({"model": Product, "fields": fields, "facts": {"Currency": "currency"}})

    @pytest.fixture
    def case(self, kettle: Product) -> CatalogCase:
        return CatalogCase(visible_id=str(kettle.pk))


def test_facts_come_from_fields_paths_json_keys_and_callables(kettle: Product) -> None:
    catalog = ModelCatalog(
        {
            "model": "shop_demo.Product",
            "facts": {
                "Department": "category.name",
                "Capacity": "attributes.Capacity",
                "Available": "is_available",
                "Letters": lambda product: len(product.name),
                "Missing": "attributes.Colour",
            },
        }
    )
    facts = {fact.name: (fact.value, fact.source) for fact in catalog.facts(kettle).facts}
    letters = facts.pop("Letters")
    assert facts == {
        "Department": ("Kettles", "category.name"),
        "Capacity": ("0.9 l", "attributes.Capacity"),
        "Available": ("yes", "is_available"),
    }
    assert letters[0] == "10"
    assert "lambda" in letters[1]


def count_letters(product: Product) -> int:
    return len(product.name)


def test_callable_may_be_named(kettle: Product) -> None:
    name = f"{__name__}:count_letters"
    catalog = ModelCatalog({"model": "shop_demo.Product", "facts": {"Letters": name}})
    (fact,) = catalog.facts(kettle).facts
    assert (fact.value, fact.source) == ("10", name)


@pytest.mark.parametrize("attributes", [{}, {"Colour": ""}, {"Colour": None}, {"Colour": []}, {"Colour": {"a": 1}}])
def test_product_that_says_nothing_has_no_facts(kettle: Product, attributes: dict[str, Any]) -> None:
    kettle.attributes = attributes
    assert ModelCatalog(OPTIONS).facts(kettle).facts == ()


def test_attributes_that_are_no_dict_are_passed_over(kettle: Product) -> None:
    kettle.attributes = ["steel"]
    assert ModelCatalog(OPTIONS).facts(kettle).facts == ()


def test_values_read_as_a_shopper_would(kettle: Product) -> None:
    kettle.attributes = {
        "Lids": 2,
        "Weight": Decimal("1.50"),
        "Whistle": False,
        "Colours": ["red", "blue"],
        "Ø": "  a  b ",
    }
    values = {fact.name: fact.value for fact in ModelCatalog(OPTIONS).facts(kettle).facts}
    assert values == {"Lids": "2", "Weight": "1.5", "Whistle": "no", "Colours": "red, blue", "Ø": "a b"}


def test_changed_fact_changes_the_hash(kettle: Product) -> None:
    catalog = ModelCatalog(OPTIONS)
    before = catalog.facts(kettle).content_hash
    kettle.attributes = {**kettle.attributes, "Capacity": "1 l"}
    assert catalog.facts(kettle).content_hash != before


def test_price_and_stock_leave_the_hash_alone(kettle: Product) -> None:
    catalog = ModelCatalog(OPTIONS)
    before = catalog.facts(kettle).content_hash
    kettle.price, kettle.stock = Decimal(1), 0
    assert catalog.facts(kettle).content_hash == before
    assert catalog.offer(kettle).is_available is False


@pytest.mark.parametrize(
    ("value", "price", "is_told"),
    [("12.50", Decimal("12.50"), False), (12, Decimal(12), False), ("", None, False), ("on request", None, True)],
)
def test_price_that_is_no_number_is_none_and_is_told_without_its_words(
    kettle: Product, caplog: pytest.LogCaptureFixture, value: object, price: Decimal | None, is_told: bool
) -> None:
    catalog = ModelCatalog({"model": Product, "fields": {"price": lambda product: value}})
    assert catalog.offer(kettle).price == price
    assert bool(caplog.records) is is_told
    assert "on request" not in caplog.text


def test_filter_hides_products_altogether(kettle: Product) -> None:
    catalog = ModelCatalog({**OPTIONS, "filter": {"stock__gt": 100}})
    assert list(catalog.iter_ids()) == []
    with pytest.raises(ProductNotFoundError, match="tin-kettle"):
        catalog.get("tin-kettle")


def test_missing_field_is_named_with_the_known_ones() -> None:
    options = {**OPTIONS, "fields": {"name": "titel"}}
    with pytest.raises(FieldMapError, match=r"Product has no field 'titel' .*category, .*name, .*sku"):
        ModelCatalog(options)


def test_missing_field_behind_a_relation_is_named_with_its_model() -> None:
    with pytest.raises(FieldMapError, match=r"Category has no field 'nam' .*blurb.*slug"):
        ModelCatalog({**OPTIONS, "fields": {"category": "category.nam"}})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model": "shop_demo.Prodct"}, "shop_demo.Prodct"),
        ({"model": None}, "app.Model"),
        ({"model": "Product"}, "app.Model"),
        ({"modell": "shop_demo.Product"}, "'modell' is not a key .*model"),
        ({"id": "isbn"}, "Product has no field 'isbn'"),
        ({"parent": "mother"}, "Product has no field 'mother'"),
        ({"fields": {"titel": "name"}}, "'titel' is not a key .*name"),
        ({"fields": {"name": 3}}, "3 is neither a field nor a callable"),
        ({"fields": {"name": ""}}, "'' is neither a field nor a callable"),
        ({"facts": {"Colour": "colour"}}, "Colour: Product has no field 'colour'"),
        ({"facts": {"Colour": "no.such.module:function"}}, "cannot be imported"),
        ({"facts": {"Colour": "shop_demo.models:__all__"}}, "is not callable"),
        ({"attributes": "specs"}, "Product has no field 'specs'"),
    ],
)
def test_wrong_options_are_refused_clearly(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        ModelCatalog({**OPTIONS, **change})


def test_products_by_id_are_found_by_the_index_of_their_ids(kettle: Product) -> None:
    """Asked to leave out variants as well, SQLite would go through all products by the index of their parents."""
    plan = "\n".join(
        str(row)
        for query in captured_queries(lambda: ModelCatalog(OPTIONS).in_bulk(["tin-kettle", "small-kettle"]))
        for row in explained(query)
    )
    assert "parent" not in plan


def test_ids_of_a_key_that_is_a_relation_have_its_limits(kettle: Product) -> None:
    catalog = ModelCatalog({"model": Product, "id": "category", "fields": {"name": "name"}})
    assert catalog.in_bulk([str(2**63), str(-(2**63) - 1), "letters"]) == {}


def captured_queries(action: Callable[[], object]) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        action()
    return [query["sql"] for query in captured]


def explained(query: str) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(("EXPLAIN QUERY PLAN " if connection.vendor == "sqlite" else "EXPLAIN ") + query)
        return list(cursor.fetchall())
