"""OpenAI-compatible servers on loopback: a stub that misbehaves as told, and `transformers serve` with a real model."""

from __future__ import annotations

import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from ecom_llm import conf
from ecom_llm.model_files import locate
from tests import needs

START_SECONDS = 180
HANG_SECONDS = 30


@dataclass
class Asked:
    """One request as it arrived."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]


@dataclass
class Reply:
    """What to answer; a dict becomes JSON."""

    body: dict[str, Any] | list[Any] | bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    delay_seconds: float = 0.0

    @property
    def content(self) -> bytes:
        """The body's bytes."""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


# Either an answer, or a function that writes one, or none, to the connection by itself.
Behaviour = Callable[[Asked], "Reply | Callable[[BaseHTTPRequestHandler], None]"]


def completion(*texts: str, usage: Any = None) -> dict[str, Any]:
    """A chat completion with a choice for each text."""
    choices = [
        {"index": index, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
        for index, text in enumerate(texts)
    ]
    usage = {"prompt_tokens": 40, "completion_tokens": 6 * len(texts)} if usage is None else usage
    return {"id": "1", "object": "chat.completion", "model": "stub", "choices": choices, "usage": usage}


def well_behaved(asked: Asked) -> Reply:
    """Goes on from the opening, as often as it is asked to."""
    return Reply(completion(*[" a plain handle."] * asked.body.get("n", 1)))


class Stub:
    """A server that does what `behaviour` says, and remembers what it was asked."""

    def __init__(self, behaviour: Behaviour = well_behaved, tls: ssl.SSLContext | None = None) -> None:
        self.behaviour = behaviour
        self.asked: list[Asked] = []
        self.most_at_once = 0
        self.finished = threading.Event()
        # Set when a client goes away while it is being kept waiting.
        self.left = threading.Event()
        self._at_once = 0
        self._lock = threading.Lock()
        self._server = _QuietServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"stub": self}))
        self._scheme = "https" if tls else "http"
        if tls:
            # Shaken hands in the handler's thread: one client that goes away must not hold up the others.
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def base_url(self) -> str:
        """The address for a client."""
        return f"{self._scheme}://127.0.0.1:{self._server.server_port}/v1"

    def close(self) -> None:
        """Stop listening, and let go of who is kept waiting."""
        self.finished.set()
        self._server.shutdown()
        self._server.server_close()

    def keep_waiting(self, handler: BaseHTTPRequestHandler) -> None:
        """Say nothing until the client leaves."""
        handler.connection.settimeout(0.05)
        ends_at = time.monotonic() + HANG_SECONDS
        while not self.finished.is_set() and time.monotonic() < ends_at:
            with suppress(TimeoutError):
                if not handler.connection.recv(1):
                    self.left.set()
                    return

    @contextmanager
    def counted(self, asked: Asked) -> Iterator[None]:
        """Count a request while it is being answered."""
        with self._lock:
            self.asked.append(asked)
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            yield
        finally:
            with self._lock:
                self._at_once -= 1


class _Handler(BaseHTTPRequestHandler):
    """Hands each request to the stub that a subclass names."""

    protocol_version = "HTTP/1.1"
    stub: Stub

    def do_GET(self) -> None:
        self._answer(b"{}")

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers.get("Content-Length", 0))))

    def log_message(self, *arguments: Any) -> None:
        del arguments

    def _answer(self, body: bytes) -> None:
        asked = Asked(self.path, {key.lower(): value for key, value in self.headers.items()}, json.loads(body))
        self.close_connection = True
        with self.stub.counted(asked), suppress(BrokenPipeError, ConnectionResetError):
            reply = self.stub.behaviour(asked)
            if isinstance(reply, Reply):
                self._write(reply)
            else:
                reply(self)

    def _write(self, reply: Reply) -> None:
        time.sleep(reply.delay_seconds)
        self.send_response(reply.status)
        headers = {"Content-Type": "application/json", "Content-Length": str(len(reply.content))}
        for name, value in (headers | reply.headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.content)


class _QuietServer(ThreadingHTTPServer):
    """Says nothing of clients that go away."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        del request, client_address


def make_certificate(folder: Path) -> Path:
    """A certificate of 127.0.0.1 that nobody has signed, with its key in the same file."""
    if shutil.which("openssl") is None:
        needs.skip_or_fail("openssl", "No openssl command here.")
    file = folder / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=stub"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(file), "-out", str(folder / "signed.pem")]
    subprocess.run(command, check=True, capture_output=True)
    file.write_text(file.read_text() + (folder / "signed.pem").read_text())
    return file


def save_packaged_model(folder: Path) -> Path:
    """Write the packaged model out as safetensors: `transformers serve` does not load its GGUF file."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    source = locate(conf.PACKAGED_MODEL)
    AutoTokenizer.from_pretrained(source.name, **source.arguments).save_pretrained(folder)
    read = AutoModelForCausalLM.from_pretrained(source.name, dtype="float32", **source.arguments)
    # Its numbers are plain by now, but a model that remembers having been quantized refuses to be saved.
    config = read.config
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    plain = AutoModelForCausalLM.from_config(config)
    plain.load_state_dict(read.state_dict())
    plain.save_pretrained(folder)
    return folder


@contextmanager
def transformers_serve(model: Path) -> Iterator[str]:
    """`transformers serve` in a process of its own; gives its address for a client."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        str(Path(sys.executable).with_name("transformers")),
        "serve", str(model), "--host", "127.0.0.1", "--port", str(port), "--device", "cpu", "--log-level", "error",
    ]  # fmt: skip
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
    log = model / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=subprocess.STDOUT)
        try:
            _wait_for(f"http://127.0.0.1:{port}/health", process, log)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            process.kill()
            process.wait(10)


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    ends_at = time.monotonic() + START_SECONDS
    while time.monotonic() < ends_at and process.poll() is None:
        with suppress(OSError), urlopen(url, timeout=2) as answer:  # noqa: S310 - loopback
            if answer.status == 200:
                return
        time.sleep(0.2)
    pytest.fail(f"The server did not start:\n{log.read_text()[-3000:]}", pytrace=False)
