"""Cuts a shop's invoices by time into what is learned from and what is asked: the tasks.

The invoices are UCI Online Retail (Chen, 2012, CC BY 4.0), read by `benchmarks.click_log`. Every task has two stages.
In the first, parameters are chosen; the second is the test, which nothing is chosen on, and which is asked after all
that was before it has been learned. What nobody had bought or seen before is no target: no behaviour could tell it.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from benchmarks.click_log import Line, Visit, make_click_log, read_lines

# Of the orders, by time: learned from, then chosen on; the rest is the test.
LEARNED_SHARE, CHOSEN_SHARE = 0.8, 0.1
CLICKS, TEST_CLICKS, ITEMS = 70_000, 13_500, 2_900
# Of the visits to learn from, the newest, which parameters are chosen on.
CHOSEN_VISITS = 0.15
# What a customer bought last before.
HISTORY_PRODUCTS = 60


@dataclass(frozen=True, slots=True)
class Question:
    """What is known of a shopper, and which products are to be named.

    Attributes:
        given: product ids, the newest last.
        targets: product ids; each is a prediction of its own.
    """

    given: tuple[str, ...]
    targets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stage:
    """What is learned, and what is asked then.

    Attributes:
        learned: visits or orders, oldest first.
        questions: from what came after.
    """

    learned: list[Visit]
    questions: list[Question]


@dataclass(frozen=True, slots=True)
class Task:
    """One way of asking.

    Attributes:
        name: of the task.
        kind: of the events that are learned from.
        choosing: what parameters are chosen on.
        test: what the table is about.
        products: name and price by id.
    """

    name: str
    kind: str
    choosing: Stage
    test: Stage
    products: dict[str, tuple[str, float]]


def make_tasks(source: Path, names: Iterable[str], seed: int) -> list[Task]:
    """Make the tasks that are named.

    Args:
        source: the Parquet file.
        names: of `TASKS`.
        seed: of what is hidden, and of where visits are cut.
    """
    return [TASKS[name](source, seed) for name in names]


def make_leave_one_out(source: Path, seed: int) -> Task:
    """Of each order one line, drawn by chance, is to be told from the others."""
    lines = list(read_lines(source))
    older, middle, newest = by_time(orders(lines))
    choosing = Stage(older, leave_one_out(middle, older, seed))
    test = Stage(older + middle, leave_one_out(newest, older + middle, seed))
    return Task("baskets", "purchase", choosing, test, products_of(lines))


def make_next_basket(source: Path, seed: int) -> Task:
    """A customer's next order is to be told from the earlier ones; nothing is drawn by chance."""
    lines = list(read_lines(source))
    older, middle, newest = by_time(orders(lines))
    choosing = Stage(older, next_basket(middle, older))
    test = Stage(older + middle, next_basket(newest, older + middle))
    return Task("next-basket", "purchase", choosing, test, products_of(lines))


def make_clicks(source: Path, seed: int) -> Task:
    """The next product of a visit is to be told from those before it, at each place of the visit."""
    log = make_click_log(source, CLICKS, TEST_CLICKS, ITEMS, seed)
    place = round(len(log.train) * (1 - CHOSEN_VISITS))
    older, middle = log.train[:place], log.train[place:]
    choosing = Stage(older, next_product(middle, older))
    return Task("clicks", "view_item", choosing, Stage(log.train, next_product(log.test, log.train)), log.products)


TASKS = {"baskets": make_leave_one_out, "next-basket": make_next_basket, "clicks": make_clicks}


def orders(lines: Iterable[Line]) -> list[Visit]:
    """The invoices, oldest first, each product of one once."""
    found = []
    for invoice, group in groupby(lines, key=lambda line: line.invoice):
        own = list(group)
        products = tuple(dict.fromkeys(line.product_id for line in own))
        found.append(Visit(invoice, own[0].customer, own[0].at, products))
    return sorted(found, key=lambda order: (order.at, order.name))


def by_time(found: Sequence[Visit]) -> tuple[list[Visit], list[Visit], list[Visit]]:
    """Those to learn from, those to choose on, and those of the test."""
    first, second = round(len(found) * LEARNED_SHARE), round(len(found) * (LEARNED_SHARE + CHOSEN_SHARE))
    return list(found[:first]), list(found[first:second]), list(found[second:])


def leave_one_out(asked: Iterable[Visit], learned: Iterable[Visit], seed: int) -> list[Question]:
    """Hide one product of each order that has two or more which were learned."""
    known = known_in(learned)
    questions = []
    for order in asked:
        products = [product_id for product_id in order.products if product_id in known]
        if len(products) > 1:
            hidden = random.Random(f"{seed} {order.name}").randrange(len(products))
            questions.append(Question((*products[:hidden], *products[hidden + 1 :]), (products[hidden],)))
    return questions


def next_basket(asked: Iterable[Visit], learned: Iterable[Visit]) -> list[Question]:
    """Each known customer's first order among those asked, from what they bought before."""
    known = known_in(learned)
    bought: dict[str, dict[str, None]] = {}
    for order in learned:
        if order.customer:
            own = bought.setdefault(order.customer, {})
            for product_id in order.products:
                # The order of a dict is that of the first time; what is bought again is new again.
                own.pop(product_id, None)
                own[product_id] = None
    questions = []
    for order in asked:
        # Taken out, so that only the first is asked.
        given = tuple(bought.pop(order.customer, ()))[-HISTORY_PRODUCTS:]
        targets = tuple(product_id for product_id in order.products if product_id in known)
        if given and targets:
            questions.append(Question(given, targets))
    return questions


def next_product(asked: Iterable[Visit], learned: Iterable[Visit]) -> list[Question]:
    """Each product of each visit from those before it."""
    known = known_in(learned)
    return [
        Question(visit.products[:place], (target,))
        for visit in asked
        for place, target in enumerate(visit.products)
        if place and target in known
    ]


def known_in(learned: Iterable[Visit]) -> set[str]:
    """The products of visits or orders."""
    return {product_id for visit in learned for product_id in visit.products}


def products_of(lines: Iterable[Line]) -> dict[str, tuple[str, float]]:
    """Name and price by id, as last seen."""
    return {line.product_id: (line.name, line.price) for line in lines}
