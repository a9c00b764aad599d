"""Finds the products of imported events, thousands at a time; what is known of an id is remembered."""

from __future__ import annotations

from collections.abc import Iterable

from ecom_llm.capture.storing import resolve_ids

# A catalogue's worth; a file of more products than that asks again now and then.
REMEMBERED_IDS = 100_000


class KnownProducts:
    """What the catalogue says of product ids."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._parents: dict[str, str | None] = {}

    def parents(self, product_ids: Iterable[str]) -> dict[str, str | None]:
        """Map ids to their products' ids, a variant's to its parent's, and one that nothing is known of to None.

        Args:
            product_ids: of a batch; they are looked up together.

        Raises:
            DatabaseError: the catalogue's database is away.
        """
        wanted = set(product_ids)
        new = wanted - self._parents.keys()
        if new:
            found = resolve_ids(new)
            if len(self._parents) + len(new) > REMEMBERED_IDS:
                self._parents = {product_id: self._parents[product_id] for product_id in wanted - new}
            self._parents.update({product_id: found.get(product_id) for product_id in new})
        return self._parents
