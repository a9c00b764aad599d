"""Visits and orders on disk, in a file without a name, to be gone through several times."""

from __future__ import annotations

import marshal
import tempfile
from collections.abc import Iterator
from types import TracebackType
from typing import IO, NamedTuple

from ecom_llm.recommend.pair_table import Numbering
from ecom_llm.recommend.visits import Learned, Visit


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
        self.pairs = 0

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
        else:
            products, added = tuple(map(number, sorted(item.products))), ()
        if len(products) > 1:
            self.pairs += len(products) * (len(products) - 1)
            marshal.dump((isinstance(item, Visit), weight, products, added), self._file)

    def read(self) -> Iterator[Spooled]:
        """All of them from the beginning."""
        self._file.seek(0)
        while True:
            try:
                yield Spooled(*marshal.load(self._file))  # noqa: S302 - this process wrote it
            except EOFError:
                return
