"""The first grounding rule: a number or unit that no fact holds blocks, and so does every price."""

from __future__ import annotations

from collections.abc import Iterator

from ecom_llm.entities import Finding
from ecom_llm.guard.quantities import Quantity, Sort
from ecom_llm.guard.reading import Reading

# "The two", "these three": said of the products themselves.
_POINTING = frozenset({"the", "these", "those", "all", "both"})


def check_numbers(reading: Reading) -> Iterator[Finding]:
    """Codes `number.unsupported` and `price.mentioned`.

    A number with a unit needs one fact with both; conversions that are exact count (0.42 kg is 420 g). A number
    without a unit needs a fact with the number. A price changes without the text, so it never stands in one.
    """
    for quantity in reading.quantities:
        span = (quantity.start, quantity.end)
        if quantity.sort is Sort.PRICE:
            yield reading.block("price.mentioned", "Prices are shown live, never in a text.", *span)
        elif not reading.support.has_quantity(quantity) and not _counts_products(reading, quantity):
            yield reading.block("number.unsupported", f"No fact says “{quantity.words}”.", *span)


def _counts_products(reading: Reading, quantity: Quantity) -> bool:
    if not quantity.is_word or quantity.unit or len(reading.products) not in quantity.numbers:
        return False
    before = [word.text for word in reading.words if word.end <= quantity.start]
    return bool(before) and before[-1] in _POINTING
