"""Finds what two products have in common, the same for the ranking and for whoever words it later."""

from __future__ import annotations

from ecom_llm.entities import Fact, ProductFacts

# The name under which a shared category counts as a shared attribute.
CATEGORY = "category"
# Such a value makes no sentence: "same dishwasher safe: yes".
_FLAGS = frozenset({
    "yes", "no", "true", "false", "none", "n/a", "-", "ja", "nein", "wahr", "falsch", "oui", "non", "vrai", "faux",
})  # fmt: skip


def shared_attributes(seed: ProductFacts, product: ProductFacts) -> list[Fact]:
    """Attributes with the same name and value in both, in the product's order.

    Yes-or-no values are left out, and so are values with a number unless the two are in one category: that a pot
    weighs what a jacket does links nothing.
    """
    of_seed = {(_key(fact.name), _key(fact.value)) for fact in seed.facts}
    are_alike = is_same_category(seed, product)
    return [
        fact
        for fact in product.facts
        if (_key(fact.name), _key(fact.value)) in of_seed
        and _key(fact.value) not in _FLAGS
        and (are_alike or not _has_number(fact))
    ]


def shared_attribute(seed: ProductFacts, product: ProductFacts) -> tuple[str, str] | None:
    """The one thing to name that both products have in common.

    An attribute in words comes before one with a number, as two products rarely go together for their weight;
    the category comes last.

    Returns:
        The attribute's name and value as the product has them; None when they share nothing.
    """
    shared = shared_attributes(seed, product)
    if shared:
        best = min(shared, key=_has_number)
        return best.name, best.value
    return (CATEGORY, product.category) if is_same_category(seed, product) else None


def is_same_category(seed: ProductFacts, product: ProductFacts) -> bool:
    """Whether both are in one category; products without a category are not."""
    return bool(seed.category) and _key(seed.category) == _key(product.category)


def _has_number(fact: Fact) -> bool:
    return any(char.isdigit() for char in fact.value)


def _key(text: str) -> str:
    return " ".join(text.split()).casefold()
