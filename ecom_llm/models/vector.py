"""Products and words as vectors, made by a worker."""

from __future__ import annotations

from django.db import models


class ProductVector(models.Model):
    """What a product's facts say, as a unit vector."""

    product_id = models.CharField(max_length=100, unique=True)
    # Which encoder made it; vectors of different ones cannot be compared.
    model = models.CharField(max_length=200)
    # SHA-256 of the text that was encoded; another one means another vector.
    text_hash = models.CharField(max_length=64)
    # float16, little-endian.
    vector = models.BinaryField()
    # The same in the space of `WordVectors`, in which a web process can compare a search; empty until there is one.
    static = models.BinaryField(default=b"")
    # When the product was new in the shop; empty for what was there when vectors were first made.
    added_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField(auto_now=True, db_index=True)

    def __str__(self) -> str:
        return self.product_id


class WordVectors(models.Model):
    """A vector for each token of an encoder's vocabulary, so that a search can be compared without running it."""

    model = models.CharField(max_length=200, unique=True)
    dimensions = models.PositiveIntegerField()
    # What `recommend.embeddings` makes of them.
    body = models.BinaryField()
    made_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return self.model
