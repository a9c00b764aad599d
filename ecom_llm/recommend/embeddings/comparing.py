"""Compares products by the vectors of an encoder, and prepares what searches are compared with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.utils import timezone

from ecom_llm.model_files import ModelSource
from ecom_llm.models import ProductVector, WordVectors
from ecom_llm.recommend.content_changes import read_facts
from ecom_llm.recommend.content_lists import database
from ecom_llm.recommend.content_store import Made
from ecom_llm.recommend.embeddings.distilling import Distillation
from ecom_llm.recommend.embeddings.encoder import Encoder
from ecom_llm.recommend.embeddings.static_words import (
    Floats,
    StaticWords,
    pack_static,
    pack_words,
    unpack_words,
)
from ecom_llm.recommend.embeddings.vector_index import VectorIndex, pack_vectors, unpack_vectors
from ecom_llm.recommend.nearest import NearestIndex
from ecom_llm.recommend.product_text import ProductText, write_text

FILL_PRODUCTS = 200


class EncoderComparison:
    """By an encoder, which is loaded when the first product needs it."""

    # On a slow CPU.
    step = 32

    def __init__(self, name: str, source: ModelSource) -> None:
        self.name = name
        self._source = source
        self._loaded: Encoder | None = None
        self._words: StaticWords | None = None

    def make(self, texts: Sequence[ProductText]) -> list[Made]:
        vectors = self._encoder().encode([text.whole for text in texts])
        self._read_words()
        statics = self._make_static(texts, vectors)
        return [Made(*item) for item in zip(texts, pack_vectors(vectors), statics, strict=True)]

    def make_index(self) -> NearestIndex:
        return VectorIndex()

    def prepare_search(self) -> Iterator[bool]:
        self._read_words()
        if self._words is None:
            distillation = Distillation(self._encoder())
            for _ in distillation.run():
                yield False
            self._words = distillation.finish()
            WordVectors.objects.using(database()).update_or_create(
                model=self.name,
                defaults={"dimensions": self._words.dimensions, "body": pack_words(self._words)},
            )
        yield from self._fill()

    def _fill(self) -> Iterator[bool]:
        """Bring the products into the space of searches that were made before there was one."""
        rows = ProductVector.objects.using(database()).filter(model=self.name, static=b"").order_by("pk")
        last = 0
        while found := list(rows.filter(pk__gt=last)[:FILL_PRODUCTS]):
            last = found[-1].pk
            facts = read_facts([row.product_id for row in found])
            here = [row for row in found if row.product_id in facts]
            if here:
                texts = [write_text(facts[row.product_id]) for row in here]
                statics = self._make_static(texts, unpack_vectors([bytes(row.vector) for row in here]))
                for row, static in zip(here, statics, strict=True):
                    # Nothing else: another worker may have stored newer facts, and then makes its own.
                    unchanged = ProductVector.objects.using(database()).filter(pk=row.pk, text_hash=row.text_hash)
                    unchanged.update(static=static, updated_at=timezone.now())
            yield bool(here)

    def _make_static(self, texts: Sequence[ProductText], vectors: Floats) -> list[bytes]:
        if self._words is None:
            return [b""] * len(texts)
        heads, rests = [text.head for text in texts], [text.rest for text in texts]
        return pack_static(self._words.encode_products(heads, rests, vectors))

    def _read_words(self) -> None:
        if self._words is None:
            rows = WordVectors.objects.using(database()).filter(model=self.name).values_list("body", flat=True)
            body = rows.first()
            self._words = unpack_words(bytes(body), with_basis=True) if body else None

    def _encoder(self) -> Encoder:
        if self._loaded is None:
            self._loaded = Encoder(self._source)
        return self._loaded
