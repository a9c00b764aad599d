"""The contract between ecom_llm and a shop's catalogue."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from ecom_llm.entities import Offer, ProductFacts

MAX_ID_CHARACTERS = 100


class CatalogAdapter(ABC):
    """Maps a shop's own catalogue. Subclass it, then prove it with `ecom_llm.testing.CatalogContract`.

    Products are the shop's own objects; ids are strings of at most 100 characters, none of them a control
    character. A variant is not a product
    of its own here: `resolve` gives its parent.
    """

    supports_updated_since: bool = False
    """Whether `iter_ids` can leave out products that have not changed."""

    supports_search: bool = False
    """Whether `search` finds anything."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        """Make the adapter.

        Args:
            options: `CATALOG["OPTIONS"]`.

        Raises:
            ConfigurationError: an option is unknown or wrong.
        """
        self.options = options

    @abstractmethod
    def get(self, product_id: str) -> Any:
        """The shop's own object.

        Raises:
            ProductNotFoundError: there is none, or it is a variant.
        """

    @abstractmethod
    def in_bulk(self, product_ids: Iterable[str]) -> dict[str, Any]:
        """The objects of these ids, in one query; ids that are not there are left out."""

    @abstractmethod
    def iter_ids(self, updated_since: datetime | None = None) -> Iterator[str]:
        """Every visible product's id, variants left out, in a stable order and with flat memory.

        Args:
            updated_since: only products changed at or after it, where the adapter can tell.
        """

    @abstractmethod
    def product_id(self, product: Any) -> str:
        """The id of a shop's object; a variant's own, not its parent's."""

    @abstractmethod
    def facts(self, product: Any) -> ProductFacts:
        """What may be said about it. Runs no query for a product that came from `get` or `in_bulk`."""

    @abstractmethod
    def offer(self, product: Any) -> Offer:
        """What it costs and whether it can be had now."""

    def is_available(self, product: Any) -> bool:
        """Whether it can be had now, as its offer says; override it where that alone is quicker to tell."""
        return self.offer(product).is_available

    @abstractmethod
    def url(self, product: Any) -> str:
        """The path or address of its page."""

    @abstractmethod
    def image_url(self, product: Any) -> str:
        """The path or address of its picture; empty when it has none."""

    @abstractmethod
    def is_visible(self, product: Any) -> bool:
        """Whether shoppers may see it."""

    @abstractmethod
    def resolve(self, obj_or_id: Any) -> Any | None:
        """The product that an object or id stands for; a variant's parent; None for anything else."""

    def parent_ids(self, product_ids: Iterable[str]) -> dict[str, str]:
        """Map ids to their products' ids, a variant's to its parent's; unknown ids are left out.

        As it stands, one query and one more for each id that is no product's own. Events are resolved with it,
        thousands at a time: override it where one query can do.
        """
        wanted = {product_id for product_id in product_ids if 0 < len(product_id) <= MAX_ID_CHARACTERS}
        found = {product_id: product_id for product_id in self.in_bulk(wanted)} if wanted else {}
        for product_id in wanted - found.keys():
            product = self.resolve(product_id)
            if product is not None:
                found[product_id] = self.product_id(product)
        return found

    @abstractmethod
    def is_product(self, obj: Any) -> bool:
        """Whether an object, say from a template's context, is one of this catalogue's products or variants."""

    def search(self, query: str, limit: int) -> list[Any]:
        """Visible products for a shopper's words, best first.

        Args:
            query: as typed.
            limit: the most to return.
        """
        del query, limit
        return []

    def check(self) -> list[str]:
        """What is wrong with the options, for `manage.py check`; must run no query."""
        return []
