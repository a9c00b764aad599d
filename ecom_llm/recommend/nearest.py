"""Which products are most alike: what the two ways of comparing them, vectors and words, have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

# Products that a list may be made from; sharing attributes decides among them.
NEAREST = 48

Neighbours = list[tuple[str, float]]


class NearestIndex(Protocol):
    """All products of a shop in memory, to be compared with each other."""

    # Below it two products are not alike.
    floor: float

    def __contains__(self, product_id: object) -> bool:
        """Whether it holds a product."""

    def __len__(self) -> int:
        """How many products it holds."""

    def put(self, product_id: str, packed: bytes) -> None:
        """Add a product or change it.

        Args:
            product_id: which.
            packed: `ProductVector.vector`.
        """

    def discard(self, product_id: str) -> None:
        """Take a product out, if it is there."""

    def find(self, product_ids: Sequence[str], limit: int = NEAREST) -> list[Neighbours]:
        """The most similar products of each, most similar first, from the floor to about 1; never the product itself.

        Args:
            product_ids: that the index holds.
            limit: of each.
        """
