"""The keys and values of a batch's rows: one block a layer, written in place, its rows replaced as they finish."""

from __future__ import annotations

from typing import Any

import torch
from transformers.cache_utils import Cache, CacheLayerMixin


class RowLayer(CacheLayerMixin):
    """One layer: shape (rows, key heads, capacity, head size), filled up to `width` columns."""

    def __init__(self, capacity: int) -> None:
        super().__init__()
        self._capacity = capacity
        self.width = 0

    def lazy_initialization(self, key_states: torch.Tensor, value_states: torch.Tensor) -> None:
        """Take room for the rows that come first."""
        rows, heads, _, size = key_states.shape
        self.keys = key_states.new_zeros(rows, heads, self._capacity, size)
        self.values = value_states.new_zeros(rows, heads, self._capacity, value_states.shape[-1])
        self.is_initialized = True

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Write columns behind the last, and return all that are filled; nothing is copied."""
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        end = self.width + key_states.shape[2]
        self.keys[:, :, self.width : end] = key_states
        self.values[:, :, self.width : end] = value_states
        self.width = end
        return self.keys[:, :, :end], self.values[:, :, :end]

    def get_seq_length(self) -> int:
        """Columns filled."""
        return self.width

    def get_max_length(self) -> int:
        """Columns there is room for."""
        return self._capacity

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        """Width of a mask and its offset; the engine makes its masks itself."""
        return self.width + query_length, 0

    def replace(self, slots: torch.Tensor, newcomer: RowLayer) -> None:
        """Put newly read rows into slots, their last tokens in the last filled column.

        Args:
            slots: which rows they replace, shape (new rows).
            newcomer: their layer, no wider than this one.
        """
        columns = slice(self.width - newcomer.width, self.width)
        self.keys[slots, :, columns] = newcomer.keys[:, :, : newcomer.width]
        self.values[slots, :, columns] = newcomer.values[:, :, : newcomer.width]

    def keep(self, slots: torch.Tensor) -> None:
        """Keep these rows only, in this order."""
        self.keys = self.keys[slots]
        self.values = self.values[slots]

    def shift(self, columns: int) -> None:
        """Drop the first columns, which no row uses any more."""
        end = self.width - columns
        self.keys[:, :, :end] = self.keys[:, :, columns : self.width].clone()
        self.values[:, :, :end] = self.values[:, :, columns : self.width].clone()
        self.width = end


class RowCache(Cache):
    """A layer for each of the model's."""

    layers: list[RowLayer]

    def __init__(self, layers: int, capacity: int) -> None:
        """Make a cache.

        Args:
            layers: of the model.
            capacity: columns, so tokens of the longest row and what lies beside it.
        """
        super().__init__(layers=[RowLayer(capacity) for _ in range(layers)])

    @property
    def width(self) -> int:
        """Columns filled."""
        return self.layers[0].width

    def replace(self, slots: torch.Tensor, newcomer: RowCache) -> None:
        """See `RowLayer.replace`."""
        for layer, other in zip(self.layers, newcomer.layers, strict=True):
            layer.replace(slots, other)

    def keep(self, slots: torch.Tensor) -> None:
        """See `RowLayer.keep`."""
        for layer in self.layers:
            layer.keep(slots)

    def shift(self, columns: int) -> None:
        """See `RowLayer.shift`."""
        for layer in self.layers:
            layer.shift(columns)
