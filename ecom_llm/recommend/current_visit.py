"""Tells what a visitor has just done, up to the page before this one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice

from django.utils import timezone

from ecom_llm import conf
from ecom_llm.capture.boundary import boundary
from ecom_llm.capture.sinks.base import get_sink
from ecom_llm.capture.storing import resolve_ids
from ecom_llm.capture.visitors import Visitor
from ecom_llm.entities import EventKind, EventRecord
from ecom_llm.recommend.visitor_rows import Action, read_rows
from ecom_llm.recommend.visits import ACTIVITY, INTEREST

# What goes on for longer is several browsers behind one address.
LONGEST_VISIT = timedelta(hours=6)
# How long ago visits were that still count; purchases do for ever. On PostgreSQL each day is a table to look into.
EARLIER = timedelta(days=7)
EARLIER_PRODUCTS = 20
# A search is what the shopper is after until they have looked at more products than that.
QUERY_PRODUCTS = 2


@dataclass(frozen=True, slots=True)
class CurrentVisit:
    """What a visitor has done, as far as it may be used for them.

    Attributes:
        viewed: products of this visit that were looked at or put into the cart, newest first, each once.
        carted: those of the visit that were put into the cart and not bought.
        bought: products that this visit bought, at `personal` whatever the visitor ever bought.
        query: at `personal`, the visit's last search, as long as hardly anything has been looked at since. What is
            typed is not shown to whoever may have the same key.
        earlier: at `personal`, products of earlier visits that were looked at, put into the cart or bought, newest
            first, each once, without those of this visit.
        unwanted: products that the visitor does not want to be recommended again.
    """

    viewed: tuple[str, ...] = ()
    carted: frozenset[str] = frozenset()
    bought: frozenset[str] = frozenset()
    query: str = ""
    earlier: tuple[str, ...] = ()
    unwanted: frozenset[str] = frozenset()


def is_visit_used(visitor: Visitor) -> bool:
    """Whether recommendations may rest on what a visitor does, as far as consent and settings go."""
    return visitor.has_history or (bool(visitor.key) and conf.get_settings().recommend.from_anonymous_visits)


def read_visit(visitor: Visitor, *, is_general: bool = False) -> CurrentVisit:
    """What a visitor has done up to now, what this process still holds in memory included.

    A visit is a run of actions with no gap longer than `CAPTURE["VISIT_GAP_MINUTES"]`, up to now. One query; one of the
    catalogue's more where something in memory is about a product that the tables do not yet name for this visitor.

    Args:
        visitor: at `none` nothing is known of them, and nothing is asked. At `anonymous` it is the current visit only,
            as others may have the same key later, and nothing if `RECOMMEND["FROM_ANONYMOUS_VISITS"]` is off.
        is_general: give nothing of what they did, only what they do not want.

    Raises:
        DatabaseError: the tables cannot be read.
    """
    if not visitor.key:
        return CurrentVisit()
    now = timezone.now()
    # Before the table is asked, or what moves there meanwhile would be in neither.
    held = _held_of(visitor.key)
    rows = read_rows(visitor.key, now - (EARLIER if visitor.has_history else LONGEST_VISIT), now)
    unwanted = frozenset(action.product_id for action in filter(rows.is_usable, rows.unwanted))
    if is_general or not is_visit_used(visitor):
        return CurrentVisit(unwanted=unwanted)
    actions = rows.actions
    if held:
        actions = [*actions, *_as_actions(held, {action.product_id for action in actions})]
    newest_first = sorted(filter(rows.is_usable, actions), key=_moment, reverse=True)
    length = _length_of_visit(newest_first, now)
    if visitor.has_history:
        return replace(_summed_up(newest_first[:length], newest_first[length:]), unwanted=unwanted)
    # Of a visit so long that not all of it was read, the purchases beyond are part.
    visit = _summed_up(newest_first if rows.is_cut else newest_first[:length], ())
    return replace(visit, unwanted=unwanted, query="")


def _held_of(visitor: str) -> Sequence[EventRecord]:
    """What has not reached the table; nothing where the sink cannot tell."""
    with boundary("held_of"):
        held = get_sink().held_of(visitor)
        return [record for record in held if record.kind in ACTIVITY and record.occurred_at.tzinfo is not None]
    return ()


def _as_actions(held: Sequence[EventRecord], known_ids: Collection[str]) -> list[Action]:
    """As they would be in the table, where variants are their parents and unknown products are none."""
    with boundary("held_of"):
        open_ids = {record.product_id for record in held if not record.is_known and record.product_id}
        parents = resolve_ids(open_ids.difference(known_ids))
        return [
            Action(record.kind, parents.get(record.product_id, record.product_id), record.query, record.occurred_at)
            for record in held
            if record.product_id not in open_ids or record.product_id in parents or record.product_id in known_ids
        ]
    return []


def _moment(action: Action) -> datetime:
    return action.occurred_at


def _length_of_visit(newest_first: Sequence[Action], now: datetime) -> int:
    """How many of the actions belong to the visit that goes on now."""
    gap = timedelta(minutes=conf.get_settings().capture.visit_gap_minutes)
    after = now
    for number, action in enumerate(newest_first):
        if after - action.occurred_at > gap:
            return number
        after = action.occurred_at
    return len(newest_first)


def _summed_up(visit: Sequence[Action], before: Sequence[Action]) -> CurrentVisit:
    viewed = _products(visit, INTEREST)
    bought = _products(visit, (EventKind.PURCHASE,))
    earlier = _products(before, (*INTEREST, EventKind.PURCHASE))
    return CurrentVisit(
        viewed=tuple(viewed),
        carted=frozenset(_products(visit, (EventKind.ADD_TO_CART,))).difference(bought),
        bought=frozenset(bought).union(_products(before, (EventKind.PURCHASE,))),
        query=_query(visit),
        earlier=tuple(islice((item for item in earlier if item not in viewed), EARLIER_PRODUCTS)),
    )


def _products(actions: Iterable[Action], kinds: Collection[str]) -> dict[str, None]:
    """The products of some kinds of action, each once and in their order."""
    return {action.product_id: None for action in actions if action.kind in kinds and action.product_id}


def _query(visit: Iterable[Action]) -> str:
    """The words that the shopper is after."""
    seen = set()
    for action in visit:
        if action.kind == EventKind.SEARCH:
            return action.query
        if action.kind in INTEREST:
            seen.add(action.product_id)
        if action.kind == EventKind.PURCHASE or len(seen) > QUERY_PRODUCTS:
            break
    return ""
