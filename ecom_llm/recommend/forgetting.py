"""Takes back what visitors who are to be forgotten have taught."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

from ecom_llm.entities import EvidenceKind
from ecom_llm.models import LearnedState
from ecom_llm.recommend.applying import LearnedMeanwhileError, apply, claim
from ecom_llm.recommend.changes import Changes
from ecom_llm.recommend.pair_counts import EVIDENCE, PairCount, unpack_counts
from ecom_llm.recommend.state import (
    begun_state,
    changes_to,
    counting_of,
    counts_in_bulk,
    learned_since,
    learned_until,
    pending_batches,
    read_state,
)
from ecom_llm.recommend.visits import iter_of, learned_from

# Seeds whose counts are read at once.
CHUNK_SEEDS = 200
# Learning goes on beside; each time it was quicker, what is to be taken back is counted again.
TRIES = 20


@dataclass(slots=True)
class Taught:
    """What visitors have added to the counts.

    Attributes:
        state: what was learned when it was counted.
        changes: what they added, with its sign turned.
    """

    state: LearnedState
    changes: Changes


def taught_by(visitors: Collection[str]) -> Taught | None:
    """What these visitors have added to the counts; None when nothing was learned yet.

    Args:
        visitors: keys of one person whose events are still there; events without a key cannot be told apart.
    """
    return _taught(read_state(), visitors)


def sole_pairs(taught: Taught) -> Iterator[tuple[str, str, EvidenceKind]]:
    """The pairs that nobody else's visits or orders support, as seed, candidate and kind of evidence.

    A pair that is no longer counted rests on nothing, so it is theirs, too.
    """
    own = list(taught.changes.pairs.by_seed())
    for start in range(0, len(own), CHUNK_SEEDS):
        chunk = own[start : start + CHUNK_SEEDS]
        rows = counts_in_bulk([seed for seed, _ in chunk], taught.state.generation)
        for seed, changes in chunk:
            known = {count.candidate: count for count in unpack_counts(rows[seed].pairs)} if seed in rows else {}
            for change in changes:
                kinds = _sole_kinds(change, known.get(change.candidate))
                yield from ((seed, change.candidate, kind) for kind in kinds)


def unlearn(visitors: Collection[str], also: Callable[[], Any]) -> None:
    """Take back what visitors have added to the counts, and renew the lists that rest on it.

    Also where they have added nothing, or nothing has been learned at all, whoever is learning at this moment has to
    notice: what they have read may hold events of these visitors.

    Args:
        visitors: keys of one person whose events are still there.
        also: writes down, in the same transaction, that it is done: a second time would take it from others. From then
            on nobody learns from what is left of them.
    """
    for _ in range(TRIES):
        state = begun_state()
        taught = _taught(state, visitors)
        try:
            if taught is None:
                claim(state, also)
            else:
                apply(state, taught.changes, also)
        except LearnedMeanwhileError:
            continue
        return
    raise LearnedMeanwhileError


def _taught(state: LearnedState, visitors: Collection[str]) -> Taught | None:
    if not state.generation or state.landmark is None:
        return None
    changes = changes_to(state)
    known = list(iter_of([visitor for visitor in visitors if visitor], learned_since(state), learned_until()))
    # After the rows: what comes in meanwhile has taught nothing.
    pending = pending_batches()
    gap = counting_of(state).visit_gap
    for _, rows in known:
        changes.add(learned_from([row for row in rows if row.batch not in pending], gap), sign=-1)
    return Taught(state, changes)


def _sole_kinds(change: PairCount, known: PairCount | None) -> Iterator[EvidenceKind]:
    for kind, number in enumerate(change.supports):
        if number and kind in EVIDENCE and (known is None or known.supports[kind] <= -number):
            yield EVIDENCE[kind]
