"""The key and the prompts go to one server, and nowhere else."""

from __future__ import annotations

import gc
import logging
import ssl
import sys
from pathlib import Path

import pytest

from ecom_llm.exceptions import BackendError, ConfigurationError
from ecom_llm.generate.backends import openai_http
from tests.generate.openai.asking import KEY, LIKELIEST, PROMPT, MakeBackend, always, numbered
from tests.generate.openai.servers import (
    Reply,
    Stub,
)


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
