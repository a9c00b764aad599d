"""The shop's own search: every word must be found in a product's name, category or keywords."""

from __future__ import annotations

from functools import reduce
from operator import and_, or_

from django.db.models import Case, IntegerField, Q, Value, When

from shop_demo.models import Product
from shop_demo.models.catalogue import ProductQuerySet

MAX_LENGTH = 100
MAX_WORDS = 6


def tidy_query(raw: str) -> str:
    """A query fit to search for and to show: no control characters, single spaces, at most 100 characters."""
    printable = "".join(character if character.isprintable() else " " for character in raw[: MAX_LENGTH * 4])
    return " ".join(printable.split())[:MAX_LENGTH].strip()


def search_products(query: str) -> ProductQuerySet:
    """Listed products with all words of a tidied query, or else with any; name matches come first."""
    words = [_stem(word) for word in query.split()[:MAX_WORDS]]
    listed = Product.objects.listed()
    if not words:
        return listed.none()
    each = [_has(word) for word in words]
    found = listed.filter(reduce(and_, each))
    if len(words) > 1 and not found.exists():
        found = listed.filter(reduce(or_, [_has(word) for word in words if len(word) > 2] or each))
    in_name = reduce(and_, [Q(name__icontains=word) for word in words])
    rank = Case(When(in_name, then=Value(0)), default=Value(1), output_field=IntegerField())
    return found.order_by(rank, "position", "pk")


def _has(word: str) -> Q:
    return Q(name__icontains=word) | Q(category__name__icontains=word) | Q(keywords__icontains=word)


def _stem(word: str) -> str:
    """Plain plurals find the singular: "tents" finds "tent"."""
    lower = word.lower()
    return word[:-1] if len(word) > 3 and lower.endswith("s") and not lower.endswith("ss") else word
