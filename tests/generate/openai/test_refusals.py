"""Servers that are busy, refuse or redirect."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecom_llm.entities import Sampling
from ecom_llm.exceptions import BackendBusyError, BackendError, ConfigurationError
from ecom_llm.generate.backends.openai_failures import retry_after_seconds
from tests.generate.openai.asking import LIKELIEST, PREFIX, PROMPT, MakeBackend, always, number_of, numbered
from tests.generate.openai.servers import (
    Asked,
    Reply,
    Stub,
    completion,
    well_behaved,
)


@pytest.mark.parametrize("status", [429, 503, 529])
@pytest.mark.parametrize(
    ("header", "least", "most"), [({}, 5, 5), ({"Retry-After": "17"}, 17, 17), ({"Retry-After": "soon"}, 5, 5)]
)
def test_busy_server_gives_everything_back(
    make: MakeBackend, status: int, header: dict[str, str], least: float, most: float
) -> None:
    with pytest.raises(BackendBusyError) as caught:
        make(always(Reply({"error": {"message": "later"}}, status, header))).generate(numbered(3), LIKELIEST)
    assert caught.value.completions == [None, None, None]
    assert least <= caught.value.retry_after_seconds <= most


def test_busy_server_is_asked_no_further_and_what_came_is_kept(make: MakeBackend, stub: Stub) -> None:
    def answer(asked: Asked) -> Reply:
        number = number_of(asked)
        return Reply(status=429, delay_seconds=0.2) if number == 1 else Reply(completion(f" number {number}."))

    with pytest.raises(BackendBusyError) as caught:
        make(answer, concurrency=1).generate(numbered(5), LIKELIEST)
    assert [item and item.text for item in caught.value.completions] == [f"{PREFIX} number 0.", None, None, None, None]
    assert len(stub.asked) == 2


def test_request_under_way_is_waited_for_when_another_is_turned_away(make: MakeBackend) -> None:
    def answer(asked: Asked) -> Reply:
        return Reply(status=429) if number_of(asked) == 0 else Reply(completion(" late."), delay_seconds=0.6)

    with pytest.raises(BackendBusyError) as caught:
        make(answer, concurrency=2).generate(numbered(2), LIKELIEST)
    assert [item and item.text for item in caught.value.completions] == [None, f"{PREFIX} late."]


def test_prompt_that_got_some_of_its_samples_goes_back_whole(make: MakeBackend) -> None:
    def answer(asked: Asked) -> Reply:
        is_turned_away = number_of(asked) == 1 and asked.body["temperature"] > 0
        return Reply(status=429) if is_turned_away else well_behaved(asked)

    with pytest.raises(BackendBusyError) as caught:
        make(answer, concurrency=1).generate(numbered(2), Sampling(temperature=0.0, n=2))
    first, second, *others = caught.value.completions
    assert first is not None
    assert second is not None
    assert others == [None, None]


def test_longest_of_several_pauses_is_told(make: MakeBackend) -> None:
    def answer(asked: Asked) -> Reply:
        return Reply(status=429, headers={"Retry-After": str(10 + number_of(asked))}, delay_seconds=0.2)

    with pytest.raises(BackendBusyError) as caught:
        make(answer, concurrency=4).generate(numbered(4), LIKELIEST)
    assert caught.value.retry_after_seconds == 13


def test_server_that_is_not_there_is_busy(make: MakeBackend) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        backend = make(base_url=f"http://127.0.0.1:{closed.getsockname()[1]}/v1")
        with pytest.raises(BackendBusyError, match="cannot be reached") as caught:
            backend.generate(numbered(3), LIKELIEST)
    assert caught.value.completions == [None, None, None]


def test_server_that_is_not_there_is_named_in_the_log(make: MakeBackend, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(BackendBusyError):
        make(base_url="http://127.0.0.1:9/v1").generate([PROMPT], LIKELIEST)
    assert "http://127.0.0.1:9/v1 cannot be reached." in caplog.text


def test_shop_may_say_what_else_is_busy(make: MakeBackend) -> None:
    bad_gateway = always(Reply(b"<html>502</html>", 502))
    with pytest.raises(BackendBusyError):
        make(bad_gateway, busy_statuses=[429, 502, 503]).generate([PROMPT], LIKELIEST)
    with pytest.raises(BackendError) as caught:
        make(bad_gateway).generate([PROMPT], LIKELIEST)
    assert not isinstance(caught.value, BackendBusyError)


NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("20", 20), ("1.5", 1.5), ("0", 1), ("999999999999999999999", 300), ("9" * 400, 300), ("-5", 5), ("nan", 5),
        ("1e3", 5), ("", 5), (format_datetime(NOW + timedelta(seconds=40), usegmt=True), 40),
        (format_datetime(NOW - timedelta(days=1), usegmt=True), 1), ("Mon, 23 Nov 2026 12:00:30 -0000", 30),
        (format_datetime(NOW + timedelta(days=9), usegmt=True), 300), ("Mon, 99 Foo 2026 99:99:99 GMT", 5),
    ],
)  # fmt: skip
def test_pause_is_read_and_bounded(header: str, seconds: float) -> None:
    assert retry_after_seconds(header, NOW) == seconds


@given(st.text(max_size=40))
def test_no_header_breaks_the_reading_of_a_pause(header: str) -> None:
    assert 1 <= retry_after_seconds(header, NOW) <= 300


@pytest.mark.parametrize(
    ("status", "named"), [(401, "api_key"), (403, "api_key"), (404, "MODEL"), (301, "base_url"), (304, "base_url")]
)
def test_wrong_settings_are_named(make: MakeBackend, status: int, named: str) -> None:
    with pytest.raises(ConfigurationError, match=named):
        make(always(Reply({"error": {"message": "no"}}, status))).generate([PROMPT], LIKELIEST)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_is_refused_and_nothing_is_sent_after_it(make: MakeBackend, stub: Stub, status: int) -> None:
    elsewhere = Stub()
    target = f"{elsewhere.base_url}/chat/completions"
    with pytest.raises(ConfigurationError, match="redirect"):
        make(always(Reply(status=status, headers={"Location": target}))).generate(numbered(4), LIKELIEST)
    elsewhere.close()
    assert elsewhere.asked == []
    assert stub.asked
