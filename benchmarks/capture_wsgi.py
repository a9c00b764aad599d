"""The plain page behind a real server, which counts the pages that it sent: gunicorn's `benchmarks.capture_wsgi`.

Environment: as `benchmarks.capture_settings`, and `CAPTURE_TALLIES`, a folder where each process leaves its counts.
"""

from __future__ import annotations

import atexit
import json
import os
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.capture_settings")
_sent = 0
_lock = threading.Lock()


def _leave_tally() -> None:
    from ecom_llm.capture import counters

    tally = {"sent": _sent, "counters": counters.read("events.")}
    (Path(os.environ["CAPTURE_TALLIES"]) / f"{os.getpid()}.json").write_text(json.dumps(tally))


# Before anything of this app registers its own, so that it runs after: the last to come is the first to go.
atexit.register(_leave_tally)

from django.core.wsgi import get_wsgi_application  # noqa: E402

_django = get_wsgi_application()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Django's, counting the pages that came out well: also those whose visitor had gone meanwhile."""

    def counting(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        global _sent
        if status.startswith("200"):
            with _lock:
                _sent += 1
        return start_response(status, headers, exc_info)

    # All come from one machine; each says which shopper it stands for, as a proxy would.
    environ["REMOTE_ADDR"] = environ.get("HTTP_X_SHOPPER", environ["REMOTE_ADDR"])
    return _django(environ, counting)
