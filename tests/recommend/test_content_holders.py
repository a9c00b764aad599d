"""What has changed or is gone leaves every list that holds it; its own list does not tell whose those are."""

from __future__ import annotations

from itertools import chain
from typing import Any

import pytest

from ecom_llm.recommend import content, content_lists
from ecom_llm.recommend.comparing import WordComparison
from ecom_llm.recommend.content import ContentReport, forget_content, update_content
from tests.conftest import MakeCatalog
from tests.recommend.content_shop import JUST_NOW, MOOR, all_listed, change, listed, product

pytestmark = pytest.mark.django_db

# All alike: with three places in a list, the first ones stand in every list, and hold only each other.
MUGS = [product(f"mug{number}", "Enamel Mug", "Mugs") for number in range(9)]
LANTERN = product("mug0", "Storm Lantern", "Camping", updated_at=JUST_NOW)


@pytest.fixture
def mugs(memory_catalog: MakeCatalog, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(content_lists, "LISTED", 3)
    monkeypatch.setattr(content_lists, "CHUNK_LISTS", 2)
    catalog = memory_catalog(MUGS)
    update_content()
    assert list(listed("mug8")) == ["mug0", "mug1", "mug2"]
    assert list(listed("mug0")) == ["mug1", "mug2", "mug3"]
    return catalog


def test_changed_product_leaves_also_the_lists_of_what_it_does_not_list(
    mugs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(monkeypatch, mugs, [LANTERN, *MUGS[1:]])
    update_content()
    assert list(listed("mug8")) == ["mug1", "mug2", "mug3"]
    assert not [seed for seed, ids in all_listed().items() if "mug0" in ids]


def test_places_of_what_is_gone_are_free_for_others(mugs: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    change(monkeypatch, mugs, MUGS[3:])
    forget_content()
    assert update_content().removed == 3
    assert list(listed("mug8")) == ["mug3", "mug4", "mug5"]


@pytest.mark.parametrize("steps", range(1, 14))
def test_what_a_process_changed_and_did_not_finish_the_next_one_does(
    steps: int, mugs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(content, "LIST_PRODUCTS", 1)
    change(monkeypatch, mugs, [LANTERN, *MUGS[1:]])
    forget_content()
    for _ in range(steps):
        update_content(lambda: True)
    forget_content()
    update_content()
    assert list(listed("mug8")) == ["mug1", "mug2", "mug3"]
    assert listed("mug0") == {}
    # Nothing is left to do.
    forget_content()
    assert update_content() == ContentReport(is_complete=True)


def test_what_a_look_that_failed_had_changed_the_next_one_finishes(mugs: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    change(monkeypatch, mugs, [LANTERN, *MUGS[1:]])
    with monkeypatch.context() as patched:
        patched.setattr(content, "make_lists", lambda *_: {}["none"])
        with pytest.raises(KeyError):
            update_content()
    update_content()
    assert list(listed("mug8")) == ["mug1", "mug2", "mug3"]


def test_new_products_alone_need_no_pass_over_all_lists(mugs: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "find_holders", None)
    change(monkeypatch, mugs, [*MUGS, MOOR])
    assert update_content().changed == 1


def test_lists_that_hold_what_has_no_vector_are_made_anew_by_a_look_at_all(mugs: Any) -> None:
    content_lists.write_lists({"mug8": [("ghost", 0.9)], "spirit": [("mug8", 0.9)]})
    forget_content()
    assert update_content().lists == 1
    assert list(listed("mug8")) == ["mug0", "mug1", "mug2"]
    assert "spirit" not in all_listed()


def test_what_another_worker_has_just_listed_stays(mugs: Any) -> None:
    knows_nothing = WordComparison().make_index()
    assert not [*chain(*content_lists.find_holders("words#1", (), knows_nothing))]
    assert {*chain(*content_lists.find_holders("words#1", {"mug0"}, knows_nothing))} == set(all_listed()) - {"mug0"}


def test_nothing_enters_a_list_that_is_to_be_made_anew() -> None:
    content_lists.write_lists({"seed": [("a", 0.9)]})
    content_lists.mark_changed(["seed"])
    content_lists.enter_lists([("seed", "c", 0.5)])
    assert listed("seed") == {}
    assert content_lists.marked_as_changed() == ["seed"]
    content_lists.write_lists({"seed": [("b", 0.8)]})
    assert content_lists.marked_as_changed() == []
