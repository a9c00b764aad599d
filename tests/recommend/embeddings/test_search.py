"""A search finds what matches and then what is close to it, and says which is which."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ecom_llm.catalog.adapters.memory import MemoryProduct
from ecom_llm.entities import EvidenceKind
from ecom_llm.models import WordVectors
from ecom_llm.recommend import search_meaning
from ecom_llm.recommend.content import update_content
from ecom_llm.recommend.rules import PageRules
from ecom_llm.recommend.search import fuse, matching_search
from ecom_llm.recommend.search_meaning import forget_meaning

pytestmark = pytest.mark.django_db

Change = Callable[[MemoryProduct], None]


def find(query: str, limit: int = 4, excluded: tuple[str, ...] = ()) -> dict[str, EvidenceKind]:
    return {item.product_id: item.evidence.kind for item in matching_search(query, limit, "en", excluded, PageRules())}


@pytest.fixture
def ready(shop: Any) -> Any:
    update_content()
    return shop


def test_what_matches_comes_first_and_what_is_close_follows(shop: Any, change: Change) -> None:
    change(MemoryProduct(id="settee", name="New settee"))
    update_content()
    found = find("couch")
    assert list(found.items()) == [("couch", EvidenceKind.MATCHES_SEARCH), ("settee", EvidenceKind.SIMILAR)]


def test_search_without_a_match_finds_what_means_the_same(ready: Any) -> None:
    found = matching_search("settee", 4, "en", (), PageRules())
    assert [item.product_id for item in found] == ["couch"]
    assert found[0].evidence.kind is EvidenceKind.SIMILAR
    assert found[0].evidence.detail == "settee"
    assert found[0].evidence.seed_id == ""


def test_mistyped_search_finds_what_was_meant(ready: Any) -> None:
    assert find("ketle") == {"kettle": EvidenceKind.SIMILAR}


def test_hidden_sold_out_and_excluded_products_are_not_found(ready: Any) -> None:
    assert find("settee", excluded=("couch",)) == {}
    assert find("couch", excluded=("couch",)) == {}


def test_unrelated_search_finds_nothing(ready: Any) -> None:
    assert find("mortgage rates") == {}
    assert find("lamp") == {}


@pytest.mark.parametrize("query", ["...", "!!", "?", "--- ---", "🏮"])
def test_signs_alone_are_close_to_nothing(ready: Any, query: str) -> None:
    assert find(query) == {}


def test_scores_follow_the_order(ready: Any) -> None:
    scores = [item.score for item in matching_search("jacket", 4, "en", (), PageRules())]
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) == len(scores)


def test_new_product_is_found_at_the_next_check(ready: Any, change: Change, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "sofa" not in find("settee")
    change(MemoryProduct(id="sofa", name="New sofa"))
    update_content()
    monkeypatch.setattr(search_meaning, "_checked_at", float("-inf"))
    assert set(find("settee")) == {"couch", "sofa"}


def test_nothing_is_queried_between_checks(ready: Any, django_assert_num_queries: Any) -> None:
    find("settee")
    with django_assert_num_queries(0):
        find("settee")


def test_without_what_compares_the_shops_own_search_remains(ready: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_meaning, "_can_compare", lambda: False)
    assert find("jacket") == {"jacket": EvidenceKind.MATCHES_SEARCH}
    assert find("settee") == {}
    # Words put right need no NumPy.
    assert find("ketle") == {"kettle": EvidenceKind.SIMILAR}


def test_what_cannot_be_read_is_logged_and_the_shops_own_search_remains(
    ready: Any, caplog: pytest.LogCaptureFixture
) -> None:
    WordVectors.objects.filter(model="tiny/encoder#1").update(body=b"broken")
    forget_meaning()
    assert find("jacket") == {"jacket": EvidenceKind.MATCHES_SEARCH}
    assert "could not be read" in caplog.text


@pytest.mark.parametrize("query", ["", "   ", "\0", "%", "x" * 5000, "🧥" * 50, "jacket " * 300])
def test_any_query_is_survived(ready: Any, query: str) -> None:
    find(query)


def test_fusion_prefers_what_both_rankings_have() -> None:
    assert fuse([["a", "b", "c"], ["c", "b"]])[0] == "c"
    assert fuse([["a", "b"], []]) == ["a", "b"]
    assert fuse([]) == []


def test_process_with_no_thread_left_goes_on_by_words_and_tries_again(
    ready: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    forget_meaning()
    monkeypatch.setattr(search_meaning, "READ_AT_ONCE", -1)
    with monkeypatch.context() as patched:
        patched.setattr("threading.Thread.start", fail_to_start)
        assert find("settee") == {}
    assert "no thread left" in caplog.text
    monkeypatch.setattr(search_meaning, "READ_AT_ONCE", 5_000)
    monkeypatch.setattr(search_meaning, "_checked_at", float("-inf"))
    assert find("settee") == {"couch": EvidenceKind.SIMILAR}


def fail_to_start(thread: Any) -> None:
    del thread
    raise RuntimeError("can't start new thread")
