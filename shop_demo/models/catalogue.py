"""Categories and products. A variant is a product with a parent; the shop lists parents only."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

from django.core.validators import MinValueValidator
from django.db import models
from django.urls import reverse


class Category(models.Model):
    """A department of the shop. ``hue`` (degrees, 0 to 359) tints its tiles."""

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=80, unique=True)
    blurb = models.CharField(max_length=200, blank=True)
    hue = models.PositiveSmallIntegerField(default=30)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering: ClassVar[list[str]] = ["position", "name"]
        verbose_name_plural = "categories"

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """The category's page."""
        return reverse("category", args=[self.slug])


class ProductQuerySet(models.QuerySet["Product"]):
    """Choices of products that the shop's pages share."""

    def listed(self) -> ProductQuerySet:
        """Visible parents with their categories: what a listing may show."""
        return self.filter(is_visible=True, parent=None).select_related("category")


class Product(models.Model):
    """Something the shop sells.

    Where a product has variants, its ``stock`` is the sum of theirs: a variant's ``save`` and every order
    keep it so, and a listing needs no further query to know what is sold out.
    """

    sku = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=120)
    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="products")
    parent = models.ForeignKey("self", on_delete=models.CASCADE, null=True, blank=True, related_name="variants")
    choice = models.CharField(max_length=40, blank=True, help_text="What a variant is called beside its siblings.")
    attributes = models.JSONField(default=dict, blank=True, help_text="Label to value, in the order shown.")
    description = models.TextField(blank=True)
    keywords = models.CharField(max_length=500, blank=True, help_text="Further words the search finds it by.")
    price = models.DecimalField(max_digits=9, decimal_places=2, validators=[MinValueValidator(Decimal("0.01"))])
    currency = models.CharField(max_length=3, default="EUR")
    stock = models.PositiveIntegerField(default=0)
    is_visible = models.BooleanField(default=True)
    picture = models.JSONField(default=dict, blank=True, help_text='{"shape": …, "style": …, "palette": […]}')
    position = models.PositiveIntegerField(default=0)
    updated_at = models.DateTimeField(auto_now=True)

    objects = ProductQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["position", "pk"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["is_visible", "parent", "category"], name="shop_listed_by_category"),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save; a variant brings its parent's stock up to date."""
        super().save(*args, **kwargs)
        if self.parent_id is not None:
            total = Product.objects.filter(parent_id=self.parent_id).aggregate(n=models.Sum("stock"))["n"]
            Product.objects.filter(pk=self.parent_id).update(stock=total or 0)

    def get_absolute_url(self) -> str:
        """The product's page; a variant's address opens its parent's page with the variant chosen."""
        return reverse("product", args=[self.sku])

    @property
    def is_available(self) -> bool:
        """Whether at least one can be bought now."""
        return self.is_visible and self.stock > 0

    @property
    def picture_url(self) -> str:
        """Where the product's drawing is served."""
        return reverse("picture", args=[self.sku])
