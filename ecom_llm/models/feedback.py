"""What visitors say about recommendations."""

from __future__ import annotations

from django.db import models


class NotInterested(models.Model):
    """A product that a visitor does not want to be recommended again; at `anonymous`, for that day."""

    visitor = models.CharField(max_length=64)
    product_id = models.CharField(max_length=100)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["visitor", "product_id"], name="ecom_llm_not_interested_unique"),
        )
        indexes = (models.Index(fields=["created_at"], name="ecom_llm_not_interested_age"),)

    def __str__(self) -> str:
        return self.product_id
