"""What several endpoints read from their parameters."""

from __future__ import annotations

from typing import Any

from django.utils.translation import get_supported_language_variant
from rest_framework import serializers
from rest_framework.fields import empty
from rest_framework.utils.html import is_html_input

from ecom_llm.capture.scope import active_language
from ecom_llm.catalog.adapters.base import MAX_ID_CHARACTERS
from ecom_llm.catalog.registry import get_catalog
from ecom_llm.exceptions import ProductNotFoundError

MAX_LIMIT = 24


class StrictBooleanField(serializers.BooleanField):
    """True or false and nothing like it; one that is missing in a form is missing, not a box that was not ticked."""

    default_empty_html = empty

    def to_internal_value(self, data: Any) -> bool:
        if isinstance(data, bool):
            return data
        # Forms and addresses know words only.
        if data in ("true", "false") and is_html_input(self.root.initial_data):
            return bool(data == "true")
        raise serializers.ValidationError("Must be true or false.")


class TextField(serializers.CharField):
    """Text; REST framework would take a number for it."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class LanguageField(serializers.CharField):
    """One of the shop's languages; a close variant is taken for it, anything else refused."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("help_text", "A language code of the shop; the request's own language when left out.")
        super().__init__(required=False, allow_blank=True, max_length=16, default=active_language, **kwargs)

    def run_validation(self, data: Any = empty) -> Any:
        return super().run_validation(empty if data == "" else data)

    def to_internal_value(self, data: Any) -> str:
        code = super().to_internal_value(data)
        try:
            return get_supported_language_variant(code.lower())
        except LookupError as error:
            # Texts are only written in languages the shop has; else anyone could order them in any.
            raise serializers.ValidationError(f"The shop has no language {code!r}.") from error


class LanguageQuery(serializers.Serializer[dict[str, Any]]):
    """The language of the texts."""

    language = LanguageField()


def find_product(product_id: str) -> Any:
    """A visible product, a variant's parent for a variant's id.

    Raises:
        ProductNotFoundError: there is none that shoppers may see.
    """
    catalog = get_catalog()
    # Not every database takes a NUL or an id of any length in a comparison.
    is_possible = 0 < len(product_id) <= MAX_ID_CHARACTERS and "\0" not in product_id
    product = catalog.resolve(product_id) if is_possible else None
    if product is None or not catalog.is_visible(product):
        raise ProductNotFoundError(f"No product has the id {product_id[:MAX_ID_CHARACTERS]!r}.")
    return product
