"""Refuses rules that could do nothing, and says what to enter instead."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ecom_llm.catalog.adapters.base import MAX_ID_CHARACTERS
from ecom_llm.catalog.registry import get_catalog
from ecom_llm.models import RecommendationRule
from ecom_llm.recommend.rules import GREATEST_FACTOR, words_of

if TYPE_CHECKING:
    Base = forms.ModelForm[RecommendationRule]
else:
    Base = forms.ModelForm

# Products looked through to find out whether a category exists; in a larger catalogue any name is taken.
MOST_READ = 2_000
# Recommendations are never more on a page.
LAST_PLACE = 100


class RuleForm(Base):
    """One rule. A variant's id is taken as its product's."""

    class Meta:
        model = RecommendationRule
        fields = (
            "action", "product_id", "product_category", "place", "factor", "seed_id", "seed_category", "query",
            "is_active", "starts_at", "ends_at", "note",
        )  # fmt: skip
        help_texts: Mapping[str, Any] = {
            "product_id": gettext_lazy("The product's id. Either a product or a category."),
            "product_category": gettext_lazy("The category's name, as on the product. Not for pins."),
            "place": gettext_lazy("For pins: 1 is the first place."),
            "factor": gettext_lazy("For scores: 2 doubles, 0.5 halves."),
            "seed_id": gettext_lazy("Only on the page of the product with this id."),
            "seed_category": gettext_lazy("Only on pages of products of this category."),
            "query": gettext_lazy("Only for searches that hold all these words."),
            "note": gettext_lazy("For your colleagues; shoppers never see it."),
        }

    def clean_product_id(self) -> str:
        return self._known_product("product_id")

    def clean_seed_id(self) -> str:
        return self._known_product("seed_id")

    def clean_product_category(self) -> str:
        return self._known_category("product_category")

    def clean_seed_category(self) -> str:
        return self._known_category("seed_category")

    def clean_query(self) -> str:
        query = str(self.cleaned_data["query"]).strip()
        if query and not words_of(query):
            raise forms.ValidationError(_("Enter at least one word of letters or digits."))
        return query

    def clean(self) -> dict[str, Any]:
        """Check what single fields cannot."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        # What was refused already says so by itself.
        if not self.errors:
            for field, message in self._conflicts(data):
                self.add_error(field, message)
        return data

    def _conflicts(self, data: Mapping[str, Any]) -> list[tuple[str, str]]:
        places = [name for name in ("seed_id", "seed_category", "query") if data[name]]
        found = self._of_action(data)
        if data["product_id"] and data["product_category"]:
            found.append(("product_category", _("Choose a product or a category, not both.")))
        if not data["product_id"] and not data["product_category"]:
            found.append(("product_id", _("Say which product or category the rule is about.")))
        if len(places) > 1:
            found.append((places[1], _("Choose one: beside a product, in a category or for a search.")))
        if data["starts_at"] and data["ends_at"] and data["starts_at"] >= data["ends_at"]:
            found.append(("ends_at", _("The end must be after the beginning.")))
        return found

    def _of_action(self, data: Mapping[str, Any]) -> list[tuple[str, str]]:
        found = []
        if data["action"] == RecommendationRule.Action.PIN:
            if data["product_category"]:
                found.append(("product_category", _("A whole category cannot be pinned. Choose one product.")))
            if not 1 <= data["place"] <= LAST_PLACE:
                found.append(("place", _("Enter a place from 1 to %(last)d.") % {"last": LAST_PLACE}))
            if data["product_id"] and data["product_id"] == data["seed_id"]:
                found.append(("seed_id", _("A product is never recommended on its own page. Choose another one.")))
        if data["action"] == RecommendationRule.Action.BOOST and not _is_useful(data["factor"]):
            found.append(("factor", _("Enter a number from 0.01 to 100 that is not 1.")))
        return found

    def _known_product(self, field: str) -> str:
        product_id = str(self.cleaned_data[field]).strip()
        if not product_id:
            return ""
        catalog = get_catalog()
        product = catalog.resolve(product_id) if len(product_id) <= MAX_ID_CHARACTERS else None
        if product is None:
            raise forms.ValidationError(
                _("No product has the id “%(id)s”. Copy it from your list of products."),
                params={"id": product_id},
            )
        return catalog.product_id(product)

    def _known_category(self, field: str) -> str:
        category = " ".join(str(self.cleaned_data[field]).split())
        names = _categories() if category else {}
        if not names or category.casefold() in names:
            return names.get(category.casefold(), category)
        typed = category.casefold()
        # Part of a name before what is only spelt like it.
        nearest = [name for name in names if typed in name] or difflib.get_close_matches(typed, list(names), 1, 0.5)
        message = (
            _("No product is in a category “%(name)s”. Did you mean “%(nearest)s”?")
            if nearest
            else _("No product is in a category “%(name)s”. Enter its name as the products have it.")
        )
        raise forms.ValidationError(message, params={"name": category, "nearest": names[nearest[0]] if nearest else ""})


def _is_useful(factor: float) -> bool:
    return 1 / GREATEST_FACTOR <= factor <= GREATEST_FACTOR and factor != 1


def _categories() -> dict[str, str]:
    """The categories' names by their folded form; empty where the catalogue is too large to look through."""
    catalog = get_catalog()
    ids = list(islice(catalog.iter_ids(), MOST_READ + 1))
    if len(ids) > MOST_READ:
        return {}
    names = (catalog.facts(product).category for product in catalog.in_bulk(ids).values())
    return {" ".join(name.split()).casefold(): name for name in names if name}
