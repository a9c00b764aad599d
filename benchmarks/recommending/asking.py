"""Asks a recommender a task's questions and counts how well it answers."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import Any

from benchmarks.recommending.splits import Question, Stage, known_in
from ecom_llm.recommend.measuring.evaluating import Measured, Recommender
from ecom_llm.recommend.measuring.metrics import PopularityBias, coverage, percentile, place_of

PLACES = 20
# Products that are given in the questions which parameters are chosen on: that many take a trial's time.
CHOSEN_ON = 10_000
ROUNDS = 2

# Takes visits, the oldest first, and parameters by name; gives a recommender.
Make = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Method:
    """A recommender and the parameters that it may have.

    Attributes:
        name: as the table has it.
        make: learns.
        start: the parameters that a search begins with.
        grid: the values that each may have.
    """

    name: str
    make: Make
    start: Mapping[str, Any] = field(default_factory=dict)
    grid: Mapping[str, Sequence[Any]] = field(default_factory=dict)


def measure(stage: Stage, recommender: Recommender) -> Measured:
    """Ask all questions; every target is a prediction.

    Args:
        stage: whose questions.
        recommender: is to know what the stage learned.
    """
    timed = ((question, *_timed(question, recommender)) for question in stage.questions)
    return count_answers(stage, timed)


def count_answers(stage: Stage, answers: Iterable[tuple[Question, Sequence[str], float]]) -> Measured:
    """What answers are worth.

    Args:
        stage: what they go by.
        answers: each question with the products named, best first, and the milliseconds that took.
    """
    measured = Measured()
    learned = [set(visit.products) for visit in stage.learned]
    bias = PopularityBias(Counter(product_id for visit in learned for product_id in visit))
    shown: set[str] = set()
    milliseconds = []
    for question, named, taken in answers:
        measured.visits += 1
        milliseconds.append(taken)
        shown.update(named)
        for target in question.targets:
            place = place_of(target, named)
            measured.every.add(place)
            if target not in question.given:
                measured.novel.add(place)
                bias.add(named, target)
    measured.coverage = coverage(shown, known_in(stage.learned))
    measured.popularity_bias = bias.value
    measured.p50_ms, measured.p95_ms = percentile(milliseconds, 0.5), percentile(milliseconds, 0.95)
    return measured


def choose(method: Method, stage: Stage, seed: int) -> dict[str, Any]:
    """Coordinate search for a method's parameters; what counts is the hit rate plus the mean reciprocal rank."""
    sample = replace(stage, questions=drawn(stage.questions, seed))
    visits = [visit.products for visit in stage.learned]
    known: dict[tuple[Any, ...], float] = {}

    def worth(parameters: Mapping[str, Any]) -> float:
        key = tuple(parameters.values())
        if key not in known:
            novel = measure(sample, method.make(visits, **parameters).recommend).novel
            known[key] = novel.hr + novel.mrr
        return known[key]

    best = dict(method.start)
    for _ in range(ROUNDS if len(method.grid) > 1 else 1):
        before = best
        for name, values in method.grid.items():
            best = max([best, *({**best, name: value} for value in values)], key=worth)
        if best == before:
            break
    return best


def drawn(questions: Sequence[Question], seed: int) -> list[Question]:
    """Some of the questions, in any order, with `CHOSEN_ON` products given."""
    shuffled = random.Random(seed).sample(questions, len(questions))
    sums = accumulate(len(question.given) for question in shuffled)
    return [question for question, given in zip(shuffled, sums, strict=True) if given <= CHOSEN_ON]


def _timed(question: Question, recommender: Recommender) -> tuple[Sequence[str], float]:
    begun = time.perf_counter()
    named = list(recommender(question.given, PLACES))
    return named, (time.perf_counter() - begun) * 1000
