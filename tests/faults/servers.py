"""Servers of a test's own, on free ports in temporary folders: killing one harms nobody else."""

from __future__ import annotations

import glob
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self, TypeVar

import psycopg
from kombu import Connection
from redis import Redis

from shop_demo.demo.processes import free_port
from tests.needs import skip_or_fail

POSTGRES_FOLDERS = "/usr/lib/postgresql/*/bin"
RABBIT_SCRIPTS = ("/usr/lib/rabbitmq/bin/rabbitmq-server", "/usr/local/sbin/rabbitmq-server")
# Whoever PostgreSQL may run as where the tests run as root, which it refuses.
POSTGRES_USERS = ("postgres", "nobody")
START_SECONDS = 90

AnyServer = TypeVar("AnyServer", bound="Server")


class Server:
    """A server that can be killed and started again with its data; leaves nothing behind."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="ecom_llm_faults_"))
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it listens, as settings spell it."""
        raise NotImplementedError

    def start(self) -> Self:
        """Start it and wait until it answers.

        Raises:
            RuntimeError: it ended, or did not answer in time.
        """
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command(),
                cwd=self.folder,
                env=os.environ | self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                user=self._user(),
            )
        until = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"{type(self).__name__} does not answer:\n{self._last_words()}")
            time.sleep(0.05)
        return self

    def kill(self) -> None:
        """End it with no warning, and all that it started; its data stays."""
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(30)
        self._process = None

    def restart(self) -> None:
        """Kill it and start it again."""
        self.kill()
        self.start()

    def remove(self) -> None:
        """Kill it and throw its data away."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _command(self) -> list[str]:
        raise NotImplementedError

    def _answers(self) -> bool:
        raise NotImplementedError

    def _environment(self) -> dict[str, str]:
        return {}

    def _user(self) -> str | None:
        return None

    def _last_words(self) -> str:
        return (self.folder / "log").read_text(errors="replace")[-2000:]


class RedisServer(Server):
    """Redis that keeps nothing on disk: a kill loses every message, as a cache's would."""

    def __init__(self) -> None:
        self._binary = _find("Redis", ["redis-server"])
        super().__init__()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def client(self) -> Redis:
        """A connection to look into it; close it, or use it in `with`."""
        return Redis.from_url(self.url, socket_timeout=5)

    def _command(self) -> list[str]:
        return [self._binary, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]

    def _answers(self) -> bool:
        try:
            with self.client() as client:
                return bool(client.ping())
        except Exception:
            return False


class RabbitServer(Server):
    """RabbitMQ with a node, a cookie and a port mapper of its own; durable queues survive a kill."""

    def __init__(self) -> None:
        self._binary = _find("RabbitMQ", RABBIT_SCRIPTS, "rabbitmq-server")
        self._mapper_binary = _find("Erlang's port mapper", ["epmd"])
        super().__init__()
        self._mapper_port, self._node_port = free_port(), free_port()
        self._mapper: subprocess.Popen[bytes] | None = None
        (self.folder / "rabbitmq.conf").write_text(f"listeners.tcp.local = 127.0.0.1:{self.port}\n")
        (self.folder / "plugins").write_text("[].\n")
        (self.folder / "environment").write_text("")

    @property
    def url(self) -> str:
        return f"amqp://guest:guest@127.0.0.1:{self.port}//"

    def start(self) -> Self:
        # Started here and not by the node, which would leave it behind as a daemon.
        if self._mapper is None:
            self._mapper = subprocess.Popen(
                [self._mapper_binary, "-port", str(self._mapper_port), "-address", "127.0.0.1"],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            _wait_for_port(self._mapper_port)
        return super().start()

    def remove(self) -> None:
        super().remove()
        if self._mapper is not None:
            self._mapper.kill()
            self._mapper.wait(10)

    def _command(self) -> list[str]:
        return [self._binary]

    def _environment(self) -> dict[str, str]:
        folder = str(self.folder)
        return {
            "HOME": folder,
            "ERL_EPMD_PORT": str(self._mapper_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_FLAGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            "RABBITMQ_NODENAME": f"faults_{self.port}@localhost",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(self._node_port),
            "RABBITMQ_CONF_ENV_FILE": f"{folder}/environment",
            "RABBITMQ_CONFIG_FILE": f"{folder}/rabbitmq.conf",
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{folder}/plugins",
            "RABBITMQ_MNESIA_BASE": f"{folder}/data",
            "RABBITMQ_LOG_BASE": f"{folder}/logs",
            "RABBITMQ_PID_FILE": f"{folder}/pid",
            "RABBITMQ_GENERATED_CONFIG_DIR": f"{folder}/generated",
            "RABBITMQ_SCHEMA_DIR": f"{folder}/schema",
        }

    def _answers(self) -> bool:
        try:
            with Connection(self.url, connect_timeout=2) as connection:
                connection.connect()
        except Exception:
            return False
        return True


class PostgresServer(Server):
    """PostgreSQL that writes through to disk, so that what was committed outlives a kill."""

    def __init__(self) -> None:
        self._binaries = _postgres_folder()
        self._role = _postgres_user() if os.geteuid() == 0 else None
        super().__init__()
        if self._role:
            shutil.chown(self.folder, self._role)
        subprocess.run(
            [self._binaries / "initdb", "-D", self.folder / "data", "-U", "postgres", "--auth=trust", "--no-sync"],
            check=True,
            capture_output=True,
            cwd=self.folder,
            user=self._role,
        )

    @property
    def url(self) -> str:
        return f"postgres://postgres@127.0.0.1:{self.port}/postgres"

    def execute(self, statement: str) -> None:
        """Run one statement outside a transaction, as its administrator."""
        with psycopg.connect(self.url, autocommit=True, connect_timeout=5) as connection:
            connection.execute(statement.encode())

    def stop_at_once(self) -> None:
        """What `pg_ctl stop -m immediate` does: every connection is cut, nothing is tidied up."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait(30)
        self.kill()

    def _command(self) -> list[str]:
        options = {
            "port": str(self.port),
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "shared_buffers": "64MB",
            "max_connections": "60",
            "fsync": "on",
            "synchronous_commit": "on",
        }
        settings = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        return [str(self._binaries / "postgres"), "-D", str(self.folder / "data"), *settings]

    def _answers(self) -> bool:
        try:
            with psycopg.connect(self.url, connect_timeout=2):
                return True
        except psycopg.OperationalError:
            return False

    def _user(self) -> str | None:
        return self._role


@contextmanager
def serving(server_class: type[AnyServer]) -> Iterator[AnyServer]:
    """A server of this class, started, and gone afterwards in every case."""
    server = server_class()
    try:
        yield server.start()
    finally:
        server.remove()


def _wait_for_port(port: int) -> None:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"Nothing listens on port {port}.")


def _find(what: str, candidates: Sequence[str], name: str = "") -> str:
    for candidate in [*candidates, name]:
        if candidate and (found := shutil.which(candidate)):
            return found
    skip_or_fail("services", f"{what} is not installed here: no {name or candidates[0]}.")
    raise AssertionError  # not reached: the line above raises


def _postgres_folder() -> Path:
    for folder in [_told_by_pg_config(), *sorted(glob.glob(POSTGRES_FOLDERS), reverse=True)]:
        if folder and all((Path(folder) / name).is_file() for name in ("initdb", "postgres")):
            return Path(folder)
    return Path(_find("PostgreSQL's server", ["initdb"])).resolve().parent


def _told_by_pg_config() -> str:
    try:
        return subprocess.run(["pg_config", "--bindir"], check=True, capture_output=True, text=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def _postgres_user() -> str:
    import pwd

    for name in POSTGRES_USERS:
        with suppress(KeyError):
            return pwd.getpwnam(name).pw_name
    skip_or_fail("services", "PostgreSQL refuses to run as root, and there is no other account here.")
    raise AssertionError  # not reached: the line above raises
