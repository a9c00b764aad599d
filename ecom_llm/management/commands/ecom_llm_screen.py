"""`manage.py ecom_llm_screen FILE`: runs the guard over texts and the facts they may rest on."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator, Mapping
from contextlib import nullcontext
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ecom_llm.catalog.field_map import as_text
from ecom_llm.entities import Fact, Kind, ProductFacts
from ecom_llm.guard.screen import is_blocked, screen, screen_content

PROGRESS_LINES = 1000


class Command(BaseCommand):
    """Reads JSON lines, writes a JSON line for each; changes nothing, so it is safe to stop and start again."""

    help = (
        'Screen JSON lines {"facts": {name: value}, "text": …} and print {"blocked": …, "findings": […]} for each. '
        "A fact named name or category is the product's own. facts may be a list, one dict for each product."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the file, the kind of text and `--json`."""
        parser.add_argument("file", help="a file of JSON lines, or - for standard input")
        parser.add_argument(
            "--kind",
            choices=list(Kind),
            help="also hold each text to the length of this kind and to whole sentences",
        )
        parser.add_argument("--language", default="en", help="language of the texts (en)")
        parser.add_argument("--json", action="store_true", help="end with one line of JSON: texts, blocked, errors")

    def handle(self, *args: Any, **options: Any) -> None:
        """Screen every line; a line that cannot be read is reported and the rest still screened."""
        del args
        counts = {"texts": 0, "blocked": 0, "errors": 0}
        kind = Kind(options["kind"]) if options["kind"] else None
        for number, line in _lines(options["file"]):
            result = _screen_line(number, line, kind, options["language"])
            counts["texts"] += 1
            counts["blocked"] += bool(result.get("blocked"))
            counts["errors"] += "error" in result
            self.stdout.write(json.dumps(result, ensure_ascii=False))
            if counts["texts"] % PROGRESS_LINES == 0 and options["verbosity"] > 0:
                self.stderr.write(f"{counts['texts']} texts, {counts['blocked']} blocked")
        if options["json"]:
            self.stdout.write(json.dumps(counts))
        if counts["errors"]:
            raise CommandError(f"{counts['errors']} of {counts['texts']} lines could not be read.")


def _lines(name: str) -> Iterator[tuple[int, str]]:
    try:
        with nullcontext(sys.stdin) if name == "-" else open(name, encoding="utf-8") as lines:
            yield from ((number, line) for number, line in enumerate(lines, 1) if line.strip())
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{name} cannot be read: {error}") from error


def _screen_line(number: int, line: str, kind: Kind | None, language: str) -> dict[str, Any]:
    try:
        products, text = _read(json.loads(line))
    except (ValueError, TypeError) as error:
        return {"line": number, "error": str(error)}
    findings = screen(text, products, kind, language) if kind else screen_content(text, products, language)
    return {"blocked": is_blocked(findings), "findings": [finding.as_dict() for finding in findings]}


def _read(row: Any) -> tuple[list[ProductFacts], str]:
    """The products and the text of a line.

    Raises:
        TypeError: the line is not of the form that `help` gives.
    """
    if not isinstance(row, Mapping) or not isinstance(row.get("text"), str):
        raise TypeError('A line must be {"facts": {name: value}, "text": "…"}.')
    given = row.get("facts", {})
    products = given if isinstance(given, list) else [given]
    if not all(isinstance(product, Mapping) for product in products):
        raise TypeError("facts must be a dict of name and value, or a list of such dicts.")
    return [_product(str(number), product.items()) for number, product in enumerate(products)], row["text"]


def _product(product_id: str, pairs: Iterable[tuple[Any, Any]]) -> ProductFacts:
    texts = {str(name): as_text(value) for name, value in pairs}
    own = {key: texts.pop(key) for name in ("name", "category") for key in list(texts) if key.lower() == name}
    lowered = {key.lower(): value for key, value in own.items()}
    return ProductFacts(
        product_id=product_id,
        name=lowered.get("name", ""),
        category=lowered.get("category", ""),
        facts=tuple(Fact(name, value) for name, value in texts.items() if value),
    )
