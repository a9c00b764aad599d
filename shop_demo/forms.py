"""The shop's forms: adding to the basket, and the address at the checkout."""

from __future__ import annotations

from typing import Any

from django import forms

from shop_demo.basket import MAX_QUANTITY
from shop_demo.models import Order


class AddToBasketForm(forms.Form):
    """A product, and how many of it."""

    sku = forms.SlugField(max_length=80)
    quantity = forms.IntegerField(min_value=1, max_value=MAX_QUANTITY, initial=1)


class CheckoutForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic when it runs
    """Who the order goes to."""

    token = forms.RegexField(r"^[0-9a-f]{32}$", widget=forms.HiddenInput)

    class Meta:
        model = Order
        fields = ("name", "email", "street", "postcode", "city", "country")
        labels = {"name": "Full name", "email": "E-mail", "street": "Street and number"}  # noqa: RUF012

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        hints = {
            "name": "name", "email": "email", "street": "street-address",
            "postcode": "postal-code", "city": "address-level2", "country": "country-name",
        }  # fmt: skip
        for field, hint in hints.items():
            self.fields[field].widget.attrs["autocomplete"] = hint
