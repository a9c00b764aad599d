"""Drafts stored together end as they would one by one, in as many statements as one."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from ecom_llm.entities import Kind, TextKey
from ecom_llm.exceptions import EcomLLMError
from ecom_llm.models import Text, TextVersion
from ecom_llm.publish import decisions
from ecom_llm.publish.drafts import Draft, Entry, store, store_many
from ecom_llm.publish.lookup import published
from ecom_llm.signals import text_published

pytestmark = pytest.mark.django_db

TIMEOUT_SECONDS = 20


def key_of(subject: str, kind: Kind = Kind.DESCRIPTION, language: str = "en") -> TextKey:
    return TextKey(kind, subject, language)


def entry(key: TextKey, body: str = "New.") -> Entry:
    return Entry(key, Draft(body=body, facts={}, cited={}), key.subject)


def states(key: TextKey) -> list[tuple[str, str]]:
    """Each version's words and state, oldest first."""
    versions = TextVersion.objects.filter(text__kind=key.kind, text__subject=key.subject, text__language=key.language)
    return list(versions.order_by("id").values_list("body", "state"))


@pytest.fixture
def editor() -> Any:
    return get_user_model().objects.create_user("editor", is_staff=True)


@pytest.fixture
def told() -> Iterator[list[TextVersion]]:
    """What listeners are told of, by one that comes after one that fails."""
    heard: list[TextVersion] = []

    def fail(**_: Any) -> None:
        raise RuntimeError("A shop's receiver.")

    def hear(version: TextVersion, **_: Any) -> None:
        heard.append(version)
        fail()

    text_published.connect(hear, dispatch_uid="test")
    yield heard
    text_published.disconnect(dispatch_uid="test")


def test_each_draft_of_a_batch_ends_as_its_own_text_demands(editor: Any, use_settings: Callable[..., None]) -> None:
    new, shown, human, waiting = (key_of(name) for name in ("new", "shown", "human", "waiting"))
    reviewed, german = key_of("pair", Kind.REASON), key_of("shown", language="de")
    store_many([entry(shown, "Old."), entry(human, "Old.")])
    decisions.edit(TextVersion.objects.get(text__subject="human"), "Mine.", editor)
    use_settings(PUBLISH={"POLICY": {"description": "review", "reason": "review"}})
    store_many([entry(waiting, "Old."), entry(reviewed, "Old.")])
    use_settings(PUBLISH={"POLICY": {"reason": "review"}})

    versions = store_many([entry(key) for key in (new, shown, human, waiting, reviewed, german)])

    assert [version.text.key for version in versions] == [new, shown, human, waiting, reviewed, german]
    assert states(new) == [("New.", "published")]
    assert states(shown) == [("Old.", "archived"), ("New.", "published")]
    assert states(human) == [("Old.", "archived"), ("Mine.", "published"), ("New.", "in_review")]
    assert states(waiting) == [("Old.", "archived"), ("New.", "published")]
    assert states(reviewed) == [("Old.", "archived"), ("New.", "in_review")]
    assert states(german) == [("New.", "in_review")]
    keys = [new, shown, human, waiting, reviewed, german]
    assert {key: version.body for key, version in published(keys).items()} == {
        new: "New.", shown: "New.", human: "Mine.", waiting: "New.",
    }  # fmt: skip


def test_returned_version_is_as_the_database_has_it() -> None:
    for version in store_many([entry(key_of("a")), entry(key_of("b", language="de"))]):
        kept = TextVersion.objects.get(pk=version.pk)
        assert (kept.state, kept.decided_at, kept.created_at) == (version.state, version.decided_at, version.created_at)
        assert kept.decided_at is not None
        assert kept.text.published_id == version.text.published_id


def test_twenty_drafts_take_as_many_statements_as_one() -> None:
    counts = []
    for keys in ([key_of("one")], [key_of(str(number)) for number in range(20)]):
        for _ in ("new", "again"):
            with CaptureQueriesContext(connection) as captured:
                store_many([entry(key) for key in keys])
            counts.append(len(captured))
    assert counts[:2] == counts[2:]
    assert counts[1] <= 8


def test_no_draft_costs_no_statement(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert store_many([]) == []


def test_of_two_drafts_of_one_text_the_later_is_shown() -> None:
    first, second = key_of("a"), key_of("b")
    versions = store_many([entry(first, "One."), entry(second), entry(first, "Two.")])
    assert [version.body for version in versions] == ["One.", "New.", "Two."]
    assert states(first) == [("One.", "archived"), ("Two.", "published")]
    assert states(second) == [("New.", "published")]


def test_listeners_hear_once_of_each_published_version_even_where_one_fails(
    told: list[TextVersion], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks() as callbacks:
        versions = store_many([entry(key_of("a")), entry(key_of("b", language="de")), entry(key_of("c"))])
        assert told == []
    for callback in callbacks:
        with pytest.raises(RuntimeError):
            callback()
    assert told == [versions[0], versions[2]]


@pytest.mark.django_db(transaction=True)
def test_failing_listener_undoes_nothing(told: list[TextVersion]) -> None:
    versions = store_many([entry(key_of("a")), entry(key_of("b"))])
    assert told == versions
    assert len(published([key_of("a"), key_of("b")])) == 2


@pytest.mark.django_db(transaction=True)
def test_batch_that_is_rolled_back_is_neither_kept_nor_announced(told: list[TextVersion]) -> None:
    def store_then_fail() -> None:
        with transaction.atomic():
            store_many([entry(key_of("a"))])
            raise EcomLLMError

    with pytest.raises(EcomLLMError):
        store_then_fail()
    assert (told, Text.objects.count()) == ([], 0)


def run_beside(*works: Callable[[], object]) -> None:
    """Run each in a thread of its own, and raise what one of them raised."""
    failed: list[BaseException] = []

    def guarded(work: Callable[[], object]) -> None:
        try:
            work()
        except BaseException as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=guarded, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(TIMEOUT_SECONDS)
        assert not thread.is_alive()
    if failed:
        raise failed[0]


def run_while_held(first: Callable[[], object], second: Callable[[], object]) -> None:
    """Run the second while the first has written and not committed yet."""
    has_written, is_asked = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            first()
            has_written.set()
            is_asked.wait(TIMEOUT_SECONDS)
            # Long enough for the other to reach the row that this transaction holds.
            time.sleep(0.5)

    def follow() -> None:
        has_written.wait(TIMEOUT_SECONDS)
        is_asked.set()
        second()

    run_beside(hold, follow)


@pytest.mark.django_db(transaction=True)
def test_words_that_an_editor_is_just_publishing_are_not_overwritten(editor: Any) -> None:
    key = key_of("lamp")
    version = store(key, entry(key, "Old.").draft)
    run_while_held(lambda: decisions.edit(version, "Mine.", editor), lambda: store_many([entry(key)]))
    assert states(key) == [("Old.", "archived"), ("Mine.", "published"), ("New.", "in_review")]
    assert published([key])[key].body == "Mine."


@pytest.mark.django_db(transaction=True)
def test_version_rolled_back_to_takes_the_place_of_one_that_is_just_being_published(editor: Any) -> None:
    key = key_of("lamp")
    oldest = store(key, entry(key, "Oldest.").draft)
    store(key, entry(key, "Old.").draft)
    oldest.refresh_from_db()
    run_while_held(lambda: store_many([entry(key)]), lambda: decisions.rollback(oldest, editor))
    assert states(key) == [("Oldest.", "published"), ("Old.", "archived"), ("New.", "archived")]
    assert published([key])[key].body == "Oldest."


@pytest.mark.django_db(transaction=True)
def test_two_workers_with_the_same_texts_do_not_wait_for_each_other_for_ever() -> None:
    rounds, number = 4, 500
    start = threading.Barrier(2)

    def write(step: int) -> None:
        for lap in range(rounds):
            keys = [key_of(f"{lap}-{place}") for place in range(number)][::step]
            start.wait(TIMEOUT_SECONDS)
            # New texts, whose rows are inserted, and then the same, whose rows are locked.
            store_many([entry(key) for key in keys])
            store_many([entry(key) for key in keys])

    run_beside(lambda: write(1), lambda: write(-1))
    shown = TextVersion.objects.filter(state="published").values_list("text", flat=True)
    assert len(shown) == len(set(shown)) == Text.objects.count() == rounds * number
    assert TextVersion.objects.count() == rounds * number * 4
