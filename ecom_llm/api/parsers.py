"""Reads request bodies: small, strict JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import IO, Any, NoReturn

from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from ecom_llm.api.errors import PayloadTooLarge

MAX_BODY_BYTES = 64 * 1024


class SmallJSONParser(BaseParser):
    """JSON of at most 64 KiB, by the standard: no NaN, nothing but UTF-8, no bottomless nesting."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        del media_type, parser_context
        # One byte more than is allowed tells a long body without reading all of it.
        body = stream.read(MAX_BODY_BYTES + 1)
        if len(body) > MAX_BODY_BYTES:
            raise PayloadTooLarge(f"The body is longer than {MAX_BODY_BYTES // 1024} KiB.")
        try:
            return json.loads(body.decode(), parse_constant=_refuse_constant)
        except RecursionError as error:
            raise ParseError("The JSON is nested too deeply.") from error
        except ValueError as error:
            raise ParseError(f"The body is not JSON: {error}") from error


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
