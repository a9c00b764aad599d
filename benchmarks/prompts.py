"""The demo shop's own description prompts, for every benchmark that generates."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def demo_shop() -> Iterator[None]:
    """The demo shop's catalogue in a scratch database of this process."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DATABASE_URL"] = f"sqlite:///{Path(folder) / 'bench.sqlite3'}"
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop_demo.settings")
        for name in ("CELERY_BROKER_URL", "REDIS_URL"):
            os.environ.pop(name, None)
        import django

        django.setup()
        from django.core.management import call_command
        from django.db import connection

        from shop_demo.seeding import seed_catalogue

        call_command("migrate", verbosity=0)
        seed_catalogue()
        try:
            yield
        finally:
            connection.close()


def read_materials(count: int) -> list[Any]:
    """Material of descriptions, spread over the catalogue; of every product that has something to say for 0."""
    from ecom_llm.catalog.registry import get_catalog
    from ecom_llm.entities import Kind, TextKey
    from ecom_llm.generate.material import gather_all

    keys = [TextKey(Kind.DESCRIPTION, product_id, "en") for product_id in get_catalog().iter_ids()]
    materials = [material for material in gather_all(keys).values() if material.is_sayable]
    return materials[:: max(len(materials) // count, 1)][:count] if count else materials


def passes(material: Any, text: str) -> bool:
    """Whether the guard lets a completion through, as it would in the shop."""
    from ecom_llm.guard.screen import is_blocked, screen

    return not is_blocked(screen(text, material.products, material.key.kind, "en", material.allowed, is_closed=True))
