"""Filters for the shop's templates."""

from __future__ import annotations

from decimal import Decimal

from django import template
from django.utils.formats import number_format

register = template.Library()

_SIGNS = {"EUR": "€", "GBP": "£", "USD": "$"}


@register.filter
def money(amount: Decimal, currency: str = "EUR") -> str:
    """An amount with its currency: ``€1,249.00``."""
    figures = number_format(amount, decimal_pos=2, use_l10n=True, force_grouping=True)
    return f"{_SIGNS.get(currency, currency + ' ')}{figures}"
