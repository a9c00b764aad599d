"""The simple recommenders: what is popular, and what is bought or seen by the same people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any


class MissingPackageError(Exception):
    """A package that a baseline needs is not installed."""


class Popularity:
    """Recommends what was chosen most, by the newest visits or orders."""

    def __init__(self, visits: Sequence[Sequence[str]], *, share: float = 1.0) -> None:
        """Count.

        Args:
            visits: product ids of each, the oldest first.
            share: of the visits, the newest that count.
        """
        newest = visits[-max(round(len(visits) * share), 1) :]
        counts = Counter(product_id for visit in newest for product_id in set(visit))
        self._ranked = [product_id for product_id, _ in counts.most_common()]

    def recommend(self, given: Sequence[str], limit: int) -> list[str]:
        """Products, best first; none that was given."""
        return [product_id for product_id in self._ranked[: limit + len(given)] if product_id not in given][:limit]


class Cosine:
    """Item-to-item cosine similarity (Sarwar, Karypis, Konstan and Riedl, 2001) as the package `implicit` has it."""

    def __init__(self, visits: Sequence[Sequence[str]], *, neighbours: int = 20) -> None:
        """Learn visits or orders, each as what one user chose.

        Args:
            visits: product ids of each.
            neighbours: the most similar products that are kept of each.

        Raises:
            MissingPackageError: `implicit` is not installed.
        """
        try:
            from implicit.nearest_neighbours import CosineRecommender  # type: ignore[import-not-found,unused-ignore]
            from scipy.sparse import csr_matrix  # type: ignore[import-untyped,import-not-found,unused-ignore]
        except ImportError as error:
            raise MissingPackageError("Item-to-item cosine needs implicit: pip install implicit.") from error
        self._ids = sorted({product_id for visit in visits for product_id in visit})
        self._numbers = {product_id: number for number, product_id in enumerate(self._ids)}
        cells = [(row, self._numbers[item]) for row, visit in enumerate(visits) for item in set(visit)]
        rows, columns = zip(*cells, strict=True)
        self._matrix: Any = csr_matrix
        self._model: Any = CosineRecommender(K=neighbours, num_threads=1)
        shape = (len(visits), len(self._ids))
        self._model.fit(csr_matrix(([1.0] * len(cells), (rows, columns)), shape=shape), show_progress=False)

    def recommend(self, given: Sequence[str], limit: int) -> list[str]:
        """Products, best first; none that was given."""
        known = [self._numbers[product_id] for product_id in dict.fromkeys(given) if product_id in self._numbers]
        if not known:
            return []
        row = self._matrix(([1.0] * len(known), ([0] * len(known), known)), shape=(1, len(self._ids)))
        numbers, scores = self._model.recommend(0, row, N=limit, filter_already_liked_items=True)
        return [self._ids[number] for number, score in zip(numbers, scores, strict=True) if score > 0]
