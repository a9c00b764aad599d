"""What a visitor does not want stays away, wherever it would be shown, until they take it back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from ecom_llm.capture.erased import CLOCK_SLACK, ask_to_forget
from ecom_llm.capture.visitors import NOBODY, Visitor
from ecom_llm.entities import Consent
from ecom_llm.models import Erasure, NotInterested
from ecom_llm.recommend import feedback
from ecom_llm.recommend.current_visit import CurrentVisit, read_visit
from ecom_llm.recommend.feedback import hide, show_again, unwanted_ids
from ecom_llm.recommend.learning import learn
from ecom_llm.recommend.ranking import recommend
from tests.recommend.conftest import EVA, Visit, record

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shop")]

ADA = Visitor("a:" + "a" * 32, Consent.ANONYMOUS)
PAGES = [{"product": "harbour"}, {"query": "quay"}, {}]


def shown(visitor: Visitor, page: dict[str, str]) -> set[str]:
    return {item.product_id for item in recommend(visitor=visitor, limit=12, **page)}


@pytest.mark.parametrize("visitor", [EVA, ADA], ids=["personal", "anonymous"])
@pytest.mark.parametrize("page", PAGES, ids=["product", "search", "home"])
def test_what_is_not_wanted_is_shown_to_nobody_but_others(visit: Visit, visitor: Visitor, page: dict[str, str]) -> None:
    visit("harbour", "quay", "pot", times=3)
    learn()
    assert "quay" in shown(visitor, page)
    assert hide(visitor, "quay")
    assert "quay" not in shown(visitor, page)
    assert "quay" in shown(NOBODY, page)
    show_again(visitor, "quay")
    assert "quay" in shown(visitor, page)


def test_it_is_kept_once_and_told_newest_first() -> None:
    for product_id in ("pot", "pan", "pot"):
        assert hide(EVA, product_id)
    assert unwanted_ids(EVA) == ["pan", "pot"]
    assert unwanted_ids(ADA) == []


def test_oldest_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feedback, "MOST_UNWANTED", 2)
    for product_id in ("pot", "pan", "bag"):
        hide(EVA, product_id)
    assert unwanted_ids(EVA) == ["bag", "pan"]


def test_all_is_taken_back_at_once() -> None:
    for visitor in (EVA, ADA):
        hide(visitor, "pot")
    show_again(EVA)
    assert (unwanted_ids(EVA), unwanted_ids(ADA)) == ([], ["pot"])


@pytest.mark.parametrize("visitor", [NOBODY, Visitor("", Consent.ANONYMOUS)])
def test_of_who_cannot_be_told_apart_nothing_is_kept(visitor: Visitor) -> None:
    assert not hide(visitor, "pot")
    assert not NotInterested.objects.exists()
    assert unwanted_ids(visitor) == []


def test_nothing_is_kept_under_a_key_that_was_given_up() -> None:
    ask_to_forget([EVA.key], dropped=[EVA.key])
    assert not hide(EVA, "pot")
    Erasure.objects.update(done_at=timezone.now() - timedelta(hours=1))
    assert not hide(EVA, "pot")
    assert not NotInterested.objects.exists()


def test_what_is_to_be_forgotten_is_not_used_any_more() -> None:
    hide(EVA, "pot")
    NotInterested.objects.update(created_at=timezone.now() - timedelta(minutes=1) - CLOCK_SLACK)
    ask_to_forget([EVA.key])
    assert read_visit(EVA) == CurrentVisit()


@pytest.mark.parametrize("is_general", [True, False])
def test_whoever_wants_nothing_personal_is_still_not_shown_what_they_do_not_want(is_general: bool) -> None:
    record(EVA.key, "pan", timezone.now())
    hide(EVA, "pot")
    expected = CurrentVisit(unwanted=frozenset({"pot"})) if is_general else None
    found = read_visit(EVA, is_general=is_general)
    assert found == (expected or CurrentVisit(viewed=("pan",), unwanted=frozenset({"pot"})))


def test_shop_that_uses_no_anonymous_visits_still_heeds_what_is_not_wanted(use_settings: Visit) -> None:
    use_settings(RECOMMEND={"FROM_ANONYMOUS_VISITS": False})
    record(ADA.key, "pan", timezone.now(), consent="anonymous")
    hide(ADA, "pot")
    assert read_visit(ADA) == CurrentVisit(unwanted=frozenset({"pot"}))
