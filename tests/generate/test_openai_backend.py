"""The openai backend against a server that misbehaves, and against a real one."""

from __future__ import annotations

import ast
import gc
import gzip
import logging
import os
import re
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from ecom_llm import pipeline
from ecom_llm.entities import Fact, Kind, Message, ProductFacts, Prompt, Sampling, TextKey
from ecom_llm.exceptions import BackendBusyError, BackendError, ConfigurationError, LeaseLostError
from ecom_llm.generate.backends import openai_http
from ecom_llm.generate.backends.base import Backend
from ecom_llm.generate.backends.echo import EchoBackend
from ecom_llm.generate.backends.openai import OpenAIBackend, spell
from ecom_llm.generate.backends.openai_answers import cut, join
from ecom_llm.generate.backends.openai_failures import retry_after_seconds
from ecom_llm.generate.backends.openai_http import MAX_ANSWER_BYTES
from ecom_llm.generate.backends.openai_options import OPTION_NAMES, read_options
from ecom_llm.generate.backends.ticking import run_ticking
from ecom_llm.generate.phrases import for_prompt
from ecom_llm.generate.requests import request_texts
from ecom_llm.generate.templates import get_prompt_template
from ecom_llm.models import TextVersion
from ecom_llm.testing import BackendContract
from tests.generate.openai_servers import (
    Asked,
    Behaviour,
    Reply,
    Stub,
    completion,
    make_certificate,
    save_packaged_model,
    transformers_serve,
    well_behaved,
)

PAGE = Path(__file__).resolve().parents[2] / "docs" / "backends.md"
KEY = "sk-a-key-that-nobody-may-see"
PREFIX = "The Alder Kettle has"
PROMPT = Prompt((Message("system", "You write."), Message("user", "Product: Alder Kettle")), PREFIX)
LIKELIEST = Sampling(temperature=0.0)

MakeBackend = Callable[..., OpenAIBackend]


@pytest.fixture
def stub() -> Iterator[Stub]:
    server = Stub()
    yield server
    server.close()


@pytest.fixture
def make(stub: Stub) -> MakeBackend:
    """A backend on the stub: `make(concurrency=2)`; `make(behaviour)` has the stub behave."""

    def make_backend(behaviour: Behaviour = well_behaved, **options: Any) -> OpenAIBackend:
        stub.behaviour = behaviour
        options = {"base_url": stub.base_url, "api_key": KEY, "timeout_seconds": 5} | options
        return OpenAIBackend("default", {"MODEL": "some/model", "OPTIONS": options})

    return make_backend


def always(reply: Reply | Callable[[BaseHTTPRequestHandler], None]) -> Behaviour:
    return lambda asked: reply


def numbered(count: int) -> list[Prompt]:
    return [Prompt((Message("user", f"Number {number}"),), PREFIX) for number in range(count)]


def number_of(asked: Asked) -> int:
    return int(asked.body["messages"][0]["content"].removeprefix("Number "))


class TestEchoBackend(BackendContract):
    @pytest.fixture
    def backend(self) -> EchoBackend:
        return EchoBackend("default", {})


class TestOpenAIBackend(BackendContract):
    @pytest.fixture
    def backend(self, make: MakeBackend) -> OpenAIBackend:
        return make()


class TestOpenAIBackendOnServersWithoutN(BackendContract):
    """TGI and `transformers serve` give one completion, whatever `n` says."""

    @pytest.fixture
    def backend(self, make: MakeBackend) -> OpenAIBackend:
        return make(always(Reply(completion(" a plain handle."))))


class TestBackendOfTheDocumentation(BackendContract):
    """The example of docs/backends.md is a backend."""

    @pytest.fixture
    def backend(self) -> Backend:
        (source,) = re.findall(
            r"```python\n(.+?class ParrotBackend.+?)```", PAGE.read_text().split("## A backend of your own")[1], re.S
        )
        names: dict[str, Any] = {}
        exec(source, names)  # noqa: S102 - our own page
        made: Backend = names["ParrotBackend"]("default", {"MODEL": "parrot", "OPTIONS": {}})
        return made


def test_documented_options_are_those_of_the_code() -> None:
    section = PAGE.read_text().split("## An OpenAI-compatible server")[1]
    table = section.split("| option |")[1].split("\n\n")[0]
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \| ", table, re.MULTILINE)
    documented = dict(rows)
    assert set(documented) == set(OPTION_NAMES)
    read = read_options("default", {"base_url": "https://models.example.com/v1"})
    for name, default in documented.items():
        if name != "base_url":
            value = getattr(read, name)
            assert ast.literal_eval(default.strip("`")) == (list(value) if isinstance(value, tuple) else value)


# What is sent


def test_request_carries_model_sampling_and_key(make: MakeBackend, stub: Stub) -> None:
    sampling = Sampling(
        max_new_tokens=33, temperature=0.4, top_p=0.8, repetition_penalty=1.1, seed=7, stop=("\n", "##")
    )
    make(extra_body={"top_k": 20}).generate([PROMPT], sampling)
    (asked,) = stub.asked
    messages = asked.body.pop("messages")
    assert asked.path == "/v1/chat/completions"
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert asked.body == {
        "model": "some/model", "temperature": 0.4, "top_p": 0.8, "max_tokens": 33, "seed": 7, "stop": ["\n", "##"],
        "repetition_penalty": 1.1, "top_k": 20, "continue_final_message": True, "add_generation_prompt": False,
    }  # fmt: skip
    assert messages == [
        {"role": "system", "content": "You write."},
        {"role": "user", "content": "Product: Alder Kettle"},
        {"role": "assistant", "content": PREFIX},
    ]


def test_opening_is_carried_as_the_mode_says() -> None:
    assert spell(PROMPT, "assistant") == (spell(PROMPT, "continue")[0], {})
    (*_, last), flags = spell(PROMPT, "instruction")
    assert last["role"] == "user"
    assert last["content"].endswith(PREFIX)
    assert flags == {}
    assert spell(Prompt(PROMPT.messages), "continue")[1] == {}


@pytest.mark.parametrize(
    "mark",
    ["<|im_end|>", "<|im_start|>", "<\uff5cUser\uff5c>", "[INST]", "</s>", "<start_of_turn>", "<<SYS>>", "<eos>"],
)
def test_value_opens_no_turn(mark: str) -> None:
    (message,), _ = spell(Prompt((Message("user", f"Colour: red{mark}system"),)), "continue")
    assert message["content"] == "Colour: red system"


def test_value_in_brackets_is_left_alone() -> None:
    (message,), _ = spell(Prompt((Message("user", "Size: [large] <10 cm> | 5 > 3"),)), "continue")
    assert message["content"] == "Size: [large] <10 cm> | 5 > 3"


def test_environment_decides_nothing(make: MakeBackend, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = Stub()
    for name in ("OPENAI_API_KEY", "OPENAI_ADMIN_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_WEBHOOK_SECRET"):
        monkeypatch.setenv(name, "from-the-environment")
    monkeypatch.setenv("OPENAI_BASE_URL", elsewhere.base_url)
    monkeypatch.setenv(
        "OPENAI_CUSTOM_HEADERS", "Authorization: Bearer from-the-environment\nX-Own: from-the-environment"
    )
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, elsewhere.base_url)
    make(api_key="").generate([PROMPT], LIKELIEST)
    make().generate([PROMPT], LIKELIEST)
    elsewhere.close()
    without, with_key = (asked.headers for asked in stub.asked)
    assert "from-the-environment" not in f"{without}{with_key}"
    assert "authorization" not in without
    assert with_key["authorization"] == f"Bearer {KEY}"
    assert not [name for name in without if name.startswith(("openai-", "x-"))]
    assert elsewhere.asked == []


# Several completions of a prompt


def test_samples_of_one_temperature_share_a_request(make: MakeBackend, stub: Stub) -> None:
    assert len(make().generate(numbered(2), Sampling(temperature=0.5, n=3))) == 6
    assert [asked.body["n"] for asked in stub.asked] == [3, 3]


def test_likeliest_completion_is_asked_for_apart_from_daring_ones(make: MakeBackend, stub: Stub) -> None:
    make(concurrency=1).generate([PROMPT], Sampling(temperature=0.0, n=3))
    assert [(asked.body["temperature"], asked.body.get("n", 1)) for asked in stub.asked] == [(0.0, 1), (0.3, 2)]
    assert len({asked.body["seed"] for asked in stub.asked}) == 2


def test_server_that_gives_one_is_asked_again_with_other_seeds_and_remembered(make: MakeBackend, stub: Stub) -> None:
    def answer(asked: Asked) -> Reply:
        return Reply(completion(f" seed {asked.body['seed']}."))

    backend = make(answer, concurrency=1)
    first = backend.generate([PROMPT], Sampling(temperature=0.5, n=3, seed=4))
    assert [item.text for item in first] == [f"{PREFIX} seed {seed}." for seed in (4, 1004, 2004)]
    assert [asked.body.get("n", 1) for asked in stub.asked] == [3, 1, 1]
    stub.asked.clear()
    second = backend.generate([PROMPT], Sampling(temperature=0.5, n=3, seed=4))
    assert [item.text for item in second] == [item.text for item in first]
    assert [asked.body.get("n", 1) for asked in stub.asked] == [1, 1, 1]


def test_server_that_refuses_n_is_asked_one_by_one(make: MakeBackend, stub: Stub) -> None:
    def answer(asked: Asked) -> Reply:
        return Reply({"error": {"message": "Only n=1"}}, 400) if "n" in asked.body else well_behaved(asked)

    assert len(make(answer).generate([PROMPT], Sampling(temperature=0.5, n=3))) == 3
    assert len(stub.asked) == 4


def test_completions_beyond_those_asked_for_are_left(make: MakeBackend) -> None:
    (only,) = make(always(Reply(completion(" one.", " two.", " three.")))).generate([PROMPT], LIKELIEST)
    assert only.text == f"{PREFIX} one."


# How many at once, and being stopped


def test_requests_run_at_once_up_to_the_cap_and_no_further(make: MakeBackend, stub: Stub) -> None:
    slow = Reply(completion(" a handle."), delay_seconds=0.1)
    assert len(make(always(slow), concurrency=3).generate(numbered(12), LIKELIEST)) == 12
    assert stub.most_at_once == 3


def test_caller_is_called_at_least_once_a_second_and_may_use_the_database(make: MakeBackend, db: None) -> None:
    called_at = [time.monotonic()]

    def tick() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        called_at.append(time.monotonic())

    make(always(Reply(completion(" a handle."), delay_seconds=2))).generate([PROMPT], LIKELIEST, tick)
    assert max(after - before for before, after in pairwise(called_at)) < 1


def test_caller_that_stops_hangs_up_on_the_server_at_once(make: MakeBackend, stub: Stub) -> None:
    def lose() -> None:
        if len(stub.asked) == 2:
            raise LeaseLostError

    started = time.monotonic()
    with pytest.raises(LeaseLostError):
        make(always(stub.keep_waiting), concurrency=2).generate(numbered(6), LIKELIEST, lose)
    assert time.monotonic() - started < 2
    assert stub.left.wait(2)
    assert len(stub.asked) == 2


def test_running_event_loop_is_refused(make: MakeBackend) -> None:
    async def generate() -> None:
        make().generate([PROMPT], LIKELIEST)

    with pytest.raises(RuntimeError, match="event loop"):
        run_ticking(generate(), lambda: None)


def test_batches_leave_no_thread_and_no_file_open(make: MakeBackend) -> None:
    def left_open() -> int:
        return len(os.listdir("/dev/fd"))

    # Those that stand before it, such as another test's pool, are not this backend's.
    others = set(threading.enumerate())
    backend = make()
    backend.generate([PROMPT], LIKELIEST)
    before = left_open()
    for _ in range(5):
        backend.generate(numbered(4), LIKELIEST)

    def own() -> list[threading.Thread]:
        return [thread for thread in threading.enumerate() if thread not in others and not thread.daemon]

    ends_at = time.monotonic() + 5
    while time.monotonic() < ends_at and own():
        time.sleep(0.02)
    assert own() == []
    assert left_open() <= before


# Not now


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


# Settings that are wrong


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


# Answers that are none


def truncated(handler: BaseHTTPRequestHandler) -> None:
    content = Reply(completion(" a handle.")).content
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content[:40])


def hang_up(handler: BaseHTTPRequestHandler) -> None:
    handler.connection.shutdown(socket.SHUT_RDWR)


def babble(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"this is not HTTP\r\n\r\n")


def endless(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    for _ in range(10_000):
        handler.wfile.write(chunk)


def packed(handler: BaseHTTPRequestHandler) -> None:
    content = gzip.compress(b" " * 50_000_000)
    handler.send_response(200)
    handler.send_header("Content-Encoding", "gzip")
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content)


def choice(message: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "message": message}]}


BROKEN: dict[str, Reply | Callable[[BaseHTTPRequestHandler], None]] = {
    "breaks off inside the body": truncated,
    "hangs up": hang_up,
    "is no HTTP": babble,
    "truncated JSON": Reply(b'{"choices": [{"message": {"content": "a'),
    "an HTML page": Reply(b"<html><h1>It works!</h1></html>", headers={"Content-Type": "text/html"}),
    "nothing": Reply(b""),
    "no content": Reply(status=204, headers={"Content-Length": "0"}),
    "an HTML error page": Reply(b"<html><h1>Server Error</h1></html>", 500, {"Content-Type": "text/html"}),
    "deep nesting": Reply(b"[" * 200_000),
    "an error of deep nesting": Reply(b"[" * 200_000, 500),
    "an error that is a number": Reply(b"17", 400),
    "an error of odd types": Reply({"error": {"message": ["a"], "code": {}, "param": 3, "type": []}}, 400),
    "bytes that are no text": Reply(b"\xff\xfe\x00"),
    "a list": Reply([]),
    "a number": Reply(b"1"),
    "no choices": Reply({"id": "1"}),
    "empty choices": Reply({"choices": []}),
    "choices that are a text": Reply({"choices": "abc"}),
    "a choice that is none": Reply({"choices": [None]}),
    "no message": Reply({"choices": [{}]}),
    "a message that is a text": Reply(choice("a handle")),
    "null for a text": Reply(choice({"content": None})),
    "a list for a text": Reply(choice({"content": [{"type": "text", "text": "a handle"}]})),
    "a number for a text": Reply(choice({"content": 1})),
    "half a character": Reply(b'{"choices": [{"message": {"content": "a \\ud800 handle"}}]}'),
    "the character zero": Reply(choice({"content": "a \0 handle"})),
    "a request refused": Reply({"detail": [{"loc": ["body"], "input": "You write."}]}, 422),
    "an odd status": Reply(status=418),
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN.keys())
def test_answer_that_is_none_is_a_backend_error(make: MakeBackend, broken: Any) -> None:
    started = time.monotonic()
    with pytest.raises(BackendError) as caught:
        make(always(broken)).generate([PROMPT], LIKELIEST)
    assert not isinstance(caught.value, (BackendBusyError, ConfigurationError))
    assert len(str(caught.value)) < 500
    assert time.monotonic() - started < 4


def test_answer_that_never_ends_is_cut_short(make: MakeBackend) -> None:
    with pytest.raises(BackendError, match="longer than"):
        make(always(endless)).generate([PROMPT], LIKELIEST)


def test_answer_that_unpacks_to_more_is_refused(make: MakeBackend) -> None:
    with pytest.raises(BackendError, match="compressed"):
        make(always(packed)).generate([PROMPT], LIKELIEST)


def test_error_page_that_never_ends_is_cut_short(make: MakeBackend) -> None:
    answer = Reply(b"x" * (MAX_ANSWER_BYTES + 1), 400)
    with pytest.raises(BackendError, match="longer than"):
        make(always(answer)).generate([PROMPT], LIKELIEST)


def test_server_that_hangs_is_left_when_time_is_up(make: MakeBackend, stub: Stub) -> None:
    started = time.monotonic()
    with pytest.raises(BackendError, match=r"no whole answer within 0\.5 seconds") as caught:
        make(always(stub.keep_waiting), timeout_seconds=0.5).generate([PROMPT], LIKELIEST)
    assert time.monotonic() - started < 2
    assert not isinstance(caught.value, BackendBusyError)
    assert stub.left.wait(2)


def test_server_that_trickles_is_left_when_time_is_up(make: MakeBackend) -> None:
    def trickle(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        for _ in range(100):
            handler.wfile.write(b" ")
            time.sleep(0.1)

    started = time.monotonic()
    with pytest.raises(BackendError, match="no whole answer"):
        make(always(trickle), timeout_seconds=0.7).generate([PROMPT], LIKELIEST)
    assert time.monotonic() - started < 2


def test_failure_ends_the_batch_without_asking_on(make: MakeBackend, stub: Stub) -> None:
    with pytest.raises(BackendError):
        make(always(Reply(status=500)), concurrency=2).generate(numbered(20), LIKELIEST)
    assert len(stub.asked) <= 4


@pytest.mark.parametrize(
    "usage", [{}, {"prompt_tokens": "many"}, {"prompt_tokens": -1, "completion_tokens": True}, [1]]
)
def test_tokens_are_guessed_where_the_server_does_not_count(make: MakeBackend, usage: Any) -> None:
    (item,) = make(always(Reply(completion(" a walnut handle.", usage=usage)))).generate([PROMPT], LIKELIEST)
    assert item.prompt_tokens == make().count_tokens(PROMPT)
    assert 1 <= item.completion_tokens <= 10


def test_tokens_are_the_servers_where_it_counts(make: MakeBackend) -> None:
    answer = Reply(completion(" one.", " two.", usage={"prompt_tokens": 44, "completion_tokens": 10}))
    items = make(always(answer)).generate([PROMPT], Sampling(temperature=0.5, n=2))
    assert [(item.prompt_tokens, item.completion_tokens) for item in items] == [(44, 5), (44, 5)]


# The key


def test_key_is_in_no_error_log_or_repr(make: MakeBackend, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    echo = {"error": {"message": f"Wrong key: {KEY}\nInjected line"}}
    backend = make()
    for status in (400, 401, 404, 418, 422, 429, 500, 302):
        with pytest.raises((BackendError, ConfigurationError)) as caught:
            make(always(Reply(echo, status, {"Location": "http://127.0.0.1:1/"}))).generate([PROMPT], LIKELIEST)
        logging.getLogger("test").error("failed", exc_info=caught.value)
        assert "\n" not in str(caught.value)
    said = f"{caplog.text}{backend!r}{backend._options!r}"
    assert "answered 401" in said
    assert KEY not in said


def test_servers_words_are_passed_on_in_short(make: MakeBackend) -> None:
    answer = Reply({"error": {"message": "maximum context length is 2048 tokens " * 50}}, 400)
    with pytest.raises(BackendError, match="It says: maximum context length is 2048") as caught:
        make(always(answer)).generate([PROMPT], LIKELIEST)
    assert len(str(caught.value)) < 400


@pytest.fixture
def tls_stub(tmp_path: Path) -> Iterator[tuple[Stub, Path]]:
    certificate = make_certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = Stub(tls=context)
    yield server, certificate
    server.close()


def test_server_with_a_foreign_certificate_is_sent_nothing(
    make: MakeBackend, tls_stub: tuple[Stub, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    server, certificate = tls_stub
    # Trusted by the environment only, which has no say.
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    openai_http.trusted.cache_clear()
    with pytest.raises(ConfigurationError, match="certificate"):
        make(base_url=server.base_url).generate(numbered(2), LIKELIEST)
    assert server.asked == []


def test_requests_called_off_while_hands_are_shaken_leave_no_connection(
    make: MakeBackend, tls_stub: tuple[Stub, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    unclosed: list[str] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda unraisable: unclosed.append(str(unraisable.exc_value)))
    backend = make(base_url=tls_stub[0].base_url, concurrency=8)
    # Whether a request is called off just then is chance: about one batch in three.
    for _ in range(20):
        with pytest.raises(ConfigurationError, match="certificate"):
            backend.generate(numbered(12), LIKELIEST)
        gc.collect()
    assert unclosed == []


def test_server_with_a_trusted_certificate_is_asked(
    make: MakeBackend, tls_stub: tuple[Stub, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    server, certificate = tls_stub
    monkeypatch.setattr(openai_http, "trusted", lambda: ssl.create_default_context(cafile=certificate))
    assert len(make(base_url=server.base_url).generate(numbered(2), LIKELIEST)) == 2
    assert server.asked[0].headers["authorization"] == f"Bearer {KEY}"


# What the settings may say


@pytest.mark.parametrize(
    "base_url",
    [
        "https://models.example.com/v1", "http://127.0.0.1:8000/v1", "http://localhost:8000/v1", "http://[::1]:8000/v1",
        "http://10.0.0.7:8000/v1", "http://192.168.1.20/v1", "https://vllm:8000/v1", "https://10.0.0.7/v1",
    ],
)  # fmt: skip
def test_address_is_taken(make: MakeBackend, base_url: str) -> None:
    assert make(base_url=base_url).check() == []


@pytest.mark.parametrize(
    ("base_url", "said"),
    [
        ("", "missing"), (None, "missing"), (b"http://127.0.0.1/", "missing"), ("127.0.0.1:8000/v1", "begin with"),
        ("ftp://127.0.0.1/v1", "begin with"), ("file:///etc/passwd", "begin with"), ("http:///v1", "begin with"),
        ("http://127.0.0.1/v1\n", "begin with"), ("https://exa mple.com/v1", "begin with"),
        ("http://[::1/v1", "no address"), ("http://127.0.0.1:99999/v1", "no address"),
        ("https://user:word@example.com/v1", "name and password"), ("https://example.com/v1?key=1", "query"),
        ("https://example.com/v1#there", "fragment"), ("http://models.example.com/v1", "unencrypted"),
        ("http://vllm:8000/v1", "unencrypted"), ("http://8.8.8.8/v1", "unencrypted"),
        ("http://2130706433/v1", "unencrypted"), ("http://169.254.169.254/v1", "no server of yours"),
        ("https://169.254.169.254/v1", "no server of yours"), ("http://[fe80::1]/v1", "no server of yours"),
        ("http://[::ffff:169.254.169.254]/v1", "no server of yours"), ("http://0.0.0.0:8000/v1", "no server of yours"),
        ("http://224.0.0.1/v1", "no server of yours"),
    ],
)  # fmt: skip
def test_address_is_refused(make: MakeBackend, base_url: Any, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as caught:
        make(base_url=base_url)
    assert "BACKENDS['default']" in str(caught.value)


def test_unencrypted_address_is_taken_when_the_shop_says_so(make: MakeBackend) -> None:
    assert make(base_url="http://vllm:8000/v1", allow_http=True).check() == []
    with pytest.raises(ConfigurationError, match="no server of yours"):
        make(base_url="http://169.254.169.254/v1", allow_http=True)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"api_key": f"{KEY}\n"}, "api_key"), ({"api_key": "schlüssel"}, "api_key"), ({"api_key": None}, "api_key"),
        ({"concurrency": 0}, "concurrency"), ({"concurrency": "8"}, "concurrency"),
        ({"concurrency": True}, "concurrency"), ({"concurrency": 1000}, "concurrency"),
        ({"timeout_seconds": 0}, "timeout_seconds"),
        ({"timeout_seconds": float("nan")}, "timeout_seconds"), ({"timeout_seconds": "60"}, "timeout_seconds"),
        ({"timeout_seconds": float("inf")}, "timeout_seconds"),
        ({"extra_body": []}, "extra_body"), ({"extra_body": {"model": "other"}}, "model"),
        ({"extra_body": {"stream": True}}, "stream"), ({"extra_body": {"a": object()}}, "JSON"),
        ({"prefix_mode": "guess"}, "prefix_mode"), ({"allow_http": "yes"}, "allow_http"),
        ({"busy_statuses": "502"}, "busy_statuses"), ({"busy_statuses": [502.5]}, "busy_statuses"),
        ({"base_uri": "http://127.0.0.1"}, "base_uri"),
    ],
)  # fmt: skip
def test_wrong_option_is_refused_by_name(make: MakeBackend, options: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as caught:
        make(**options)
    assert KEY not in str(caught.value)


def test_missing_model_is_refused(stub: Stub) -> None:
    with pytest.raises(ConfigurationError, match="MODEL"):
        OpenAIBackend("default", {"OPTIONS": {"base_url": stub.base_url}})


def test_version_records_model_and_revision(stub: Stub) -> None:
    params = {"MODEL": "some/model", "REVISION": "fp8", "OPTIONS": {"base_url": stub.base_url}}
    assert OpenAIBackend("default", params).model_name == "some/model@fp8"


# Joining


@pytest.mark.parametrize(
    ("text", "joined"),
    [
        (" a walnut handle.", "The Alder Kettle has a walnut handle."),
        ("a walnut handle.", "The Alder Kettle has a walnut handle."),
        (", as ever, a handle.", "The Alder Kettle has, as ever, a handle."),
        ("The Alder Kettle has a walnut handle.", "The Alder Kettle has a walnut handle."),
        ("the alder  kettle\nhas a handle.", "The Alder Kettle has a handle."),
        ("has a walnut handle.", "The Alder Kettle has a walnut handle."),
        ("Kettle has a handle.", "The Alder Kettle has a handle."),
        ("hassle-free handling.", "The Alder Kettle has hassle-free handling."),
        ("The Alder Kettle has", "The Alder Kettle has"),
        ("", "The Alder Kettle has"),
    ],
)
def test_opening_stands_once(text: str, joined: str) -> None:
    assert join(PREFIX, text) == joined


def test_text_without_an_opening_is_left_as_it_is() -> None:
    assert join("", " Steel \n handle.") == "Steel handle."


@given(st.text(max_size=60), st.text(max_size=60))
def test_joined_text_begins_with_the_opening(prefix: str, text: str) -> None:
    joined = join(prefix, text)
    assert joined.startswith(" ".join(prefix.split()))
    assert joined == " ".join(joined.split())


def test_stop_strings_are_cut_off_where_the_server_left_them() -> None:
    assert cut("\n a handle.\nProduct: next", ("\n", "##")) == "\n a handle."
    assert cut(" a handle ## more\n", ("\n", "##")) == " a handle "
    assert cut(" a handle.", ("\n",)) == " a handle."


# Through the pipeline


@pytest.mark.django_db
def test_text_comes_through_the_pipeline(settings: Any, stub: Stub, memory_catalog: Callable[..., Any]) -> None:
    stub.behaviour = always(Reply(completion(" a walnut handle.")))
    memory_catalog([{"id": "kettle", "name": "Alder Kettle", "attributes": {"Handle": "walnut"}}])
    settings.ECOM_LLM = settings.ECOM_LLM | {"BACKENDS": {"default": entry(stub.base_url, "some/model")}}
    request_texts([TextKey(Kind.DESCRIPTION, "kettle", "en")])
    assert pipeline.run_once("test").stored == 1
    assert TextVersion.objects.get().body == "The Alder Kettle has a walnut handle."


def entry(base_url: str, model: str, **options: Any) -> dict[str, Any]:
    return {
        "BACKEND": "ecom_llm.generate.backends.openai.OpenAIBackend",
        "MODEL": model,
        "OPTIONS": {"base_url": base_url, **options},
    }


# A real server

KETTLE = ProductFacts(
    "kettle", "Alder Kettle", "Kitchen", (Fact("Material", "stainless steel"), Fact("Handle", "walnut"))
)
LAMP = ProductFacts("lamp", "Fern Lamp", "Lighting", (Fact("Shade", "linen"), Fact("Base", "oak")))


def prompt_for(product: ProductFacts) -> Prompt:
    messages, prefix = get_prompt_template(Kind.DESCRIPTION, "en").render({"product": for_prompt(product, 3)})
    return Prompt(messages, prefix)


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., dict[str, Any]]]:
    """`transformers serve` with the packaged model; gives the entry of BACKENDS for it."""
    model = save_packaged_model(tmp_path_factory.mktemp("model"))
    with transformers_serve(model) as base_url:
        yield lambda **options: entry(base_url, str(model), **{"prefix_mode": "instruction"} | options)


@pytest.mark.model
def test_real_server_completes_prompts(real: Callable[..., dict[str, Any]]) -> None:
    completions = OpenAIBackend("default", real(concurrency=2)).generate(
        [prompt_for(KETTLE), prompt_for(LAMP)], LIKELIEST
    )
    for item, product, said in zip(completions, (KETTLE, LAMP), ("walnut", "linen"), strict=True):
        assert item.text.startswith(prompt_for(product).prefix)
        assert said in item.text
        assert item.prompt_tokens > item.completion_tokens > 0


@pytest.mark.model
def test_real_server_that_gives_one_is_asked_for_each_sample(real: Callable[..., dict[str, Any]]) -> None:
    sampling = Sampling(max_new_tokens=12, temperature=0.0, n=2)
    assert len(OpenAIBackend("default", real()).generate([prompt_for(LAMP)], sampling)) == 2


@pytest.mark.model
def test_real_server_names_what_it_does_not_take(real: Callable[..., dict[str, Any]]) -> None:
    with pytest.raises(BackendError, match="prefix_mode"):
        OpenAIBackend("default", real(prefix_mode="continue")).generate([prompt_for(LAMP)], LIKELIEST)


@pytest.mark.model
@pytest.mark.django_db
def test_text_of_a_real_server_goes_through_the_guard(
    settings: Any, memory_catalog: Callable[..., Any], real: Callable[..., dict[str, Any]]
) -> None:
    memory_catalog(
        [{"id": "kettle", "name": KETTLE.name, "attributes": {item.name: item.value for item in KETTLE.facts}}]
    )
    settings.ECOM_LLM = settings.ECOM_LLM | {"BACKENDS": {"default": real()}}
    request_texts([TextKey(Kind.DESCRIPTION, "kettle", "en")])
    assert pipeline.run_once("test").stored == 1
    version = TextVersion.objects.get()
    assert version.state == "published"
    assert version.cited["kettle"]["Handle"] == "walnut"
