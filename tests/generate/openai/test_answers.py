"""Answers that are none, and how those that are one are read."""

from __future__ import annotations

import gzip
import socket
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecom_llm.entities import Sampling
from ecom_llm.exceptions import BackendBusyError, BackendError, ConfigurationError
from ecom_llm.generate.backends.openai_answers import cut, join
from ecom_llm.generate.backends.openai_http import MAX_ANSWER_BYTES
from tests.generate.openai.asking import LIKELIEST, PREFIX, PROMPT, MakeBackend, always, numbered
from tests.generate.openai.servers import (
    Reply,
    Stub,
    completion,
)


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
    assert time.monotonic() - started < 10


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
    assert time.monotonic() - started < 10
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
    assert time.monotonic() - started < 5


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
