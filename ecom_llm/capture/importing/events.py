"""Makes events of rows, or says why a row is none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import lru_cache
from uuid import UUID

from ecom_llm import conf
from ecom_llm.capture.importing.moments import Moment, moment_reader
from ecom_llm.capture.importing.people import People, derived_key, digest
from ecom_llm.capture.importing.rejected import RowRejectedError
from ecom_llm.capture.importing.values import (
    amount_of,
    currency_of,
    engagement_of,
    language_of,
    order_of,
    product_of,
    quantity_of,
)
from ecom_llm.capture.queries import normalise_query
from ecom_llm.entities import EventKind, EventRecord
from ecom_llm.ids import id_of

ID_SALT = "ecom_llm.import.id"
MAX_OWN_ID_CHARACTERS = 200
CACHED_QUERIES = 20_000
_KINDS = tuple(kind.value for kind in EventKind)


@dataclass(frozen=True, slots=True)
class Clock:
    """The times that a file may hold.

    Attributes:
        zone: of times without an offset, and of the days on which visitors' hashes end.
        now: times more than a day later are refused.
    """

    zone: tzinfo
    now: datetime


class EventMaker:
    """Makes events of one file's rows."""

    def __init__(self, people: People, clock: Clock) -> None:
        """Make none yet.

        Args:
            people: makes its visitors unrecognisable.
            clock: reads its times.
        """
        self._people = people
        self._moment = moment_reader(clock.zone, clock.now)
        self._query = _query_reader(conf.get_settings().capture.query_max_characters)
        self._id_key = derived_key(ID_SALT)

    def event_of(self, values: tuple[str, ...]) -> EventRecord:
        """Make the event of a row. Its product is not looked up.

        The id comes from the row's own id, else from all it says, as it says it: the same row offered again, by this
        import or another, is the same event.

        Args:
            values: in the order of `COLUMNS`.

        Raises:
            RowRejectedError: it is no event.
        """
        when, visitor, visit, kind, product, query, value, currency, order, own_id, quantity, language, engagement = (
            [text.strip() for text in values]
        )  # fmt: skip
        moment = self._moment(when)
        product, words = self._subject(kind, product, query)
        people = self._people
        pieces, amount = quantity_of(quantity), amount_of(value)
        # All that the row says, with numbers in one spelling.
        content = own_id or (
            visitor, visit, kind, product, query, str(amount), currency, order, str(pieces), language, engagement,
        )  # fmt: skip
        return EventRecord(
            id=self._id(moment, content),
            kind=kind,
            occurred_at=moment.at,
            visitor=people.visitor(visitor, moment.day),
            consent=people.consent.value,
            product_id=product,
            query=words,
            quantity=pieces,
            value=amount,
            currency=currency_of(currency),
            order_id=people.order(order_of(order)),
            language=language_of(language),
            visit=people.visit(visit, moment.day),
            engagement_ms=engagement_of(engagement) if kind == EventKind.USER_ENGAGEMENT else None,
        )

    def _subject(self, kind: str, product: str, query: str) -> tuple[str, str]:
        """A search is about words, everything else about a product."""
        if kind not in _KINDS:
            raise RowRejectedError(f"kind is {'not known' if kind else 'missing'}: one of {', '.join(_KINDS)}")
        if kind == EventKind.SEARCH:
            words = self._query(query)
            if not words:
                raise RowRejectedError("query is missing")
            return "", words
        return product_of(product), ""

    def _id(self, moment: Moment, content: str | tuple[str, ...]) -> UUID:
        if isinstance(content, str):
            if len(content) > MAX_OWN_ID_CHARACTERS:
                raise RowRejectedError(f"id is longer than {MAX_OWN_ID_CHARACTERS} characters")
            found = digest(self._id_key, "id", content)
        else:
            found = digest(self._id_key, "content", str(moment.at), *content)
        return id_of(moment.at, int(found, 16))


def _query_reader(max_characters: int) -> Callable[[str], str]:
    """Popular searches come again and again, and normalising one takes longer than all else of its row."""

    @lru_cache(CACHED_QUERIES)
    def read(query: str) -> str:
        return normalise_query(query, max_characters)

    return read
