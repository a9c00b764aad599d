"""What this app adds to a product page of the demo: the same page with and without it, interleaved in one run.

python -m benchmarks.pages [--json] [--requests 200]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

MIDDLEWARE = "ecom_llm.capture.middleware.CaptureMiddleware"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--requests", type=int, default=200)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DATABASE_URL"] = f"sqlite:///{Path(folder) / 'bench.sqlite3'}"
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop_demo.settings")
        result = measure(arguments.requests)
    print(json.dumps(result) if arguments.json else "\n".join(f"{name}: {value}" for name, value in result.items()))


def measure(requests: int) -> dict[str, Any]:
    """Milliseconds of a product page, with the middleware and without; both pages hold the same tags."""
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command
    from django.test import Client
    from django.test.utils import override_settings

    from shop_demo.models import Product
    from shop_demo.seeding import seed_catalogue

    call_command("migrate", verbosity=0)
    seed_catalogue()
    # A product with words of its own asks for no text, so that only recording is measured.
    url = Product.objects.filter(parent=None).exclude(description="").order_by("pk")[0].get_absolute_url()
    without = [name for name in settings.MIDDLEWARE if name != MIDDLEWARE]
    milliseconds: dict[str, list[float]] = {"without": [], "with": []}
    clients: dict[str, tuple[Client, list[str]]] = {
        "without": (Client(), without),
        "with": (Client(), list(settings.MIDDLEWARE)),
    }
    for number in range(requests + 20):
        for name, (client, middleware) in clients.items():
            with override_settings(MIDDLEWARE=middleware, ALLOWED_HOSTS=["testserver"]):
                started = time.perf_counter()
                assert client.get(url).status_code == 200
            if number >= 20:
                milliseconds[name].append((time.perf_counter() - started) * 1000)
    medians = {name: statistics.median(values) for name, values in milliseconds.items()}
    return {
        "page_ms_without": round(medians["without"], 2),
        "page_ms_with": round(medians["with"], 2),
        "ratio": round(medians["with"] / medians["without"], 3),
        "requests": requests,
    }


if __name__ == "__main__":
    main()
