from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from ecom_llm.models import LearnedState
from ecom_llm.recommend import blend
from ecom_llm.recommend.blend import Blend, forget_blend, serving_blend


def test_what_is_stored_is_read_again() -> None:
    tuned = Blend(hop=0.25, popular=0.0)
    assert Blend.read(tuned.as_stored()) == tuned
    assert set(tuned.as_stored()) == {item.name for item in fields(Blend)}


@pytest.mark.parametrize("stored", [{}, {"unknown": 3}, {"hop": "much"}, {"hop": None}, {"hop": -1}])
def test_what_is_unknown_or_no_sound_number_is_passed_over(stored: dict[str, Any]) -> None:
    assert Blend.read(stored) == Blend()


def test_whole_numbers_are_numbers() -> None:
    assert Blend.read({"hop": 1}).hop == 1.0


@pytest.mark.django_db
def test_pages_go_by_what_was_tuned_and_ask_for_it_now_and_then(
    django_assert_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget_blend()
    assert serving_blend() == Blend()
    LearnedState.objects.create(blend={"hop": 0.5})
    with django_assert_num_queries(0):
        assert serving_blend() == Blend()
    monkeypatch.setattr(blend, "REMEMBERED_SECONDS", -1.0)
    assert serving_blend() == Blend(hop=0.5)
    LearnedState.objects.update(blend={})
    forget_blend()
    assert serving_blend() == Blend()
