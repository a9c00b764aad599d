"""What a text is made from: the products it is about, the evidence, and the plain sentence that stands in for it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ecom_llm.catalog.adapters.base import CatalogAdapter
from ecom_llm.catalog.plain import describe
from ecom_llm.catalog.plain_search import describe_search
from ecom_llm.catalog.registry import get_catalog
from ecom_llm.entities import Evidence, EvidenceKind, Kind, ProductFacts, ReasonSubject, TextKey
from ecom_llm.exceptions import ProductNotFoundError
from ecom_llm.generate.phrases import for_prompt, has_features
from ecom_llm.recommend.sentences import explain
from ecom_llm.recommend.shared import shared_attribute

SEARCH_PRODUCTS = 6
# Measured: a small model joins this many features without inventing one.
DESCRIPTION_FEATURES = 3
REASON_FEATURES = 2
# Words in which the prompt tells of evidence, beside those that the guard lets any text join its facts with.
EVIDENCE_WORDS = {EvidenceKind.ADDED_TOGETHER: ("added to the cart",), EvidenceKind.SIMILAR: ("similar",)}


@dataclass(frozen=True, slots=True)
class Material:
    """Everything that one prompt may know. No visitor's data is in it.

    Attributes:
        key: which text.
        products: the facts of each product it may speak of; the text's own product comes first.
        plain: the plain sentence.
        variables: what the prompt template is filled with.
        allowed: words beside the facts that the text may use: the query, or those of the evidence.
        hash: changes whenever any of it does.
    """

    key: TextKey
    products: tuple[ProductFacts, ...]
    plain: str
    variables: Mapping[str, Any]
    allowed: tuple[str, ...] = ()

    @property
    def hash(self) -> str:
        """SHA-256 (hexadecimal) of the facts, so that equal hashes mean that nothing to write from has changed."""
        parts = [self.key.kind, self.key.subject, self.key.language, *(item.content_hash for item in self.products)]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    @property
    def is_sayable(self) -> bool:
        """Whether there is anything to write from; see `phrases.has_features`."""
        return self.key.kind == Kind.SEARCH_COPY or has_features(self.products[0])

    @property
    def product_id(self) -> str:
        """The product whose page the text belongs to; empty for search copy."""
        return "" if self.key.kind == Kind.SEARCH_COPY else self.products[0].product_id


def gather(key: TextKey) -> Material:
    """Read what a text is made from.

    Args:
        key: which text.

    Raises:
        ProductNotFoundError: a product it is about is gone or hidden, or a search finds nothing.
    """
    found = gather_all([key])
    if key not in found:
        raise ProductNotFoundError(f"{key.kind} {key.subject}: its products are gone or hidden, or none is found.")
    return found[key]


def gather_all(keys: Iterable[TextKey]) -> dict[TextKey, Material]:
    """Read what several texts are made from, their products in one query.

    Returns:
        The material of each; a text whose products are gone is missing.
    """
    keys = list(keys)
    catalog = get_catalog()
    loaded = catalog.in_bulk({product_id for key in keys for product_id in _product_ids(key)})
    facts = {item_id: catalog.facts(item) for item_id, item in loaded.items() if catalog.is_visible(item)}
    made = {key: _make(catalog, key, facts) for key in keys if facts.keys() >= set(_product_ids(key))}
    return {key: material for key, material in made.items() if material is not None}


def _product_ids(key: TextKey) -> list[str]:
    if key.kind == Kind.DESCRIPTION:
        return [key.subject]
    if key.kind == Kind.REASON:
        subject = ReasonSubject.parse(key.subject)
        return [subject.product_id, subject.seed_id]
    return []


def _make(catalog: CatalogAdapter, key: TextKey, facts: Mapping[str, ProductFacts]) -> Material | None:
    if key.kind == Kind.DESCRIPTION:
        return _description(key, facts[key.subject])
    if key.kind == Kind.REASON:
        subject = ReasonSubject.parse(key.subject)
        return _reason(key, subject, facts[subject.product_id], facts[subject.seed_id])
    found = catalog.search(key.subject, SEARCH_PRODUCTS)
    return _search_copy(key, [catalog.facts(product) for product in found]) if found else None


def _description(key: TextKey, product: ProductFacts) -> Material:
    variables = {"product": for_prompt(product, DESCRIPTION_FEATURES)}
    return Material(key, (product,), describe(product, key.language), variables)


def _reason(key: TextKey, subject: ReasonSubject, product: ProductFacts, seed: ProductFacts) -> Material:
    shared = shared_attribute(seed, product) if subject.evidence_kind == EvidenceKind.SAME_ATTRIBUTE else None
    name, value = shared or ("", "")
    evidence = Evidence(subject.evidence_kind, seed_id=subject.seed_id, detail=name, value=value)
    variables = {
        "product": for_prompt(product, REASON_FEATURES),
        "seed": for_prompt(seed, REASON_FEATURES),
        "evidence": str(evidence.kind),
        "shared": {"name": name, "value": value},
    }
    plain = explain(evidence, product, seed, key.language)
    return Material(key, (product, seed), plain, variables, EVIDENCE_WORDS.get(evidence.kind, ()))


def _search_copy(key: TextKey, products: list[ProductFacts]) -> Material:
    return Material(
        key,
        tuple(products),
        describe_search(key.subject, products, key.language),
        {"query": key.subject, "products": [for_prompt(product, REASON_FEATURES) for product in products]},
        allowed=(key.subject,),
    )
