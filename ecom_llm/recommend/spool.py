"""Visits and orders on disk, in a file without a name, to be gone through several times."""

from __future__ import annotations

import marshal
import math
import tempfile
from collections import defaultdict
from collections.abc import Collection, Iterator
from types import TracebackType
from typing import IO, NamedTuple

from ecom_llm.recommend.contributions import ORDER_PRODUCTS
from ecom_llm.recommend.pair_table import Numbering
from ecom_llm.recommend.visits import Learned, Visit

# Of so many pairs one is noted down, to tell how many different ones there are: those the sum of whose numbers this
# divides, so that every product has its share of them.
SAMPLING = 64
_SHIFT = 31


class Spooled(NamedTuple):
    """A visit or an order, by the numbers of its products.

    Attributes:
        is_visit: else it is an order.
        weight: what recency leaves of it.
        products: oldest first for a visit.
        added: put into the cart.
    """

    is_visit: bool
    weight: float
    products: tuple[int, ...]
    added: tuple[int, ...]


class Spool:
    """Written once, read as often as needed; some 30 bytes an event. No visitor is in it."""

    def __init__(self, numbering: Numbering) -> None:
        self._numbering = numbering
        self._file: IO[bytes] = tempfile.TemporaryFile(prefix="ecom_llm")  # noqa: SIM115 - closed in `__exit__`
        self._shown = 0
        # Each once, whichever of the two is the seed.
        self._sampled: set[int] = set()

    @property
    def pairs(self) -> int:
        """About how many different pairs there are, rather too many than too few.

        Far fewer than what visits and orders show in all: the more of them, the more often the same.
        """
        products = len(self._numbering)
        sampled = len(self._sampled)
        # Three standard deviations more.
        estimated = 2 * SAMPLING * math.ceil(sampled + 3 * math.sqrt(sampled) + 3)
        return min(self._shown, products * (products - 1), estimated)

    def __enter__(self) -> Spool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._file.close()

    def write(self, item: Learned, weight: float, limit: int) -> None:
        """Add a visit or an order.

        Args:
            item: it.
            weight: what recency leaves of it.
            limit: the newest products of a visit that count.
        """
        number = self._numbering.number
        if isinstance(item, Visit):
            products = tuple(map(number, item.products[-limit:]))
            added = tuple(map(number, sorted(item.added)))
        elif len(item.products) > ORDER_PRODUCTS:
            # No pair is counted of it.
            return
        else:
            products, added = tuple(map(number, sorted(item.products))), ()
        if len(products) > 1:
            self._note(frozenset(products))
            marshal.dump((isinstance(item, Visit), weight, products, added), self._file)

    def _note(self, products: Collection[int]) -> None:
        self._shown += len(products) * (len(products) - 1)
        by_rest: defaultdict[int, list[int]] = defaultdict(list)
        for product in products:
            by_rest[product % SAMPLING].append(product)
        for product in products:
            others = by_rest.get(-product % SAMPLING, ())
            self._sampled.update(product << _SHIFT | other for other in others if other > product)

    def read(self) -> Iterator[Spooled]:
        """All of them from the beginning."""
        self._file.seek(0)
        while True:
            try:
                yield Spooled(*marshal.load(self._file))  # noqa: S302 - this process wrote it
            except EOFError:
                return
