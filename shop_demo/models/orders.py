"""Orders: who wants what, at the price it had when the order was placed."""

from __future__ import annotations

import secrets
from decimal import Decimal
from typing import ClassVar

from django.db import models

from shop_demo.models.catalogue import Product

_READABLE = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


def new_reference() -> str:
    """An order number that is easy to read out and, at 50 bits, hopeless to guess."""
    return "-".join("".join(secrets.choice(_READABLE) for _ in range(5)) for _ in range(2))


class Order(models.Model):
    """A placed order. ``token`` comes from the checkout form, so sending a form twice orders once."""

    reference = models.CharField(max_length=20, unique=True, default=new_reference, editable=False)
    token = models.CharField(max_length=40, unique=True, editable=False)
    name = models.CharField(max_length=120)
    email = models.EmailField()
    street = models.CharField(max_length=160)
    postcode = models.CharField(max_length=16)
    city = models.CharField(max_length=80)
    country = models.CharField(max_length=80)
    total = models.DecimalField(max_digits=11, decimal_places=2)
    currency = models.CharField(max_length=3, default="EUR")
    placed_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-placed_at"]

    def __str__(self) -> str:
        return self.reference


class OrderLine(models.Model):
    """One product of an order. Name and price are kept as they were."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    product = models.ForeignKey(Product, on_delete=models.SET_NULL, null=True, related_name="order_lines")
    sku = models.CharField(max_length=80)
    name = models.CharField(max_length=120)
    quantity = models.PositiveSmallIntegerField()
    unit_price = models.DecimalField(max_digits=9, decimal_places=2)

    class Meta:
        ordering: ClassVar[list[str]] = ["pk"]

    def __str__(self) -> str:
        return f"{self.quantity} x {self.name}"

    @property
    def amount(self) -> Decimal:
        """The price of the line."""
        return self.unit_price * self.quantity
