"""Queues texts before anyone asks for them."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from ecom_llm.catalog.registry import get_catalog
from ecom_llm.entities import Kind, TextKey
from ecom_llm.generate.requests import request_texts
from ecom_llm.models import GenerationJob

CHUNK = 100
POLL_SECONDS = 1.0


class Command(BaseCommand):
    help = "Queues texts for products; safe to stop and start again, since what is queued or made is passed over."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("kind", choices=[Kind.DESCRIPTION.value], help="what to write")
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--product", nargs="+", metavar="ID", help="only these products")
        which.add_argument("--all", action="store_true", help="every visible product that has no words of its own")
        parser.add_argument("--language", default=settings.LANGUAGE_CODE, help="a Django language code")
        parser.add_argument("--wait", action="store_true", help="until a worker has made them")
        parser.add_argument("--force", action="store_true", help="again, though the same facts were worded before")
        parser.add_argument("--json", action="store_true", help="print the counts as JSON on the last line")

    def handle(self, *args: Any, **options: Any) -> None:
        del args
        kind, language = Kind(options["kind"]), options["language"]
        ids = options["product"] or list(undescribed_ids())
        self._refuse_unknown(options["product"] or [])
        queued = 0
        for chunk in chunks(ids):
            keys = [TextKey(kind, product_id, language) for product_id in chunk]
            queued += request_texts(keys, is_forced=options["force"])
            self.stderr.write(f"\r{queued} of {len(ids)} queued", ending="")
        self.stderr.write("")
        if options["wait"]:
            self._wait(kind, ids, language)
        if options["json"]:
            self.stdout.write(json.dumps({"asked": len(ids), "queued": queued}))
        else:
            self.stdout.write(f"{queued} texts queued; {len(ids) - queued} are made, queued or have nothing to say.")

    @staticmethod
    def _refuse_unknown(product_ids: list[str]) -> None:
        known = get_catalog().in_bulk(product_ids)
        unknown = [product_id for product_id in product_ids if product_id not in known]
        if unknown:
            raise CommandError(f"No product has the id {', '.join(map(repr, unknown))}.")

    def _wait(self, kind: Kind, ids: list[str], language: str) -> None:
        mine = set(ids)
        while left := mine.intersection(_active_subjects(kind, language)):
            self.stderr.write(f"\r{len(left)} to be written ", ending="")
            time.sleep(POLL_SECONDS)
        self.stderr.write("")


def undescribed_ids() -> Iterator[str]:
    """Ids of visible products whose shop has not described them itself."""
    catalog = get_catalog()
    for chunk in chunks(catalog.iter_ids()):
        products = catalog.in_bulk(chunk)
        yield from (item_id for item_id, item in products.items() if not catalog.facts(item).description)


def chunks(ids: Iterable[str]) -> Iterator[list[str]]:
    """Lists of at most `CHUNK` ids."""
    source = iter(ids)
    while chunk := list(islice(source, CHUNK)):
        yield chunk


def _active_subjects(kind: Kind, language: str) -> Iterator[str]:
    active = GenerationJob.objects.filter(kind=kind, language=language, state__in=GenerationJob.ACTIVE)
    return active.values_list("subject", flat=True).iterator()
