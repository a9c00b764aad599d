"""What visitors have said that they do not want to be recommended."""

from __future__ import annotations

from ecom_llm.capture.visitors import Visitor
from ecom_llm.models import NotInterested


def not_interested_ids(visitor: Visitor) -> frozenset[str]:
    """The products that a visitor does not want to see recommended. One query, none for a visitor without a key."""
    if not visitor.key:
        return frozenset()
    return frozenset(NotInterested.objects.filter(visitor=visitor.key).values_list("product_id", flat=True))
