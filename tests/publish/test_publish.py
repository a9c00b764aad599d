"""Versions move by the state machine only, and a person's words outrank the model's."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model

from ecom_llm.entities import Fact, Kind, ProductFacts, TextKey
from ecom_llm.exceptions import TransitionError
from ecom_llm.models import Text, TextVersion
from ecom_llm.publish import decisions
from ecom_llm.publish.drafts import Draft, store
from ecom_llm.publish.lookup import is_current, published
from ecom_llm.publish.states import TRANSITIONS, allowed_actions, move
from ecom_llm.signals import text_published

pytestmark = pytest.mark.django_db

KEY = TextKey(Kind.DESCRIPTION, "lamp-1", "en")
FACTS = {"lamp-1": {"name": "Lamp", "Material": "brass", "Height": "40 cm"}}


def draft(body: str = "A brass lamp.", cited: dict[str, dict[str, str]] | None = None) -> Draft:
    return Draft(body=body, facts=FACTS, cited=cited or {"lamp-1": {"Material": "brass"}})


@pytest.fixture
def editor() -> Any:
    return get_user_model().objects.create_user("editor", is_staff=True)


@pytest.fixture
def review(use_settings: Any) -> None:
    use_settings(PUBLISH={"POLICY": {"description": "review"}})


def state_of(version: TextVersion) -> str:
    return TextVersion.objects.get(pk=version.pk).state


def test_newer_version_takes_the_place_of_the_published_one() -> None:
    first, second = store(KEY, draft("One lamp of brass.")), store(KEY, draft("A lamp in brass."))
    assert (state_of(first), state_of(second)) == ("archived", "published")
    assert published([KEY])[KEY].body == "A lamp in brass."


def test_publishing_tells_listeners_after_the_commit(django_capture_on_commit_callbacks: Any) -> None:
    told: list[TextVersion] = []
    text_published.connect(lambda version, **_: told.append(version), weak=False, dispatch_uid="test")
    with django_capture_on_commit_callbacks(execute=True):
        version = store(KEY, draft())
    text_published.disconnect(dispatch_uid="test")
    assert told == [version]


def test_other_languages_wait_for_review_unless_the_shop_says_otherwise(use_settings: Any) -> None:
    german = TextKey(Kind.DESCRIPTION, "lamp-1", "de-at")
    assert store(german, draft("Eine Lampe.")).state == "in_review"
    use_settings(PUBLISH={"POLICY": {"description": "publish"}})
    assert store(german, draft("Eine Lampe aus Messing.")).state == "published"


@pytest.mark.usefixtures("review")
def test_held_version_is_not_shown_until_approved(editor: Any) -> None:
    version = store(KEY, draft())
    assert published([KEY]) == {}
    decisions.approve(version, editor)
    found = published([KEY])[KEY]
    assert (found.pk, found.decided_by, found.decided_at is None) == (version.pk, editor, False)


@pytest.mark.usefixtures("review")
def test_second_decision_on_the_same_version_is_refused(editor: Any) -> None:
    version = store(KEY, draft())
    late = TextVersion.objects.get(pk=version.pk)
    decisions.approve(version, editor)
    with pytest.raises(TransitionError, match="published"):
        move(late, "approve")


@pytest.mark.usefixtures("review")
def test_newer_draft_retires_the_one_still_waiting() -> None:
    first, second = store(KEY, draft("One.")), store(KEY, draft("Two."))
    assert (state_of(first), state_of(second)) == ("archived", "in_review")


def test_rejecting_what_is_published_takes_it_out_of_the_shop_at_once(editor: Any) -> None:
    version = store(KEY, draft())
    decisions.reject(version, editor, "Dull.")
    assert published([KEY]) == {}
    assert TextVersion.objects.get().findings[-1]["message"] == "Dull."


def test_edit_is_a_new_human_version_and_leaves_the_models_as_it_was(editor: Any) -> None:
    version = store(KEY, draft("A brass lamp."))
    edited = decisions.edit(version, "  A lamp of brass,\r\nturned by hand.  ", editor)
    assert (edited.origin, edited.body, edited.decided_by) == ("human", "A lamp of brass,\nturned by hand.", editor)
    assert (state_of(version), TextVersion.objects.get(pk=version.pk).body) == ("archived", "A brass lamp.")
    assert published([KEY])[KEY].pk == edited.pk


def test_humans_words_are_never_overwritten_by_the_models(editor: Any) -> None:
    edited = decisions.edit(store(KEY, draft()), "Mine.", editor)
    drafted = store(KEY, draft("The model's."))
    assert state_of(drafted) == "in_review"
    assert published([KEY])[KEY].pk == edited.pk


@pytest.mark.parametrize("words", ["", " \n ", "\u200b", "…"])
def test_empty_edit_is_refused_and_loses_nothing(editor: Any, words: str) -> None:
    version = store(KEY, draft())
    with pytest.raises(TransitionError, match="empty"):
        decisions.edit(version, words, editor)
    assert published([KEY])[KEY].pk == version.pk


def test_rollback_publishes_an_archived_version_again(editor: Any) -> None:
    first, second = store(KEY, draft("One.")), store(KEY, draft("Two."))
    first.refresh_from_db()
    decisions.rollback(first, editor)
    assert published([KEY])[KEY].pk == first.pk
    assert state_of(second) == "archived"


@pytest.mark.parametrize("state", TextVersion.State.values)
@pytest.mark.parametrize("action", list(TRANSITIONS))
def test_every_action_is_allowed_or_refused_as_the_table_says(state: str, action: str) -> None:
    text = Text.objects.create(kind=KEY.kind, subject=KEY.subject, language=KEY.language)
    version = TextVersion.objects.create(text=text, body="x", origin="model", state=state)
    if action in allowed_actions(version):
        assert move(version, action).state == TRANSITIONS[action][1]
    else:
        with pytest.raises(TransitionError):
            move(version, action)
        assert state_of(version) == state


def test_version_is_stale_only_when_a_fact_it_cites_changes() -> None:
    version = store(KEY, draft())
    brass = ProductFacts("lamp-1", "Lamp", "", (Fact("Material", "brass"), Fact("Height", "90 cm")))
    steel = ProductFacts("lamp-1", "Lamp", "", (Fact("Material", "steel"),))
    assert is_current(version, {"lamp-1": brass})
    assert not is_current(version, {"lamp-1": steel})
    assert not is_current(version, {"lamp-1": ProductFacts("lamp-1", "Lamp")})


def test_many_texts_are_looked_up_in_one_query(django_assert_num_queries: Any) -> None:
    keys = [TextKey(kind, str(number), "en") for number in range(12) for kind in (Kind.DESCRIPTION, Kind.REASON)]
    for key in keys:
        store(key, draft())
    with django_assert_num_queries(1):
        assert len(published(keys)) == 24
    with django_assert_num_queries(0):
        assert published([]) == {}
