"""A catalogue held in memory: for tests, and for shops whose products live in another system."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from ecom_llm.catalog.adapters.base import CatalogAdapter
from ecom_llm.entities import Fact, Offer, ProductFacts
from ecom_llm.exceptions import ConfigurationError, ProductNotFoundError


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryProduct:
    """One product of a `MemoryCatalog`; an option `products` of dicts with these keys makes them."""

    id: str
    name: str
    category: str = ""
    attributes: Mapping[str, Any] | None = None
    description: str = ""
    price: Decimal | None = None
    currency: str = ""
    is_available: bool = True
    is_visible: bool = True
    parent_id: str = ""
    url: str = ""
    image_url: str = ""
    updated_at: datetime | None = None


class MemoryCatalog(CatalogAdapter):
    """Products from `OPTIONS["products"]`, a list of dicts or of `MemoryProduct`."""

    supports_updated_since = True
    supports_search = True

    def __init__(self, options: Mapping[str, Any]) -> None:
        super().__init__(options)
        if unknown := set(options) - {"products"}:
            raise ConfigurationError(f"MemoryCatalog has no option {sorted(unknown)[0]!r}; it takes 'products'.")
        products = [self._make(item) for item in options.get("products", ())]
        self._products = {product.id: product for product in products}

    @staticmethod
    def _make(item: MemoryProduct | Mapping[str, Any]) -> MemoryProduct:
        if isinstance(item, MemoryProduct):
            return item
        try:
            return MemoryProduct(**item)
        except TypeError as error:
            raise ConfigurationError(f"MemoryCatalog: product {dict(item)!r}: {error}") from error

    def get(self, product_id: str) -> MemoryProduct:
        product = self._products.get(str(product_id))
        if product is None or product.parent_id:
            raise ProductNotFoundError(f"No product has the id {product_id!r}.")
        return product

    def in_bulk(self, product_ids: Iterable[str]) -> dict[str, MemoryProduct]:
        found = (self._products.get(product_id) for product_id in product_ids)
        return {product.id: product for product in found if product and not product.parent_id}

    def iter_ids(self, updated_since: datetime | None = None) -> Iterator[str]:
        for product in list(self._products.values()):
            is_old = updated_since and product.updated_at and product.updated_at < updated_since
            if product.is_visible and not product.parent_id and not is_old:
                yield product.id

    def product_id(self, product: Any) -> str:
        return str(product.id)

    def facts(self, product: Any) -> ProductFacts:
        named = ((str(key), str(value).strip()) for key, value in (product.attributes or {}).items())
        facts = tuple(Fact(key, value, f"attributes.{key}") for key, value in named if value)
        return ProductFacts(product.id, product.name, product.category, facts, product.description)

    def offer(self, product: Any) -> Offer:
        return Offer(product.price, product.currency, product.is_available)

    def url(self, product: Any) -> str:
        return str(product.url)

    def image_url(self, product: Any) -> str:
        return str(product.image_url)

    def is_visible(self, product: Any) -> bool:
        return bool(product.is_visible)

    def resolve(self, obj_or_id: Any) -> MemoryProduct | None:
        product = obj_or_id if self.is_product(obj_or_id) else self._products.get(str(obj_or_id))
        if product is not None and product.parent_id:
            return self._products.get(product.parent_id)
        return product

    def is_product(self, obj: Any) -> bool:
        return isinstance(obj, MemoryProduct)

    def search(self, query: str, limit: int) -> list[MemoryProduct]:
        words = query.casefold().split()
        found = [
            product
            for product in self._products.values()
            if words and product.is_visible and not product.parent_id
            and all(word in f"{product.name} {product.category}".casefold() for word in words)
        ]  # fmt: skip
        return found[:limit]
