"""The stub, and a backend that asks it."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ecom_llm.generate.backends.openai import OpenAIBackend
from tests.generate.openai.asking import KEY, MakeBackend
from tests.generate.openai.servers import (
    Behaviour,
    Stub,
    make_certificate,
    well_behaved,
)


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


@pytest.fixture
def tls_stub(tmp_path: Path) -> Iterator[tuple[Stub, Path]]:
    certificate = make_certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = Stub(tls=context)
    yield server, certificate
    server.close()
