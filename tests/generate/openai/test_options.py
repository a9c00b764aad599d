"""What the settings of the backend may say."""

from __future__ import annotations

from typing import Any

import pytest

from ecom_llm.exceptions import ConfigurationError
from ecom_llm.generate.backends.openai import OpenAIBackend
from tests.generate.openai.asking import KEY, MakeBackend
from tests.generate.openai.servers import (
    Stub,
)


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
