"""The two ways of comparing products: by an encoder's vectors, or by words where there is no encoder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

from ecom_llm import conf
from ecom_llm.model_files import ModelSource
from ecom_llm.models import ProductVector
from ecom_llm.recommend.content_lists import database
from ecom_llm.recommend.content_store import Made
from ecom_llm.recommend.embeddings.encoder import encoder_name, find_encoder
from ecom_llm.recommend.nearest import NearestIndex
from ecom_llm.recommend.product_text import ProductText
from ecom_llm.recommend.word_index import WORDS_NAME, WordIndex, pack_words_of

if TYPE_CHECKING:
    from ecom_llm.recommend.embeddings.comparing import EncoderComparison


class Comparison(Protocol):
    """A way of comparing products."""

    # Stored with what it makes.
    name: str
    # Products that are made at one go: a second's work on a slow machine.
    step: int

    def make(self, texts: Sequence[ProductText]) -> list[Made]:
        """What is stored of each product."""

    def make_index(self) -> NearestIndex:
        """An index with nothing in it."""

    def prepare_search(self) -> Iterator[bool]:
        """Prepare, in steps, what web processes compare searches with; True where a step has changed something."""


class WordComparison:
    """By words."""

    name = WORDS_NAME
    step = 100

    def make(self, texts: Sequence[ProductText]) -> list[Made]:
        return [Made(text, pack_words_of(text)) for text in texts]

    def make_index(self) -> NearestIndex:
        return WordIndex()

    def prepare_search(self) -> Iterator[bool]:
        yield from ()


def choose_comparison() -> Comparison | None:
    """The encoder that the settings name; words where they name none or it is not installed.

    Returns:
        The way; None where the encoder is not installed here, but in another process, which has used it: this one
        must not put words in the place of vectors.

    Raises:
        ModelFileError: the encoder's files cannot be used.
    """
    name = encoder_name()
    source = find_encoder()
    if source is not None:
        return _with_encoder(name, source)
    if name and ProductVector.objects.using(database()).filter(model=name).exists():
        return None
    return WordComparison()


def is_chosen_anew(settings: conf.Recommend, other: conf.Recommend) -> bool:
    """Whether two settings name different encoders."""
    return (settings.embeddings, settings.embeddings_revision) != (other.embeddings, other.embeddings_revision)


def _with_encoder(name: str, source: ModelSource) -> EncoderComparison:
    # NumPy comes with the extra.
    from ecom_llm.recommend.embeddings.comparing import EncoderComparison

    return EncoderComparison(name, source)
